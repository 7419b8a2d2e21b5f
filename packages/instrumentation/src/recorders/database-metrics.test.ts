import { expect, test } from 'vitest'
import { operationMetrics, operations } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { DatabaseMetrics } from './database-metrics.ts'

/** Counters and gauges by name, histograms by their count and sum; labels follow where there are more than the store. */
function read(registry: MetricsRegistry): Record<string, unknown> {
  return Object.fromEntries(
    registry.getAllMetrics().map(({ name, labels: { store: _, ...labels }, value }) => {
      const key = [name, ...Object.values(labels)].join(' ')
      return [key, typeof value === 'number' ? value : [value.count, value.sum]]
    }),
  )
}

test('get, set, delete and batch are there at 0 from the start', () => {
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

test('other operations are there at 0 where they are asked for, and come with their first record where not', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: ['has'] })
  expect(Object.keys(read(registry))).toEqual(['db_has_operations_total', 'db_has_latency_seconds', 'db_has_errors_total'])
  database.recordScan(1000, true, 3)
  expect(read(registry)).toMatchObject({ db_scan_operations_total: 1, db_scan_entries_total: 3 })
})

type Record1 = (database: DatabaseMetrics, durationNs: number | bigint, success: boolean, errorType?: string) => void
const verbs: Record<(typeof operations)[number], Record1> = {
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

  test(`a ${operation} that succeeded is counted and timed, in nanoseconds as number or BigInt`, () => {
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

  test(`a ${operation} that failed is counted and timed too, and its error by its kind`, () => {
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

test('durations come from the clock that counts nanoseconds', () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
  const start = process.hrtime.bigint()
  database.recordGet(process.hrtime.bigint() - start, true)
  expect(read(registry)).toMatchObject({ db_get_operations_total: 1, db_get_latency_seconds: [1, expect.any(Number)] })
})

test('two stores are two sets of series', () => {
  const registry = new MetricsRegistry()
  new DatabaseMetrics(registry, { store: 'a' }).recordGet(1, true)
  new DatabaseMetrics(registry, { store: 'b' }).recordGet(1, true)
  const gets = registry.getAllMetrics().filter(({ name }) => name === 'db_get_operations_total')
  expect(gets.map(({ labels, value }) => [labels, value])).toEqual([
    [{ store: 'a' }, 1],
    [{ store: 'b' }, 1],
  ])
})

test('memory is known by its parts, and the total is their sum', () => {
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

test('queue, oldest operation and use of the cache are told as they are', () => {
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

test('a name that cannot be a label is refused at the door, whatever the operations', () => {
  const registry = new MetricsRegistry()
  expect(() => new DatabaseMetrics(registry, { store: '' })).toThrow(/label store must not be empty/)
  expect(() => new DatabaseMetrics(registry, { store: '', operations: [] })).toThrow(/label store must not be empty/)
})

test('nonsense throws nothing, is refused, and does not stop the rest', () => {
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

test("under OpenTelemetry's convention each operation has its duration too, by kind of error", () => {
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

test('numbers may be BigInts, also mixed with others', () => {
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

test('what is no number throws nothing in the store; memory that is unknown is not there', () => {
  for (const nothing of [undefined, null, 'much', Symbol('much'), Object.create(null)]) {
    const registry = new MetricsRegistry()
    const database = new DatabaseMetrics(registry, { store: 'mine', operations: [] })
    const some = nothing as never
    for (const operation of operations) verbs[operation](database, some, some, some)
    database.record(some, some, some, some)
    database.record('get', some, true, some)
    database.recordBatch(some, true, some, some)
    database.updateMemoryUsage(some, some, some)
    database.updateMemoryUsage(1, some)
    database.updateQueueDepth(some)
    database.updateOldestOperationAge(some)
    database.updateCacheUse(some, some)
    expect(read(registry)).toMatchObject({ db_memtable_bytes: 1, db_cache_hits_total: 0 })
    expect(read(registry)).not.toHaveProperty('db_cache_bytes')
  }
})
