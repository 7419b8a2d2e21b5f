import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { open, type RootDatabaseOptions } from 'lmdb'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { lmdb } from '../adapters/lmdb/lmdb.ts'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { LmdbReader } from './lmdb.ts'

const folders = mkdtempSync(join(tmpdir(), 'lmdb-engine-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

function openDatabase(path = mkdtempSync(join(folders, 'db-')), options: RootDatabaseOptions = {}) {
  const registry = new MetricsRegistry()
  const db = instrument(open<string, string>(path, options), { name: 'orders', registry })
  onTestFinished(async () => {
    await nextTurn()
    // lmdb 2 throws when it is closed twice.
    if (Reflect.get(db, 'status') === 'open') await db.close()
  })
  const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  return { db, registry, path, value }
}

test('it exports the metrics of LMDB, those of the operations, and no others', async () => {
  const { db, registry } = openDatabase()
  // A database that is empty but for named ones: only then the free pages are known.
  await db.openDB<string, string>('users', {}).put('a', '1')
  await registry.collectors.collect()
  const always =
    /^db_(.*_(operations|latency|errors|entries)_.*|queue_depth|oldest_operation_age_seconds|open_iterators|oldest_iterator_age_seconds|abandoned_iterators_total|store_info)$/
  const names = registry.getAllMetrics().map(({ name }) => name)
  expect(names.filter((name) => !always.test(name)).sort()).toEqual([...(lmdb.engineMetrics['lmdb'] ?? [])].sort())
})

test('pages in use, entries and files are those of all databases with the name', async () => {
  const { db, registry, path, value } = openDatabase()
  const users = db.openDB<string, string>('users', {})
  const again = db.openDB<string, string>('users', {})
  for (let index = 0; index < 1000; index++) users.put(`key ${index}`, 'x'.repeat(500))
  await db.put('own', '1')
  expect(again.get('key 1')).toHaveLength(500)
  await registry.collectors.collect()
  expect(value('db_entries')).toBe(1001)
  const files = readdirSync(path)
  expect(files.sort()).toEqual(['data.mdb', 'lock.mdb'])
  const diskBytes = files.reduce((sum, file) => sum + statSync(join(path, file)).size, 0)
  expect(value('db_total_disk_bytes')).toBe(diskBytes)
  expect(value('db_sstable_bytes')).toBeGreaterThan(500_000)
  expect(value('db_sstable_bytes')).toBeLessThan(diskBytes)
  expect(value('db_disk_capacity_bytes')).toBe(statfsSync(path).blocks * statfsSync(path).bsize)
})

test('free pages are not in use, and stay on disk', async () => {
  const { db, registry, value } = openDatabase()
  for (let index = 0; index < 1000; index++) db.put(`key ${index}`, 'x'.repeat(500))
  await db.committed
  await registry.collectors.collect()
  const [usedBytes, diskBytes] = [value('db_sstable_bytes'), value('db_total_disk_bytes')]
  await db.clearAsync()
  await registry.collectors.collectNow()
  expect(value('db_entries')).toBe(0)
  expect(value('db_sstable_bytes')).toBeLessThan((usedBytes as number) / 100)
  expect(value('db_total_disk_bytes')).toBeGreaterThanOrEqual(diskBytes as number)
})

test('the map has its present size, and is used up to the last page that was ever written', async () => {
  const { db, registry, path, value } = openDatabase(undefined, { mapSize: 1_048_576 })
  for (let index = 0; index < 5000; index++) db.put(`key ${index}`, 'x'.repeat(500))
  await db.committed
  await registry.collectors.collect()
  const fileBytes = statSync(join(path, 'data.mdb')).size
  expect(value('db_map_used_bytes')).toBe(fileBytes)
  expect(value('db_map_used_bytes')).toBeGreaterThan(1_048_576)
  expect(value('db_map_bytes')).toBeGreaterThanOrEqual(fileBytes)
  await db.clearAsync()
  await registry.collectors.collectNow()
  expect(value('db_map_used_bytes')).toBeGreaterThanOrEqual(fileBytes)
})

test('the disk usage of a database in one file includes its lock file', async () => {
  const path = join(folders, 'single.mdb')
  const { db, registry, value } = openDatabase(path)
  await db.put('a', '1')
  await registry.collectors.collect()
  expect(value('db_total_disk_bytes')).toBe(statSync(path).size + statSync(`${path}-lock`).size)
})

test('a read transaction is an open snapshot until it is done', async () => {
  const { db, registry, value } = openDatabase()
  await db.put('a', '1')
  await registry.collectors.collect()
  expect(value('db_open_snapshots')).toBe(0)
  const transaction = (db as unknown as { useReadTransaction(): { done(): void } }).useReadTransaction()
  await registry.collectors.collectNow()
  expect(value('db_open_snapshots')).toBe(1)
  transaction.done()
  // LMDB releases the snapshot some time after its last reader is done.
  const snapshots = () => registry.collectors.collectNow().then(() => value('db_open_snapshots'))
  await expect.poll(snapshots).toBe(0)
})

test('LMDB is read while a transaction waits', async () => {
  const { db, registry, value } = openDatabase()
  await db.put('a', '1')
  await db.transaction(async () => {
    db.put('b', '2')
    await registry.collectors.collect()
    expect(value('db_entries')).toBeGreaterThanOrEqual(1)
  })
})

test('while LMDB cannot be read its metrics are absent', async () => {
  const { db, registry, value } = openDatabase(undefined, { maxReaders: 1 })
  await db.put('a', '1')
  await registry.collectors.collect()
  expect(value('db_entries')).toBe(1)
  // The snapshot before the commit takes the only slot of the reader table.
  const transaction = (db as unknown as { useReadTransaction(): { done(): void } }).useReadTransaction()
  await db.put('b', '2')
  await sleep(5)
  await registry.collectors.collectNow()
  for (const name of LmdbReader.metricNames) expect(value(name), name).toBeUndefined()
  transaction.done()
  await registry.collectors.collectNow()
  expect(value('db_entries')).toBe(2)
})

test('the reader table has its size, and the slots that a process holds', async () => {
  const { db, registry, value } = openDatabase(undefined, { maxReaders: 40 })
  await db.put('a', '1')
  await registry.collectors.collect()
  await registry.collectors.collectNow()
  expect([value('db_reader_slots'), value('db_reader_slots_used')]).toEqual([40, 1])
  const { useReadTransaction } = db as unknown as { useReadTransaction(): { done(): void } }
  const transactions: Array<{ done(): void }> = []
  for (let index = 0; index < 3; index++) {
    transactions.push(useReadTransaction.call(db))
    await db.put('a', String(index))
    // lmdb takes another snapshot in the next turn.
    await sleep(5)
  }
  await registry.collectors.collectNow()
  expect([value('db_open_snapshots'), value('db_reader_slots_used')]).toEqual([3, 3])
  for (const transaction of transactions) transaction.done()
  const used = () => registry.collectors.collectNow().then(() => [value('db_open_snapshots'), value('db_reader_slots_used')])
  await expect.poll(used).toEqual([0, 1])
  // LMDB's own number does not decrease.
  expect(db.getStats()).toMatchObject({ numReaders: expect.toSatisfy((readers: number) => readers > 1) })
})

test('a database that is closed or uninstrumented has no gauges, and collecting does not fail', async () => {
  const { db, registry, value } = openDatabase()
  const users = instrument(db.openDB<string, string>('users', {}), { name: 'users', registry })
  await users.put('a', '1')
  await registry.collectors.collect()
  // The other database is an entry of the main one.
  expect(value('db_entries')).toBe(1)
  uninstrument(users)
  const stores = () => registry.getAllMetrics().filter(({ name }) => name === 'db_entries')
  expect(stores().map(({ labels }) => labels['store'])).toEqual(['orders'])
  await db.close()
  expect(stores()).toEqual([])
  await registry.collectors.collectNow()
  expect(stores()).toEqual([])
})

test('a database is not read after its root was closed', async () => {
  const { db, registry, value } = openDatabase()
  uninstrument(db)
  const users = instrument(db.openDB<string, string>('users', {}), { name: 'users', registry })
  await users.put('a', '1')
  await registry.collectors.collect()
  expect(value('db_entries')).toBe(1)
  await db.close()
  await registry.collectors.collectNow()
  expect(value('db_entries')).toBeUndefined()
  expect(value('db_queue_depth')).toBeUndefined()
})
