import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineMetricNames } from '@wombat/test-support/engine-metrics'
import {
  createDatabase,
  type MeasuredDatabase,
  measureDatabase,
  openMeasuredDatabase,
} from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import {
  countLogLines,
  keyAt,
  load,
  measureFiles,
  smallMemtables,
  statistic,
  waitUntilIdle,
} from '@wombat/test-support/rocksdb-load'
import { beforeAll, describe, expect, test } from 'vitest'

const others = ['operations_total', 'latency_seconds', 'errors_total', 'entries_total']
const ofOperations = new Set([
  ...['get', 'set', 'delete', 'batch', 'scan', 'clear', 'get_many'].flatMap((verb) => others.map((what) => `db_${verb}_${what}`)),
  'db_store_info',
  'db_queue_depth',
  'db_oldest_operation_age_seconds',
  'db_open_iterators',
  'db_oldest_iterator_age_seconds',
  'db_abandoned_iterators_total',
])

// After a load with small memtables and deletes: about sixty flushes and a dozen compactions, all completed.
describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('what a loaded engine reports'), () => {
  let orders: MeasuredDatabase

  const readSum = (metric: string): number => {
    const found = orders.registry.getAllMetrics().find(({ name }) => name === metric)?.value
    return typeof found === 'object' ? found.sum : Number.NaN
  }

  /** Returns numbers from the human-readable lines of the engine's log. The adapter reads the machine-readable ones. */
  const inLog = async (pattern: RegExp): Promise<number[]> => {
    const text = await readFile(join(orders.db.path, 'LOG'), 'utf8')
    return [...text.matchAll(pattern)].flatMap(([, ...groups]) => groups.map((group) => Number(group ?? 0)))
  }
  const sumInLog = async (pattern: RegExp): Promise<number> => (await inLog(pattern)).reduce((sum, value) => sum + value, 0)

  beforeAll(async () => {
    orders = await openMeasuredDatabase(smallMemtables)
    await load(orders.db)
    await waitUntilIdle(orders.db)
    await orders.collect()
  })

  test('is exactly the published metrics', () => {
    const shown = new Set(orders.registry.getAllMetrics().map(({ name }) => name))
    const expected = engineMetricNames('rocksdb').filter(
      (name) => process.platform === 'linux' || name !== 'db_background_cpu_seconds_total',
    )
    expect([...shown].filter((name) => !ofOperations.has(name)).sort()).toEqual([...expected].sort())
  })

  test('of flushes matches its statistics, within a few hundred bytes per flush', async () => {
    const flushes = await statistic(orders.db, 'db.flush.micros')
    expect(flushes.count).toBeGreaterThan(20)
    expect(orders.number('db_flush_operations_total')).toBe(flushes.count)
    expect(orders.number('db_flush_duration_seconds')).toBe(flushes.count)
    // The measured flush ends when its memtable is freed.
    expect(readSum('db_flush_duration_seconds')).toBeGreaterThan(0.95 * (flushes.sum / 1e6))
    const { count: bytes } = await statistic(orders.db, 'flush.write.bytes')
    expect(orders.number('db_flush_bytes_total')).toBeLessThanOrEqual(bytes)
    expect(orders.number('db_flush_bytes_total')).toBeGreaterThan(0.99 * bytes)
  })

  test('of compactions matches its statistics: time and CPU time to the microsecond, files exactly, bytes within one percent', async () => {
    const { db, number } = orders
    const compactions = await statistic(db, 'compaction.times.micros')
    expect(compactions.count).toBeGreaterThan(3)
    expect(number('db_compaction_operations_total')).toBe(compactions.count)
    expect(number('db_compaction_duration_seconds')).toBe(compactions.count)
    expect(number('db_compaction_write_amplification')).toBe(compactions.count)
    expect(readSum('db_compaction_duration_seconds')).toBeCloseTo(compactions.sum / 1e6, 6)
    const cpu = await statistic(db, 'compaction.total.time.cpu_micros')
    expect(number('db_compaction_cpu_seconds_total')).toBeCloseTo(cpu.count / 1e6, 6)

    expect(number('db_compaction_input_files_total')).toBe(await sumInLog(/Compacting (\d+)@\d+(?: \+ (\d+)@\d+)* files/g))
    expect(number('db_compaction_output_files_total')).toBe(await countLogLines(db.path, /\[JOB \d+\] Generated table #/))
    const read = (await statistic(db, 'compact.read.bytes')).count
    const written = (await statistic(db, 'compact.write.bytes')).count
    expect((number('db_compaction_input_bytes_total') ?? 0) / read).toBeCloseTo(1, 1)
    expect((number('db_compaction_output_bytes_total') ?? 0) / written).toBeCloseTo(1, 2)
  })

  test('of stalls matches the warnings in its log, and is not longer than the writers waited', async () => {
    const { db, number } = orders
    const warnings = await countLogLines(db.path, /(?:Stopping|Stalling) writes because we have \d+ immutable memtables/)
    expect(warnings).toBeGreaterThan(0)
    expect(number('db_write_stalls_total', { cause: 'memtable' })).toBe(warnings)
    for (const cause of ['level0', 'pending_compaction', 'write_buffer'])
      expect(number('db_write_stalls_total', { cause })).toBe(0)
    const waited = ['batch', 'delete', 'clear'].reduce((sum, verb) => sum + readSum(`db_${verb}_latency_seconds`), 0)
    expect(number('db_write_stall_seconds_total')).toBeGreaterThan(0)
    expect(number('db_write_stall_seconds_total')).toBeLessThanOrEqual(waited)
  })

  test('of its files matches the folder', async () => {
    const { db, number, registry } = orders
    const tables = await measureFiles(db.path, '.sst')
    expect(tables.count).toBeGreaterThan(1)
    expect(number('db_sstable_bytes')).toBe(tables.bytes)
    const ofLevels = (metric: string): number =>
      registry.getAllMetrics().reduce((sum, { name, value }) => (name === metric ? sum + Number(value) : sum), 0)
    expect(ofLevels('db_level_bytes')).toBe(tables.bytes)
    expect(ofLevels('db_level_files')).toBe(tables.count)
    expect(number('db_value_log_bytes')).toBe((await measureFiles(db.path, '.blob')).bytes)
    expect(number('db_value_log_bytes')).toBeGreaterThan(0)
    // The engine writes to its LOG in the background.
    await orders.collect()
    expect((number('db_total_disk_bytes') ?? 0) / (await measureFiles(db.path)).bytes).toBeCloseTo(1, 2)
    const volume = await statfs(db.path)
    expect(number('db_disk_capacity_bytes')).toBe(volume.blocks * volume.bsize)
    expect((number('db_disk_available_bytes') ?? 0) / (volume.bavail * volume.bsize)).toBeCloseTo(1, 1)
  })

  test('of the write-ahead log matches the bytes written since the last flush', async () => {
    const { db, number } = orders
    for (let n = 0; n < 20; n++) await db.put(keyAt(n), 'x'.repeat(1000))
    await orders.collect()
    expect(number('db_wal_bytes')).toBe((await measureFiles(db.path, '.log')).bytes)
    expect(number('db_wal_bytes')).toBeGreaterThan(20_000)
    expect(number('db_memtable_bytes')).toBeGreaterThan(20_000)
    await db.flush()
    await orders.collect()
    expect(number('db_memtable_bytes')).toBeLessThan(20_000)
  })

  test('of memory is the sum over column families, and the sum of its parts', async () => {
    const { db, number } = orders
    let memtables = 0
    for (const session of [db, db.columnFamily('other')]) {
      memtables += Number(await session.getProperty('rocksdb.size-all-mem-tables'))
    }
    expect(number('db_memtable_bytes')).toBe(memtables)
    const parts = ['memtable', 'cache', 'buffer'].map((part) => number(`db_${part}_bytes`) ?? Number.NaN)
    expect(number('db_total_memory_bytes')).toBe(parts.reduce((sum, part) => sum + part))
    expect(number('db_immutable_memtables')).toBe(0)
    expect(number('db_compactions_running')).toBe(0)
    expect(number('db_compaction_pending_bytes')).toBe(0)
    expect(number('db_background_errors_total')).toBe(0)
  })

  test('of cache and filters matches the lookups', async () => {
    const { db, number } = orders
    await waitUntilIdle(db)
    const present: Buffer[] = []
    for await (const key of db.keys({ gte: keyAt(300), limit: 100 })) present.push(key)
    await orders.collect()
    const before = (metric: string): (() => number) => {
      const value = number(metric) ?? Number.NaN
      return () => (number(metric) ?? Number.NaN) - value
    }
    const [useful, wrong] = [before('db_bloom_filter_useful_total'), before('db_bloom_filter_false_positives_total')]
    // One table for all keys: the filter prevents each lookup of a missing key, or has a false positive.
    for (let n = 300; n < 800; n++) expect(await db.get(`${keyAt(n)}x`)).toBeNull()
    for (const key of present) expect(await db.get(key)).not.toBeNull()
    await orders.collect()
    expect(useful() + wrong()).toBe(500)
    expect(wrong()).toBeLessThan(50)

    const [hits, misses] = [before('db_cache_hits_total'), before('db_cache_misses_total')]
    for (const key of present) await db.get(key)
    await orders.collect()
    expect(hits()).toBeGreaterThanOrEqual(100)
    expect(misses()).toBe(0)
  })

  test('of snapshots is the number of open ones', async () => {
    const { db, number } = orders
    const snapshots = [db.snapshot(), db.columnFamily('other').snapshot()]
    await orders.collect()
    expect(number('db_open_snapshots')).toBe(2)
    // The engine reports whole seconds.
    expect(number('db_oldest_snapshot_age_seconds')).toBeLessThan(5)
    await sleep(1200)
    await orders.collect()
    expect(number('db_oldest_snapshot_age_seconds')).toBeGreaterThan(1.1)
    for (const snapshot of snapshots) await snapshot.close()
    await orders.collect()
    expect([number('db_open_snapshots'), number('db_oldest_snapshot_age_seconds')]).toEqual([0, 0])
  })

  test('of entries and live data is close to the content after a compaction, and space amplification follows', async () => {
    const db = await createDatabase({ enableStatistics: true, statsLevel: 5 })
    const { number, collect } = measureDatabase(db)
    for (let round = 0; round < 3; round++) {
      const batch = db.write()
      for (let n = 0; n < 2000; n++) batch.tryPut(keyAt(n), 'x'.repeat(500))
      await batch.flush()
      batch.destroy()
      await db.flush()
    }
    await collect()
    const before = (number('db_sstable_bytes') ?? 0) / (number('db_live_data_bytes') ?? 1)
    expect(before).toBeGreaterThan(1.4)
    await db.compactRange()
    await collect()
    expect(number('db_entries')).toBe(2000)
    expect((number('db_sstable_bytes') ?? 0) / (number('db_live_data_bytes') ?? 1)).toBeLessThan(1.1)
    expect(number('db_live_versions')).toBeGreaterThanOrEqual(1)
  })

  test('of reads and writes is what was read and written', async () => {
    const db = await createDatabase({ enableStatistics: true, statsLevel: 5 })
    const { number, collect } = measureDatabase(db)
    for (let n = 0; n < 50; n++) await db.put(keyAt(n), 'x'.repeat(100))
    await collect()
    const counts = () =>
      ['memtable_hits', 'memtable_misses', 'read_bytes', 'written_bytes'].map((name) => number(`db_${name}_total`))
    const [hits = 0, misses = 0, read = 0, written = 0] = counts() as number[]
    expect(written).toBeGreaterThan(50 * 100)
    for (let n = 0; n < 50; n++) await db.get(keyAt(n))
    for (let n = 0; n < 7; n++) await db.get(`missing ${n}`)
    await collect()
    expect(counts()).toEqual([hits + 50, misses + 7, read + 50 * 100, written])
    expect(number('db_reseeks_total')).toBe(0)
  })

  test.runIf(process.platform === 'linux')(
    'of its threads is what compactions and flushes took, and less than the process',
    async () => {
      const background = orders.number('db_background_cpu_seconds_total') ?? Number.NaN
      const flushes = (await sumInLog(/Flush lasted \d+ microseconds, and (\d+) cpu microseconds/g)) / 1e6
      const work = flushes + (orders.number('db_compaction_cpu_seconds_total') ?? Number.NaN)
      // The CPU time of each of six threads has a resolution of 10 ms.
      expect(background).toBeGreaterThan(work - 0.06)
      const { user, system } = process.cpuUsage()
      expect(background).toBeLessThan((user + system) / 1e6)
    },
  )
})
