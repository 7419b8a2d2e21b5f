import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { afterAll } from 'vitest'
import { type DatabaseOptions, loadRocksdb, type Session } from './rocksdb.ts'

const folders: string[] = []
const databases: Session[] = []

afterAll(async () => {
  // One that could not be opened cannot be closed.
  for (const createDatabase of databases.splice(0)) await createDatabase.close({ force: true }).catch(() => {})
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-rocksdb-'))
  folders.push(folder)
  return folder
}

/** A database that nobody measures yet, closed at the end. */
export async function createDatabase(options: DatabaseOptions = {}, folder?: string): Promise<Session> {
  const made = new (loadRocksdb())(folder ?? (await temporaryFolder()), options)
  databases.push(made)
  return made
}

export interface MeasuredDatabase {
  readonly db: Session
  readonly registry: MetricsRegistry
  /** The number of one series of this store; of a histogram its count. Undefined where there is none. */
  number(metric: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** Has the engine asked, as a collection does. */
  collect(): Promise<void>
}

/** A database that is measured under the name `orders` before it opens, and is open. */
export async function openMeasuredDatabase(options: DatabaseOptions = {}, folder?: string): Promise<MeasuredDatabase> {
  const measured = measureDatabase(await createDatabase(options, folder))
  await measured.db.ready()
  return measured
}

export function measureDatabase(
  db: Session,
  registry: MetricsRegistry = new MetricsRegistry(),
  name = 'orders',
): MeasuredDatabase {
  instrument(db, { registry, name })
  return {
    db,
    registry,
    number: (metric, labels = {}) => {
      const wanted = Object.entries({ store: name, ...labels })
      const found = registry
        .getAllMetrics()
        .find((one) => one.name === metric && wanted.every(([key, value]) => one.labels[key] === value))
      return typeof found?.value === 'object' ? found.value.count : found?.value
    },
    collect: async () => {
      // What was read a moment ago is not asked for again.
      await new Promise((resolve) => setTimeout(resolve, 30))
      await registry.collectors.collect()
    },
  }
}

/** The names of the gauges that are there. */
export function gaugeNames(registry: MetricsRegistry): string[] {
  return registry.getAllMetrics().flatMap(({ name, type }) => (type === 'gauge' ? [name] : []))
}
