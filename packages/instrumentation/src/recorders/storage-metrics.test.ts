import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { StorageMetrics } from './storage-metrics.ts'

/** Counters and gauges by name, histograms by their count and sum; labels follow where there are more than the store. */
function read(registry: MetricsRegistry): Record<string, unknown> {
  return Object.fromEntries(
    registry.getAllMetrics().map(({ name, labels: { store, ...labels }, value }) => {
      expect(store).toBe('mine')
      return [[name, ...Object.values(labels)].join(' '), typeof value === 'number' ? value : [value.count, value.sum]]
    }),
  )
}

function storage(): [StorageMetrics, MetricsRegistry] {
  const registry = new MetricsRegistry()
  return [new StorageMetrics(registry, { store: 'mine' }), registry]
}

test('nothing is there before it is told: an unknown number is no 0', () => {
  const [, registry] = storage()
  expect(registry.getAllMetrics()).toEqual([])
})

test('a level has its files and its bytes', () => {
  const [metrics, registry] = storage()
  metrics.updateLevelStats(0, 4, 4096)
  metrics.updateLevelStats(1, 10, 40_960)
  metrics.updateLevelStats(0, 2, 2048)
  expect(read(registry)).toEqual({
    'db_level_files 0': 2,
    'db_level_bytes 0': 2048,
    'db_level_files 1': 10,
    'db_level_bytes 1': 40_960,
  })
})

test('a compaction is counted with its files, its bytes, its duration and its write amplification', () => {
  const [metrics, registry] = storage()
  metrics.recordCompaction(0, 4, 2, 1000, 1500, 250)
  metrics.recordCompaction(1, 1, 1, 1000, 500, 750)
  expect(read(registry)).toEqual({
    db_compaction_operations_total: 2,
    db_compaction_duration_seconds: [2, 1],
    db_compaction_write_amplification: [2, 2],
    db_compaction_input_files_total: 5,
    db_compaction_output_files_total: 3,
    db_compaction_input_bytes_total: 2000,
    db_compaction_output_bytes_total: 2000,
  })
})

test('a compaction that read nothing has no write amplification', () => {
  const [metrics, registry] = storage()
  metrics.recordCompaction(0, 0, 1, 0, 1500, 250)
  expect(read(registry)).toEqual({
    db_compaction_operations_total: 1,
    db_compaction_duration_seconds: [1, 0.25],
    db_compaction_input_files_total: 0,
    db_compaction_output_files_total: 1,
    db_compaction_input_bytes_total: 0,
    db_compaction_output_bytes_total: 1500,
  })
})

test('reclaimed space, flushes and stalls are counted with their duration in seconds', () => {
  const [metrics, registry] = storage()
  metrics.recordSpaceReclaim(5000, 1500)
  metrics.recordFlush(4096, 20)
  metrics.recordWriteStall('memtable', 500)
  metrics.recordWriteStall('memtable', 250)
  metrics.recordWriteStall('level0', 1000)
  expect(read(registry)).toEqual({
    db_space_reclaim_operations_total: 1,
    db_space_reclaim_bytes_total: 5000,
    db_space_reclaim_duration_seconds: [1, 1.5],
    db_flush_operations_total: 1,
    db_flush_bytes_total: 4096,
    db_flush_duration_seconds: [1, 0.02],
    'db_write_stalls_total memtable': 2,
    'db_write_stall_seconds_total memtable': 0.75,
    'db_write_stalls_total level0': 1,
    'db_write_stall_seconds_total level0': 1,
  })
})

test('disk usage has the parts that are given and their sum', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({ sstableBytes: 1000, walBytes: 50 })
  expect(read(registry)).toEqual({ db_sstable_bytes: 1000, db_wal_bytes: 50, db_total_disk_bytes: 1050 })
})

test('a total that is given is not added up from the parts', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({ sstableBytes: 1000, valueLogBytes: 0, totalBytes: 1234 })
  expect(read(registry)).toEqual({ db_sstable_bytes: 1000, db_value_log_bytes: 0, db_total_disk_bytes: 1234 })
})

test('disk usage of which nothing is known is not there', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({})
  expect(registry.getAllMetrics()).toEqual([])
})

test('nonsense throws nothing and is refused', () => {
  const registry = new MetricsRegistry()
  const metrics = new StorageMetrics(registry, { store: 'mine' })
  metrics.recordFlush(-1, Number.NaN)
  metrics.recordWriteStall('', 5)
  metrics.updateLevelStats(Number.NaN, 1, Number.POSITIVE_INFINITY)
  const refused = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  expect(refused.map(({ labels, value }) => [labels['reason'], value])).toEqual([
    ['negative', 1],
    ['not_finite', 2],
    ['labels', 2],
  ])
})

test('numbers may be BigInts, also mixed with others', () => {
  const [metrics, registry] = storage()
  metrics.updateLevelStats(0n, 4, 4096n)
  metrics.recordCompaction(0, 4n, 2, 1000n, 1500, 250n)
  metrics.recordSpaceReclaim(5000n, 1500n)
  metrics.recordFlush(4096, 20n)
  metrics.recordWriteStall('memtable', 500n)
  metrics.updateDiskUsage({ sstableBytes: 1000n, walBytes: 50 })
  expect(read(registry)).toMatchObject({
    'db_level_files 0': 4,
    'db_level_bytes 0': 4096,
    db_compaction_duration_seconds: [1, 0.25],
    db_compaction_write_amplification: [1, 1.5],
    db_compaction_input_files_total: 4,
    db_space_reclaim_bytes_total: 5000,
    db_flush_duration_seconds: [1, 0.02],
    'db_write_stall_seconds_total memtable': 0.5,
    db_total_disk_bytes: 1050,
  })
})

test('what is no number throws nothing in the store, and adds nothing to what is known', () => {
  for (const nothing of [undefined, null, 'much', Symbol('much'), Object.create(null)]) {
    const [metrics, registry] = storage()
    const some = nothing as never
    metrics.updateLevelStats(some, some, some)
    metrics.recordCompaction(some, some, some, some, some, some)
    metrics.recordSpaceReclaim(some, some)
    metrics.recordFlush(some, some)
    metrics.recordWriteStall(some, some)
    metrics.updateDiskUsage(some)
    const of = (name: string) =>
      registry
        .getAllMetrics()
        .filter((metric) => metric.name === name)
        .map(({ value }) => value)
    expect(of('db_flush_bytes_total')).toEqual([0])
    expect(of('db_total_disk_bytes')).toEqual([])
    metrics.updateDiskUsage({ sstableBytes: 1000, walBytes: some, totalBytes: null as never })
    expect(of('db_sstable_bytes')).toEqual([1000])
  }
})

test('a store that cannot be a label is refused at the door', () => {
  for (const store of ['', 7, undefined]) {
    expect(() => new StorageMetrics(new MetricsRegistry(), { store: store as string })).toThrow(TypeError)
  }
})
