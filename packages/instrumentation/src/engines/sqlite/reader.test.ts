import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sqlite } from '../../adapters/sqlite/sqlite.ts'
import { instrument, uninstrument } from '../../instrument.ts'
import { operationMetrics } from '../../metrics/semconv.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { SqliteReader } from './reader.ts'

interface Database {
  exec(sql: string): unknown
  prepare(sql: string): { get(): unknown; iterate(): Iterator<unknown> }
  close(): unknown
}

const load = createRequire(import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'sqlite-engine-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Open = (path: string, options?: object) => Database

const libraries: Readonly<Record<string, () => Open>> = {
  'node:sqlite': () => {
    // Node 22 warns once that it is experimental.
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const { DatabaseSync } = load('node:sqlite')
    warned.mockRestore()
    return (path, options = {}) => new DatabaseSync(path, options)
  },
  'better-sqlite3': () => {
    const BetterSqlite = load('better-sqlite3')
    return (path, options) => new BetterSqlite(path, options)
  },
}

let files = 0

function hasNoopCheckpoint(database: Database): boolean {
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  return (version.split('.').map(Number)[1] as number) >= 51
}

describe.each(Object.keys(libraries))('%s', (library) => {
  const open = (libraries[library] as () => Open)()

  function measured({ path = join(folder, `${files++}.db`), setUp = 'PRAGMA journal_mode = WAL', options = {} } = {}) {
    const registry = new MetricsRegistry()
    const database = open(path, options)
    database.exec(setUp)
    instrument(database, { name: 'orders', registry })
    onTestFinished(() => {
      if (value('db_store_info') === 1) database.close()
    })
    const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
    const read = (): Promise<void> => registry.collectors.collectNow()
    return { database, registry, path, value, read }
  }

  const fill =
    'CREATE TABLE t (k PRIMARY KEY, v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i, randomblob(1000) FROM n'

  test('it exports the metrics of SQLite, of its statements and operations, and no others', async () => {
    const { database, registry, read } = measured()
    database.exec(fill)
    await read()
    const names = new Set(registry.getAllMetrics().map(({ name }) => name))
    const operationNames = sqlite.operations.flatMap((operation) => Object.values(operationMetrics(operation)))
    const others = [
      'db_store_info',
      'db_queue_depth',
      'db_oldest_operation_age_seconds',
      'db_open_iterators',
      'db_oldest_iterator_age_seconds',
      'db_abandoned_iterators_total',
    ]
    const entries = ['db_batch_entries_total', 'db_scan_entries_total']
    const engineNames = (sqlite.engineMetrics['sqlite'] ?? []).filter(
      (name) => name !== 'db_wal_checkpointed_bytes' || hasNoopCheckpoint(database),
    )
    expect([...names].sort()).toEqual([...engineNames, ...operationNames, ...others, ...entries].sort())
  })

  test('pages in use and free pages add up to the file; the write-ahead log is separate', async () => {
    const { database, path, value, read } = measured()
    database.exec(fill)
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    await read()
    expect(value('db_free_bytes')).toBe(0)
    expect(value('db_sstable_bytes')).toBe(statSync(path).size)
    expect(value('db_wal_bytes')).toBe(statSync(`${path}-wal`).size)
    expect(value('db_total_disk_bytes')).toBe(['', '-wal', '-shm'].reduce((sum, end) => sum + statSync(path + end).size, 0))
    expect(value('db_disk_capacity_bytes')).toBe(statfsSync(folder).blocks * statfsSync(folder).bsize)
    database.exec('DELETE FROM t WHERE k > 100')
    await read()
    expect(value('db_free_bytes')).toBeGreaterThan(300_000)
    expect((value('db_free_bytes') as number) + (value('db_sstable_bytes') as number)).toBe(statSync(path).size)
    database.exec('VACUUM')
    await read()
    expect(value('db_free_bytes')).toBe(0)
  })

  test('without a write-ahead log its size is absent', async () => {
    const { database, value, read } = measured({ setUp: 'PRAGMA journal_mode = DELETE' })
    database.exec(fill)
    await read()
    expect(value('db_wal_bytes')).toBeUndefined()
    expect(value('db_sstable_bytes')).toBe(value('db_total_disk_bytes'))
  })

  test('the part of the write-ahead log that is in the database grows at a checkpoint, to all of it', async () => {
    const { database, value, read } = measured({ setUp: 'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0' })
    database.exec(fill)
    await read()
    const canRead = hasNoopCheckpoint(database)
    expect(value('db_wal_checkpointed_bytes')).toBe(canRead ? 0 : undefined)
    expect(value('db_wal_bytes')).toBeGreaterThan(500_000)
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    await read()
    // Without the header of the file.
    expect(value('db_wal_checkpointed_bytes')).toBe(canRead ? (value('db_wal_bytes') as number) - 32 : undefined)
  })

  test('collecting changes neither the files nor what is in the log, and checkpoints nothing', async () => {
    const { database, path, read } = measured({ setUp: 'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0' })
    database.exec(fill)
    const bytes = () => [path, `${path}-wal`].map((file) => readFileSync(file))
    const before = bytes()
    await read()
    expect(bytes()).toEqual(before)
  })

  test('a database in memory has no metrics of files and pages', async () => {
    const { database, value, read } = measured({ path: ':memory:' })
    database.exec(fill)
    await read()
    expect(value('db_store_info')).toBe(1)
    for (const name of SqliteReader.metricNames) expect(value(name), name).toBeUndefined()
  })

  test('it is read in a transaction, and while rows are iterated', async () => {
    const { database, value, read } = measured()
    database.exec(fill)
    database.exec('BEGIN')
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
    database.exec('COMMIT')
    const rows = database.prepare('SELECT * FROM t').iterate()
    rows.next()
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
    rows.return?.()
  })

  test('while another connection locks it, the metrics of its pages are absent at once, and counted as one failure', async () => {
    const { database, registry, path, value, read } = measured({
      setUp: 'PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 4000',
    })
    database.exec(fill)
    const warnings: string[] = []
    registry.warn = (message) => warnings.push(message)
    const other = open(path)
    other.exec('BEGIN EXCLUSIVE')
    const startMs = performance.now()
    await read()
    await read()
    expect(performance.now() - startMs).toBeLessThan(2000)
    expect([value('db_sstable_bytes'), value('db_total_disk_bytes')]).toEqual([undefined, statSync(path).size])
    expect(value('wombat_monitor_source_failures_total')).toBe(2)
    expect(warnings).toHaveLength(1)
    other.exec('ROLLBACK')
    other.close()
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
    expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 4000 })
  })

  test("while the application's own transaction locks it, nothing has failed", async () => {
    const { database, value, read } = measured({ setUp: 'PRAGMA journal_mode = DELETE' })
    database.exec(fill)
    database.exec('BEGIN EXCLUSIVE')
    await read()
    expect([value('db_sstable_bytes'), value('wombat_monitor_source_failures_total')]).toEqual([undefined, undefined])
    database.exec('COMMIT')
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
  })

  test('a file that is no database, or is encrypted, has file sizes, and is a failure once', async () => {
    const path = join(folder, `${files++}.db`)
    writeFileSync(path, 'x'.repeat(5000))
    const { value, read } = measured({ path, setUp: '' })
    await read()
    await read()
    expect([value('db_total_disk_bytes'), value('db_sstable_bytes')]).toEqual([5000, undefined])
    expect(value('wombat_monitor_source_failures_total')).toBe(1)
  })

  test('the locks of the application stay: closing the connection that reads releases none of them', async () => {
    const { database, path, read } = measured({ setUp: 'PRAGMA journal_mode = DELETE' })
    database.exec(fill)
    database.exec('BEGIN IMMEDIATE')
    await read()
    // POSIX locks are those of a process: another process must still see them.
    const script = `const { DatabaseSync } = require('node:sqlite')
      const other = new DatabaseSync(${JSON.stringify(path)})
      try { other.exec('BEGIN IMMEDIATE'); console.log('free') } catch (error) { console.log(error.errcode) }`
    const child = () => execFileSync(process.execPath, ['--no-warnings', '-e', script], { encoding: 'utf8' }).trim()
    expect(child()).toBe('5')
    database.exec('COMMIT')
    expect(child()).toBe('free')
  })

  test('a database that is closed or uninstrumented has no metrics, and collecting does not fail', async () => {
    const { database, registry, read } = measured()
    database.exec(fill)
    await read()
    const gaugesOf = (one: MetricsRegistry) => one.getAllMetrics().filter(({ type }) => type === 'gauge')
    database.close()
    expect(gaugesOf(registry)).toEqual([])
    await read()
    expect(gaugesOf(registry)).toEqual([])
    const again = measured()
    await again.read()
    expect(uninstrument(again.database)).toBe(true)
    expect(gaugesOf(again.registry)).toEqual([])
    again.database.close()
  })
})

test('a subclass of the application is not constructed again, and a link is followed', async () => {
  const { DatabaseSync } = load('node:sqlite')
  let constructed = 0
  class Own extends DatabaseSync {
    constructor(path: string) {
      super(path, { readBigInts: true, returnArrays: true })
      constructed++
    }
  }
  const path = join(folder, `${files++}.db`)
  symlinkSync(path, `${path}-link`)
  const registry = new MetricsRegistry()
  const database = instrument(new Own(`${path}-link`) as unknown as Database, { registry })
  database.exec('CREATE TABLE t (k)')
  await registry.collectors.collect()
  expect(registry.getAllMetrics().find(({ name }) => name === 'db_sstable_bytes')?.value).toBe(8192)
  expect(constructed).toBe(1)
  database.close()
})
