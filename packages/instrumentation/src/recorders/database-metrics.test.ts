import { expect, test } from 'vitest'
import { operationMetrics, operations } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { DatabaseMetrics } from './database-metrics.ts'

/** Returns counters and gauges by name, histograms by count and sum; labels other than the store follow the name. */
function read(registry: MetricsRegistry): Record<string, unknown> {
  return Object.fromEntries(
    registry.getAllMetrics().map(({ name, labels: { store: _, ...labels }, value }) => {
      const key = [name, ...Object.values(labels)].join(' ')
      return [key, typeof value === 'number' ? value : [value.count, value.sum]]
    }),
  )
}

test('get, set, delete and batch have series at 0 from the start', () => {
  const registry = new MetricsRegistry()
  new DatabaseMetrics(registry, { store: 'mine' })
  const zero = ['get', 'set', 'delete', 'batch'].flatMap((verb) => [
    [`db_${verb}_operations_total`, 0],
    [`db_${verb}_latency_seconds`, [0, 0]],
    [`db_${verb}_errors_total`, 0],
  ])
  expect(read(registry)).toEqual({ ...Object.fromEntries(zero), db_batch_entries_total: 0 })
  expect(registry.getAllMetrics().every(({ labels }) => labels['store'] === 'mine')).toBe(true)
})

test('other operations have series at 0 if requested, else from their first record', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: ['has'] })
  expect(Object.keys(read(registry))).toEqual(['db_has_operations_total', 'db_has_latency_seconds', 'db_has_errors_total'])
  database.recordScan(1000, true, 3)
  expect(read(registry)).toMatchObject({ db_scan_operations_total: 1, db_scan_entries_total: 3 })
})

type RecordOperation = (database: DatabaseMetrics, durationNs: number | bigint, success: boolean, errorType?: string) => void
const verbs: Record<(typeof operations)[number], RecordOperation> = {
  get: (database, ...args) => database.recordGet(...args),
  set: (database, ...args) => database.recordSet(...args),
  delete: (database, ...args) => database.recordDelete(...args),
  batch: (database, durationNs, success, errorType) => database.recordBatch(durationNs, success, 3, errorType),
  scan: (database, durationNs, success, errorType) => database.recordScan(durationNs, success, 3, errorType),
  clear: (database, ...args) => database.recordClear(...args),
  has: (database, ...args) => database.recordHas(...args),
  get_many: (database, ...args) => database.recordGetMany(...args),
}

for (const operation of operations) {
  const names = operationMetrics(operation)
  const countsEntries = operation === 'batch' || operation === 'scan'

  test(`a successful ${operation} is counted and timed, in nanoseconds as number or BigInt`, () => {
    const registry = new MetricsRegistry()
    const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
    verbs[operation](database, 1_500_000, true)
    verbs[operation](database, 500_000n, true)
    expect(read(registry)).toEqual({
      [names.operations]: 2,
      [names.latency]: [2, 0.002],
      [names.errors]: 0,
      ...(countsEntries && { [`db_${operation}_entries_total`]: 6 }),
    })
  })

  test(`a failed ${operation} is counted and timed, and its error is counted by type`, () => {
    const registry = new MetricsRegistry()
    const database = new DatabaseMetrics(registry, { store: 'mine', operations: [], errorTypes: ['DISK_FULL'] })
    verbs[operation](database, 1_000_000, false, 'DISK_FULL')
    verbs[operation](database, 1_000_000, false, '/var/lib/key-4711')
    verbs[operation](database, 1_000_000, false)
    expect(read(registry)).toEqual({
      [names.operations]: 3,
      [names.latency]: [3, 0.003],
      [names.errors]: 3,
      ...(countsEntries && { [`db_${operation}_entries_total`]: 0 }),
      [`db_errors_total ${operation} DISK_FULL`]: 1,
      [`db_errors_total ${operation} _OTHER`]: 2,
    })
  })
}

test('durations of process.hrtime.bigint() are accepted', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  const start = process.hrtime.bigint()
  database.recordGet(process.hrtime.bigint() - start, true)
  expect(read(registry)).toMatchObject({ db_get_operations_total: 1, db_get_latency_seconds: [1, expect.any(Number)] })
})

test('two stores have separate series', () => {
  const registry = new MetricsRegistry()
  new DatabaseMetrics(registry, { store: 'a' }).recordGet(1, true)
  new DatabaseMetrics(registry, { store: 'b' }).recordGet(1, true)
  const gets = registry.getAllMetrics().filter(({ name }) => name === 'db_get_operations_total')
  expect(gets.map(({ labels, value }) => [labels, value])).toEqual([
    [{ store: 'a' }, 1],
    [{ store: 'b' }, 1],
  ])
})

test('memory has its parts, and their sum as the total', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  database.updateMemoryUsage(1000, 200)
  expect(read(registry)).toEqual({ db_memtable_bytes: 1000, db_cache_bytes: 200, db_total_memory_bytes: 1200 })
  database.updateMemoryUsage(500, 100, 30)
  expect(read(registry)).toEqual({
    db_memtable_bytes: 500,
    db_cache_bytes: 100,
    db_buffer_bytes: 30,
    db_total_memory_bytes: 630,
  })
})

test('queue depth and oldest age are set, and cache hits and misses are added', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  database.updateQueueDepth(7)
  database.updateOldestOperationAge(1.5)
  database.updateCacheUse(10, 2)
  database.updateCacheUse(5, 0)
  expect(read(registry)).toEqual({
    db_queue_depth: 7,
    db_oldest_operation_age_seconds: 1.5,
    db_cache_hits_total: 15,
    db_cache_misses_total: 2,
  })
})

test('an invalid store name is rejected by the constructor, with and without operations', () => {
  const registry = new MetricsRegistry()
  expect(() => new DatabaseMetrics(registry, { store: '' })).toThrow(/label store must not be empty/)
  expect(() => new DatabaseMetrics(registry, { store: '', operations: [] })).toThrow(/label store must not be empty/)
})

test('invalid values do not throw, are rejected, and do not affect valid ones', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  database.recordGet(Number.NaN, true)
  database.recordGet(-5, false)
  database.record('put' as 'set', 1, true)
  database.updateMemoryUsage(Number.NaN, 1)
  database.recordGet(1_000_000, true)
  expect(read(registry)).toMatchObject({
    db_get_operations_total: 3,
    db_get_errors_total: 1,
    db_get_latency_seconds: [1, 0.001],
    db_cache_bytes: 1,
    'wombat_monitor_refused_values_total not_finite': 3,
    'wombat_monitor_refused_values_total negative': 1,
    'wombat_monitor_refused_values_total undeclared': 1,
  })
})

test("with `both` each operation has the convention's duration too, by error type", () => {
  const registry = new MetricsRegistry({ semconv: 'both' })
  const database = new DatabaseMetrics(registry, { store: 'mine', engine: 'radix', operations: ['set'], errorTypes: ['FULL'] })
  database.recordSet(1_000_000, true)
  database.recordSet(2_000_000, false, 'FULL')
  const durations = registry.getAllMetrics().filter(({ name }) => name === 'db.client.operation.duration')
  const convention = { 'db.system.name': 'radix', 'db.namespace': 'mine', 'db.operation.name': 'set' }
  expect(durations.map(({ labels }) => labels)).toEqual([convention, { ...convention, 'error.type': 'FULL' }])
  expect(durations.map(({ value }) => value)).toMatchObject([
    { count: 1, sum: 0.001 },
    { count: 1, sum: 0.002 },
  ])
})

test('numbers and BigInts can be mixed', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  database.updateMemoryUsage(1n, 2, 3n)
  database.updateQueueDepth(4n)
  database.updateOldestOperationAge(5n)
  database.updateCacheUse(6n, 7)
  database.recordBatch(1_000_000_000n, true, 8n)
  expect(read(registry)).toMatchObject({
    db_memtable_bytes: 1,
    db_cache_bytes: 2,
    db_buffer_bytes: 3,
    db_total_memory_bytes: 6,
    db_queue_depth: 4,
    db_oldest_operation_age_seconds: 5,
    db_cache_hits_total: 6,
    db_cache_misses_total: 7,
    db_batch_entries_total: 8,
  })
})

test('values that are not numbers do not throw, and unknown memory has no series', () => {
  for (const value of [undefined, null, 'much', Symbol('much'), Object.create(null)]) {
    const registry = new MetricsRegistry()
    const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
    const invalid = value as never
    for (const operation of operations) verbs[operation](database, invalid, invalid, invalid)
    database.record(invalid, invalid, invalid, invalid)
    database.record('get', invalid, true, invalid)
    database.recordBatch(invalid, true, invalid, invalid)
    database.updateMemoryUsage(invalid, invalid, invalid)
    database.updateMemoryUsage(1, invalid)
    database.updateQueueDepth(invalid)
    database.updateOldestOperationAge(invalid)
    database.updateCacheUse(invalid, invalid)
    expect(read(registry)).toMatchObject({ db_memtable_bytes: 1, db_cache_hits_total: 0 })
    expect(read(registry)).not.toHaveProperty('db_cache_bytes')
  }
})

test.each([
  [
    'no options',
    undefined,
    /^new DatabaseMetrics\(registry, options\): the options must be an object such as \{ store: 'orders' \}, got undefined$/,
  ],
  ['a name', 'orders', /the options must be an object such as \{ store: 'orders' \}, got "orders"$/],
  [
    'the option of instrument',
    { name: 'orders' },
    /there is no option name; the options are store, engine, operations, errorTypes$/,
  ],
  ['no store', {}, /^label store must be a string, got undefined$/],
])('%s is rejected with what to do', (_what, options, message) => {
  expect(() => new DatabaseMetrics(new MetricsRegistry(), options as never)).toThrow(message)
})

test('anything but a registry is rejected', () => {
  expect(() => new DatabaseMetrics({ store: 'orders' } as never, { store: 'orders' })).toThrow(
    new TypeError('registry must be a MetricsRegistry, got an object of class Object'),
  )
})
