import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { StorageMetrics } from './storage-metrics.ts'

/** Returns counters and gauges by name, histograms by count and sum; labels other than the store follow the name. */
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

test('there are no series before the first record: unknown is not 0', () => {
  const [, registry] = storage()
  expect(registry.getAllMetrics()).toEqual([])
})

test('a level has its number of files and its bytes', () => {
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

test('a compaction that read 0 bytes has no write amplification', () => {
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

test('disk usage has the given parts and their sum', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({ sstableBytes: 1000, walBytes: 50 })
  expect(read(registry)).toEqual({ db_sstable_bytes: 1000, db_wal_bytes: 50, db_total_disk_bytes: 1050 })
})

test('a given total is used instead of the sum of the parts', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({ sstableBytes: 1000, valueLogBytes: 0, totalBytes: 1234 })
  expect(read(registry)).toEqual({ db_sstable_bytes: 1000, db_value_log_bytes: 0, db_total_disk_bytes: 1234 })
})

test('disk usage without any part has no series', () => {
  const [metrics, registry] = storage()
  metrics.updateDiskUsage({})
  expect(registry.getAllMetrics()).toEqual([])
})

test('invalid values do not throw and are rejected', () => {
  const registry = new MetricsRegistry()
  const metrics = new StorageMetrics(registry, { store: 'mine' })
  metrics.recordFlush(-1, Number.NaN)
  metrics.recordWriteStall('', 5)
  metrics.updateLevelStats(Number.NaN, 1, Number.POSITIVE_INFINITY)
  const rejected = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  expect(rejected.map(({ labels, value }) => [labels['reason'], value])).toEqual([
    ['negative', 1],
    ['not_finite', 2],
    ['labels', 2],
  ])
})

test('numbers and BigInts can be mixed', () => {
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

test('values that are not numbers do not throw and change no valid value', () => {
  for (const value of [undefined, null, 'much', Symbol('much'), Object.create(null)]) {
    const [metrics, registry] = storage()
    const invalid = value as never
    metrics.updateLevelStats(invalid, invalid, invalid)
    metrics.recordCompaction(invalid, invalid, invalid, invalid, invalid, invalid)
    metrics.recordSpaceReclaim(invalid, invalid)
    metrics.recordFlush(invalid, invalid)
    metrics.recordWriteStall(invalid, invalid)
    metrics.updateDiskUsage(invalid)
    const readValues = (name: string) =>
      registry
        .getAllMetrics()
        .filter((metric) => metric.name === name)
        .map(({ value }) => value)
    expect(readValues('db_flush_bytes_total')).toEqual([0])
    expect(readValues('db_total_disk_bytes')).toEqual([])
    metrics.updateDiskUsage({ sstableBytes: 1000, walBytes: invalid, totalBytes: null as never })
    expect(readValues('db_sstable_bytes')).toEqual([1000])
  }
})

test('an invalid store name is rejected by the constructor', () => {
  for (const store of ['', 7, undefined]) {
    expect(() => new StorageMetrics(new MetricsRegistry(), { store: store as string })).toThrow(TypeError)
  }
})

test.each([
  [
    'no options',
    undefined,
    /^new StorageMetrics\(registry, options\): the options must be an object such as \{ store: 'orders' \}, got undefined$/,
  ],
  ['the option of instrument', { name: 'orders' }, /there is no option name; the options are store$/],
])('%s is rejected with what to do', (_what, options, message) => {
  expect(() => new StorageMetrics(new MetricsRegistry(), options as never)).toThrow(message)
})
