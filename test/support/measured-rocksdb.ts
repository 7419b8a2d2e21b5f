import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { afterAll } from 'vitest'
import { type DatabaseOptions, loadRocksdb, type Session } from './rocksdb.ts'

const folders: string[] = []
const databases: Session[] = []

afterAll(async () => {
  // A database that failed to open cannot be closed.
  for (const createDatabase of databases.splice(0)) await createDatabase.close({ force: true }).catch(() => {})
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** Creates a folder that is removed after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-rocksdb-'))
  folders.push(folder)
  return folder
}

/** Creates a database that is not measured yet. It is closed after the tests of the file. */
export async function createDatabase(options: DatabaseOptions = {}, folder?: string): Promise<Session> {
  const made = new (loadRocksdb())(folder ?? (await temporaryFolder()), options)
  databases.push(made)
  return made
}

export interface MeasuredDatabase {
  readonly db: Session
  readonly registry: MetricsRegistry
  /** Returns the value of one series of this store, the count if it is a histogram; undefined if there is no such series. */
  number(metric: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** Reads the values of the engine, as a collection does. */
  collect(): Promise<void>
}

/** Creates a database, measures it as `orders`, and opens it. */
export async function openMeasuredDatabase(options: DatabaseOptions = {}, folder?: string): Promise<MeasuredDatabase> {
  const measured = measureDatabase(await createDatabase(options, folder))
  await measured.db.ready()
  return measured
}

/** Measures a database in a registry under a store name. */
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
      // Engines are read at most once in 20 ms.
      await new Promise((resolve) => setTimeout(resolve, 30))
      await registry.collectors.collect()
    },
  }
}

/** Returns the names of all gauges that have a value. */
export function gaugeNames(registry: MetricsRegistry): string[] {
  return registry.getAllMetrics().flatMap(({ name, type }) => (type === 'gauge' ? [name] : []))
}
