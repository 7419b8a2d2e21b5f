import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { instrument, uninstrument } from '@wombat/instrumentation'
import { engineMetricNames } from '@wombat/test-support/engine-metrics'
import {
  bytesOnDisk,
  countLogLines,
  createRegistryWithReader,
  load,
  readStats,
  smallBuffers,
  waitUntilIdle,
} from '@wombat/test-support/leveldb-load'
import { ClassicLevel } from 'classic-level'
import { afterAll, expect, test } from 'vitest'

const folders = mkdtempSync(join(tmpdir(), 'leveldb-life-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

const flushed = /Level-0 table #\d+: [1-9]\d* bytes OK/
const compacted = /Compacted \d/

/** Returns how many times the process has the store's log open: once by the engine, and once by the log follower. */
function countOpenLogs({ location }: ClassicLevel): number {
  const names = readdirSync('/proc/self/fd').map((name) => join('/proc/self/fd', name))
  return names.filter((name) => existsSync(name) && readlinkSync(name) === join(location, 'LOG')).length
}

/** Returns the size of the tables that the store wrote while it closed and then discarded. */
function discardedBytes({ location }: ClassicLevel): number {
  let bytes = 0
  for (const line of readFileSync(join(location, 'LOG'), 'utf8').split('\n')) {
    if (line.includes('Delete type=0 #')) bytes = 0
    bytes += Number(/Level-0 table #\d+: (\d+) bytes OK/.exec(line)?.[1] ?? 0)
  }
  return bytes
}

test('a store that is opened again continues its counters, however often it is read', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  let [flushes, compactions, thrownAwayBytes] = [0, 0, 0]
  for (let life = 0; life < 8; life++) {
    await db.open()
    await load(db, 15)
    if (life === 3) expect((await numbers('orders'))['db_level_files 0']).toBeTypeOf('number')
    await db.close()
    flushes += countLogLines(db, flushed)
    compactions += countLogLines(db, compacted)
    thrownAwayBytes += discardedBytes(db)
    if (life % 3 > 0) continue
    const closed = await numbers('orders')
    expect(closed).toMatchObject({ db_flush_operations_total: flushes, db_compaction_operations_total: compactions })
    expect(Object.keys(closed).filter((name) => /_level_|_bytes$|running|active/.test(name))).toEqual([])
  }
  await db.open()
  await waitUntilIdle(db)
  flushes += countLogLines(db, flushed)
  const after = await numbers('orders')
  expect(after['db_flush_operations_total']).toBe(flushes)
  const written = (after['db_flush_bytes_total'] ?? 0) + (after['db_compaction_output_bytes_total'] ?? 0)
  expect(written - thrownAwayBytes - (after['db_compaction_input_bytes_total'] ?? 0)).toBe(bytesOnDisk(db, /\.ldb$/))
  await db.close()
})

test('a store that was open before counts only new work, and the bytes it reads of older tables', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = new ClassicLevel(folder(), smallBuffers)
  await load(db, 80)
  await waitUntilIdle(db)
  const [before, linesBefore, bytesBefore] = [readStats(db), countLogLines(db, compacted), bytesOnDisk(db, /\.ldb$/)]
  instrument(db, { registry, name: 'orders' })
  await load(db, 80)
  await waitUntilIdle(db)
  const [after, stats] = [await numbers('orders'), readStats(db)]
  expect(after['db_compaction_operations_total']).toBe(countLogLines(db, compacted) - linesBefore)
  const megabytes = (after['db_compaction_input_bytes_total'] ?? 0) / 1_048_576
  expect(Math.abs(megabytes - (stats.readMegabytes - before.readMegabytes))).toBeLessThanOrEqual(stats.rows.length)
  const written = (after['db_flush_bytes_total'] ?? 0) + (after['db_compaction_output_bytes_total'] ?? 0)
  expect(bytesBefore + written - (after['db_compaction_input_bytes_total'] ?? 0)).toBe(bytesOnDisk(db, /\.ldb$/))
  await db.close()
})

test('a store with existing tables counts the bytes it reads of them from its first compaction on', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const location = folder()
  const past = new ClassicLevel(location, smallBuffers)
  await load(past, 60)
  await waitUntilIdle(past)
  await past.close()
  const bytesBefore = bytesOnDisk(past, /\.ldb$/)
  const db = instrument(new ClassicLevel(location, smallBuffers), { registry, name: 'orders' })
  await load(db, 60)
  await waitUntilIdle(db)
  const after = await numbers('orders')
  const written = (after['db_flush_bytes_total'] ?? 0) + (after['db_compaction_output_bytes_total'] ?? 0)
  expect(bytesBefore + written - (after['db_compaction_input_bytes_total'] ?? 0)).toBe(bytesOnDisk(db, /\.ldb$/))
  await db.close()
})

test('the log is followed after another process that tries to open the store has renamed it', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  await load(db, 20)
  await numbers('orders')
  for (let intruder = 0; intruder < 2; intruder++) {
    await expect(new ClassicLevel(db.location).open()).rejects.toMatchObject({ cause: { code: 'LEVEL_LOCKED' } })
    await load(db, 20)
    await numbers('orders')
  }
  const liveBytes = async (): Promise<number> => {
    const now = await numbers('orders')
    const writtenBytes = (now['db_flush_bytes_total'] ?? 0) + (now['db_compaction_output_bytes_total'] ?? 0)
    return writtenBytes - (now['db_compaction_input_bytes_total'] ?? 0)
  }
  await expect.poll(async () => (await liveBytes()) - bytesOnDisk(db, /\.ldb$/), { timeout: 10_000 }).toBe(0)
  await db.close()
})

test('two stores of one name are summed, except for the volume they share', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const stores = [folder(), folder()].map((location) =>
    instrument(new ClassicLevel(location, smallBuffers), { registry, name: 'orders' }),
  )
  await Promise.all(stores.map((db) => load(db, 20)))
  await Promise.all(stores.map(waitUntilIdle))
  const both = await numbers('orders')
  const sum = (of: (db: ClassicLevel) => number): number => stores.reduce((total, db) => total + of(db), 0)
  expect(both['db_sstable_bytes']).toBe(sum((db) => bytesOnDisk(db, /\.ldb$/)))
  expect(both['db_flush_operations_total']).toBe(sum((db) => countLogLines(db, flushed)))
  await stores[0]?.close()
  const one = await numbers('orders')
  expect(one['db_disk_capacity_bytes']).toBe(both['db_disk_capacity_bytes'])
  expect(one['db_sstable_bytes']).toBeLessThan(both['db_sstable_bytes'] ?? 0)
  await stores[1]?.close()
})

test.runIf(process.platform === 'linux')('a closed store has no open log file', async () => {
  const db = instrument(new ClassicLevel(folder()), { registry: createRegistryWithReader().registry, name: 'orders' })
  await db.put('a', '1')
  await expect.poll(() => countOpenLogs(db)).toBe(2)
  await db.close()
  await expect.poll(() => countOpenLogs(db)).toBe(0)
})

test.runIf(process.platform === 'linux')('uninstrument removes the gauges, keeps the counters and stops reading', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  await load(db, 20)
  const before = await numbers('orders')
  expect(countOpenLogs(db)).toBe(2)
  uninstrument(db)
  await load(db, 20)
  const after = await numbers('orders')
  expect(countOpenLogs(db)).toBe(1)
  expect(after['db_flush_operations_total']).toBe(before['db_flush_operations_total'])
  expect(Object.keys(after).filter((name) => /_level_|_bytes$|running|active/.test(name))).toEqual([])
  await db.close()
})

test('a sublevel and a store with a deleted folder report no engine metrics, and nothing fails', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  await using _part = instrument(db.sublevel('a'), { registry, name: 'part' })
  await load(db, 5)
  expect(Object.keys(await numbers('part')).filter((name) => engineMetricNames('leveldb').includes(name as never))).toEqual([])
  rmSync(db.location, { recursive: true })
  const after = await numbers('orders')
  expect(after['db_level_files 0']).toBeTypeOf('number')
  expect(after).not.toHaveProperty('db_total_disk_bytes')
  await db.close()
})

test('a store without references is collected, although its engine was read', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { registry, numbers } = createRegistryWithReader()
  const use = async (): Promise<WeakRef<object>> => {
    const db = instrument(new ClassicLevel(folder()), { registry, name: 'orders' })
    await db.put('a', '1')
    await numbers('orders')
    return new WeakRef(db)
  }
  const dropped = await use()
  for (let tries = 0; tries < 50 && dropped.deref() !== undefined; tries++) {
    await wait(5)
    collect()
  }
  expect(dropped.deref()).toBeUndefined()
  expect(await numbers('orders')).not.toHaveProperty('db_level_files 0')
})
