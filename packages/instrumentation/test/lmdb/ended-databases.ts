// A database ends in one of many ways, LMDB gives its slot to another one, and the store is collected and probed all the same. The
// process must live, and nothing of another database may be read or written.
//
// node ended-databases.ts <lmdb or lmdb2> <import or require> prints what was seen for each way as JSON.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type * as Lmdb from 'lmdb'
import { instrument } from '../../src/instrument.ts'
import { MetricsRegistry } from '../../src/registry/registry.ts'

type Root = Lmdb.RootDatabase<unknown, string>
type Child = Lmdb.Database<unknown, string>

interface Databases {
  readonly path: string
  readonly root: Root
  /** A handle of the database `sessions`, and another one. */
  readonly child: Child
  readonly other: Child
}

/** What a scrape and a health check see. */
export interface Seen {
  readonly state: string | undefined
  readonly entries: number | undefined
}

/** What was seen when the root or the child is measured. */
export interface Course {
  readonly before: Seen
  readonly ended: Seen
  /** After another database was opened, and got three entries. */
  readonly replaced: Seen
  readonly closed: Seen
  /** Every key that the other database had, with a probe after each write to it. */
  readonly otherKeys: readonly string[]
  readonly probeErrors: readonly string[]
}

const [packageName = 'lmdb', build = 'import'] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const lmdb: typeof Lmdb = build === 'import' ? await import(packageName) : require(packageName)

/** Drops the database, in another thread or process. */
const droppingProgram = (path: string): string => `
  const { open } = require(${JSON.stringify(require.resolve(packageName))})
  const root = open({ path: ${JSON.stringify(path)} })
  root.openDB('sessions', {}).dropSync()
  root.close()
`

/** How the database ends. */
const ends: Readonly<Record<string, (databases: Databases) => unknown>> = {
  drop: ({ child }) => child.drop(),
  dropSync: ({ child }) => child.dropSync(),
  deleteDB: ({ child }) => Reflect.get(child, 'deleteDB').call(child),
  'drop of another handle': ({ other }) => other.drop(),
  'dropSync of another handle': ({ other }) => other.dropSync(),
  'dropSync through another root': ({ path }) => {
    const root = lmdb.open({ path })
    root.openDB('sessions', {}).dropSync()
    return root.close()
  },
  'drop in a transaction': ({ root, child }) => root.transaction(() => child.dropSync()),
  'drop in an aborted transaction': ({ root, child }) =>
    root.transactionSync(() => {
      child.dropSync()
      return lmdb.ABORT
    }),
  close: ({ child }) => child.close(),
  'close of another handle': ({ other }) => other.close(),
  'drop by a worker thread': ({ path }) => once(new Worker(droppingProgram(path), { eval: true }), 'exit'),
  'drop by another process': ({ path }) => execFileSync(process.execPath, ['--eval', droppingProgram(path)]),
  'dropSync of the root': ({ root }) => root.dropSync(),
  // It remains.
  'close of another root': ({ path }) => lmdb.open({ path }).close(),
}

const folders = mkdtempSync(join(tmpdir(), 'lmdb-ended-'))
process.on('exit', () => rmSync(folders, { recursive: true, force: true }))
console.warn = () => {}

/** Returns a function that does what a scrape and a health check do. */
function createObserver(registry: MetricsRegistry, probeErrors: string[]): () => Promise<Seen> {
  return async () => {
    await registry.collectors.collectNow()
    const [store] = registry.stores.list()
    const probe = store?.probe()
    for (const step of [probe?.write?.('probe key', 'a'), probe?.read('probe key'), probe?.remove?.('probe key')]) {
      await step?.catch((error: Error) => probeErrors.push(error.message))
    }
    const entries = registry.getAllMetrics().find(({ name }) => name === 'db_entries')?.value
    return { state: store?.state(), entries: entries as number | undefined }
  }
}

async function runEnd(end: (databases: Databases) => unknown, measured: 'root' | 'child'): Promise<Course> {
  const path = mkdtempSync(join(folders, 'db-'))
  const registry = new MetricsRegistry()
  const probeErrors: string[] = []
  const look = createObserver(registry, probeErrors)
  const root: Root = lmdb.open({ path })
  if (measured === 'root') instrument(root, { name: 'shop', registry })
  const child: Child = root.openDB('sessions', {})
  const other: Child = root.openDB('sessions', {})
  if (measured === 'child') instrument(child, { name: 'sessions', registry })
  for (let index = 0; index < 51; index++) child.put(`session ${index}`, index)
  await child.committed
  const before = await look()
  await end({ path, root, child, other })
  const ended = await look()
  const orders: Child = root.openDB('orders', {})
  const otherKeys = new Set<string>()
  for (let index = 0; index < 3; index++) {
    await orders.put(`order ${index}`, index)
    const looking = look()
    for (let turn = 0; turn < 5; turn++) {
      await sleep(1)
      for (const key of orders.getKeys()) otherKeys.add(key)
    }
    await looking
  }
  const replaced = await look()
  await root.close()
  return { before, ended, replaced, closed: await look(), otherKeys: [...otherKeys], probeErrors }
}

/** A transaction that opened the database is aborted. */
async function abortOpening(): Promise<Seen[]> {
  const registry = new MetricsRegistry()
  const look = createObserver(registry, [])
  const root: Root = lmdb.open({ path: mkdtempSync(join(folders, 'db-')) })
  await root.put('a', 1)
  const seen: Seen[] = []
  const began = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  const opening: unknown = root.transactionSync(async () => {
    instrument(root.openDB('sessions', {}), { name: 'sessions', registry }).put('session', 1)
    began.resolve()
    await resumed.promise
    return lmdb.ABORT
  })
  await began.promise
  seen.push(await look())
  resumed.resolve()
  await opening
  seen.push(await look())
  const orders: Child = root.openDB('orders', {})
  await orders.put('order', 1)
  seen.push(await look())
  await root.close()
  return seen
}

/** The root, which is not measured, is closed while its writes are pending: what is seen until it is. */
async function closeWithPendingWrites(): Promise<{ states: Array<string | undefined>; written: number }> {
  const path = mkdtempSync(join(folders, 'db-'))
  const registry = new MetricsRegistry()
  const look = createObserver(registry, [])
  const root: Root = lmdb.open({ path })
  const child: Child = instrument(root.openDB('sessions', {}), { name: 'sessions', registry })
  await child.put('session', 1)
  const states = [(await look()).state]
  for (let index = 0; index < 20_000; index++) root.put(`order ${index}`, 'x'.repeat(500))
  let isClosed = false
  const closed = root.close().then(() => {
    isClosed = true
  })
  while (!isClosed) {
    states.push((await look()).state)
    await sleep(0)
  }
  await closed
  const again: Root = lmdb.open({ path })
  const written = again.getKeysCount({ start: 'order ' })
  await again.close()
  return { states: [...new Set(states)], written }
}

const courses: Record<string, Record<string, Course>> = {}
for (const [how, end] of Object.entries(ends)) {
  // If the process ends here, its parent reports it.
  process.stderr.write(`${how}\n`)
  courses[how] = { root: await runEnd(end, 'root'), child: await runEnd(end, 'child') }
}
process.stderr.write('aborted opening\n')
const aborted = await abortOpening()
process.stderr.write('closing\n')
const closing = await closeWithPendingWrites()
process.stdout.write(JSON.stringify({ courses, aborted, closing }))
