import { mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sqlite } from '../../adapters/sqlite/sqlite.ts'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

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

  test('it exports the metrics of SQLite and db_store_info, and no others', async () => {
    const { database, registry, read } = measured()
    database.exec(fill)
    await read()
    const names = registry.getAllMetrics().map(({ name }) => name)
    expect(names.sort()).toEqual([...(sqlite.engineMetrics['sqlite'] ?? []), 'db_store_info'].sort())
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

  test('a database in memory has pages and no files', async () => {
    const { database, value, read } = measured({ path: ':memory:' })
    database.exec(fill)
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
    expect(value('db_total_disk_bytes')).toBeUndefined()
    expect(value('db_disk_available_bytes')).toBeUndefined()
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

  test('while another connection locks it, its metrics are absent at once, and its busy timeout is unchanged', async () => {
    const { database, path, value, read } = measured({ setUp: 'PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 4000' })
    database.exec(fill)
    const other = open(path)
    other.exec('BEGIN EXCLUSIVE')
    const startMs = performance.now()
    await read()
    expect(performance.now() - startMs).toBeLessThan(2000)
    expect(value('db_sstable_bytes')).toBeUndefined()
    other.exec('ROLLBACK')
    other.close()
    await read()
    expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
    expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 4000 })
  })

  test('a database that is closed or uninstrumented has no metrics, and collecting does not fail', async () => {
    const { database, registry, read } = measured()
    database.exec(fill)
    await read()
    database.close()
    expect(registry.getAllMetrics()).toEqual([])
    await read()
    expect(registry.getAllMetrics()).toEqual([])
    const again = measured()
    const keys = Reflect.ownKeys(again.database)
    await again.read()
    expect(uninstrument(again.database)).toBe(true)
    expect(again.registry.getAllMetrics()).toEqual([])
    expect(Reflect.ownKeys(again.database)).toHaveLength(keys.length - 1)
    again.database.close()
  })
})

test('rows as arrays and numbers as BigInt are read', async () => {
  const { DatabaseSync } = load('node:sqlite')
  const registry = new MetricsRegistry()
  const database = instrument(new DatabaseSync(':memory:', { readBigInts: true, returnArrays: true }), { registry })
  database.exec('CREATE TABLE t (k)')
  await registry.collectors.collect()
  expect(registry.getAllMetrics().find(({ name }) => name === 'db_sstable_bytes')?.value).toBe(8192)
  database.close()
})
