import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument } from '@wombat/instrumentation'
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
import { MemoryLevel } from 'memory-level'
import { afterAll, expect, test } from 'vitest'

const folders = mkdtempSync(join(tmpdir(), 'leveldb-truth-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

const mebibyte = 1_048_576

/** Compares every value of an idle store with LevelDB's own statistics and with the files on disk. */
function expectEngineValues(numbers: Readonly<Record<string, number>>, db: ClassicLevel): void {
  const stats = readStats(db)
  // Each row is rounded separately.
  const within = stats.rows.length / 2 + 0.01
  const near = (name: string, megabytes: number): void =>
    expect(Math.abs((numbers[name] ?? Number.NaN) / mebibyte - megabytes), `${name} of ${megabytes} MB`).toBeLessThanOrEqual(
      within,
    )

  for (let level = 0; level < 7; level++) {
    expect(numbers[`db_level_files ${level}`]).toBe(Number(db.getProperty(`leveldb.num-files-at-level${level}`)))
    const row = stats.rows.find(([number]) => number === level)
    expect(Math.abs((numbers[`db_level_bytes ${level}`] ?? Number.NaN) / mebibyte - (row?.[2] ?? 0))).toBeLessThanOrEqual(0.51)
  }
  near('db_sstable_bytes', stats.megabytes)
  expect(numbers['db_sstable_bytes']).toBe(bytesOnDisk(db, /\.ldb$/))
  expect(numbers['db_total_disk_bytes']).toBe(bytesOnDisk(db, /./))
  expect(numbers['db_wal_bytes']).toBe(bytesOnDisk(db, /\.log$/))
  expect(numbers['db_total_memory_bytes']).toBe(Number(db.getProperty('leveldb.approximate-memory-usage')))

  near('db_compaction_input_bytes_total', stats.readMegabytes)
  const writtenBytes = (numbers['db_compaction_output_bytes_total'] ?? 0) + (numbers['db_flush_bytes_total'] ?? 0)
  expect(Math.abs(writtenBytes / mebibyte - stats.writtenMegabytes)).toBeLessThanOrEqual(within)
  const seconds = (numbers['db_compaction_duration_seconds sum'] ?? 0) + (numbers['db_flush_duration_seconds sum'] ?? 0)
  expect(Math.abs(seconds - stats.seconds)).toBeLessThanOrEqual(within)

  const compactions = countLogLines(db, /Compacted \d/)
  expect(numbers['db_compaction_operations_total']).toBe(compactions)
  expect(numbers['db_compaction_duration_seconds']).toBe(compactions)
  expect(numbers['db_compaction_write_amplification']).toBe(compactions)
  expect(numbers['db_compaction_output_files_total']).toBe(countLogLines(db, /Generated table/))
  expect(numbers['db_flush_operations_total']).toBe(countLogLines(db, /Level-0 table #\d+: [1-9]\d* bytes OK/))
  // Every existing table was written and has not been compacted.
  const made = (numbers['db_flush_operations_total'] ?? 0) + (numbers['db_compaction_output_files_total'] ?? 0)
  expect(made - (numbers['db_compaction_input_files_total'] ?? 0)).toBe(stats.files)
  const left = writtenBytes - (numbers['db_compaction_input_bytes_total'] ?? 0)
  expect(left).toBe(numbers['db_sstable_bytes'])
}

function metricNames(numbers: Readonly<Record<string, number>>): Set<string> {
  return new Set(Object.keys(numbers).map((name) => name.split(' ')[0] ?? ''))
}

test('a store under load has exactly the published metrics, with correct values', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const memory = instrument(new MemoryLevel(), { registry, name: 'no engine' })
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  const before = await numbers('orders')
  expect(before['db_flush_operations_total']).toBe(0)
  const seconds = await load(db, 300)
  await waitUntilIdle(db)
  const after = await numbers('orders')
  const ofMemory: readonly string[] = engineMetricNames('memory')
  const others = new Set([...metricNames(await numbers('no engine'))].filter((name) => !ofMemory.includes(name)))
  const ofEngine = [...metricNames(after)].filter((name) => !others.has(name))
  expect(ofEngine.sort()).toEqual([...engineMetricNames('leveldb')].sort())

  expect(after['db_compaction_operations_total']).toBeGreaterThan(10)
  expectEngineValues(after, db)
  expect(after).toMatchObject({ db_background_errors_total: 0, db_compactions_running: 0 })
  expect(after['db_disk_available_bytes']).toBeLessThanOrEqual(after['db_disk_capacity_bytes'] ?? 0)

  // Every stall is part of a batch.
  const stalled = (after['db_write_stall_seconds_total memtable'] ?? 0) + (after['db_write_stall_seconds_total level0'] ?? 0)
  const stalls = (after['db_write_stalls_total memtable'] ?? 0) + (after['db_write_stalls_total level0'] ?? 0)
  expect(stalls).toBeGreaterThan(0)
  expect(stalled).toBeGreaterThan(0)
  expect(stalled).toBeLessThan(seconds.reduce((sum, each) => sum + each))
  await Promise.all([db.close(), memory.close()])
})

test('the values of two stores are independent', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const [first, second] = ['first', 'second'].map((name) =>
    instrument(new ClassicLevel(folder(), smallBuffers), { registry, name }),
  )
  if (first === undefined || second === undefined) throw new Error('expected two stores')
  await Promise.all([load(first, 150), load(second, 60).then(() => numbers('first'))])
  await second.compactRange('0', '9')
  await Promise.all([waitUntilIdle(first), waitUntilIdle(second)])
  expectEngineValues(await numbers('first'), first)
  expectEngineValues(await numbers('second'), second)
  await Promise.all([first.close(), second.close()])
})

test('an iterator that holds tables delays compaction input bytes, and none are lost', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  await load(db, 60)
  const iterator = db.keys()
  await iterator.next()
  await load(db, 100)
  await waitUntilIdle(db)
  const meanwhile = await numbers('orders')
  expect(meanwhile['db_compaction_write_amplification']).toBeLessThan(meanwhile['db_compaction_operations_total'] ?? 0)
  await iterator.close()
  await db.compactRange('0', '9')
  await waitUntilIdle(db)
  const after = await numbers('orders')
  const written = (after['db_flush_bytes_total'] ?? 0) + (after['db_compaction_output_bytes_total'] ?? 0)
  expect(written - (after['db_compaction_input_bytes_total'] ?? 0)).toBe(bytesOnDisk(db, /\.ldb$/))
  await db.close()
})

test('an active stall is reported while it lasts', async () => {
  const { registry, numbers } = createRegistryWithReader()
  const db = instrument(new ClassicLevel(folder(), smallBuffers), { registry, name: 'orders' })
  let [longest, isOver] = [0, false]
  const loaded = load(db, 200).then(() => {
    isOver = true
  })
  while (!isOver) {
    const now = await numbers('orders')
    longest = Math.max(
      longest,
      now['db_write_stall_active_seconds level0'] ?? 0,
      now['db_write_stall_active_seconds memtable'] ?? 0,
    )
  }
  await loaded
  await waitUntilIdle(db)
  expect(longest).toBeGreaterThan(0)
  expect(longest).toBeLessThan(10)
  expect(await numbers('orders')).toMatchObject({
    'db_write_stall_active_seconds level0': 0,
    'db_write_stall_active_seconds memtable': 0,
  })
  await db.close()
})
