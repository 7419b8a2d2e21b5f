import { latencyBounds, type MetricName, metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { aggregate, anyQuantile, bucketMatcher, quantile, rate, selector, targetLabels } from './promql.ts'

const names = Object.keys(metrics) as MetricName[]

test('a quantile of native histograms or buckets prefers the native ones', () => {
  expect(anyQuantile(0.99, 'db_get_latency_seconds', '5m')).toBe(
    'histogram_quantile(0.99, sum by (store) (rate(db_get_latency_seconds[5m]))) or histogram_quantile(0.99, sum by (store, le) (rate(db_get_latency_seconds_bucket[5m])))',
  )
})

test('a metric without matchers is selected by name', () => {
  for (const name of names) expect(selector(name)).toBe(name)
})

test('matchers keep their order', () => {
  expect(selector('db_level_files', { store: 'orders', level: '0' })).toBe('db_level_files{store="orders",level="0"}')
})

test('quotes, backslashes and newlines in a matcher are escaped for PromQL', () => {
  expect(selector('db_wal_bytes', { store: 'a "b" \\c\nd' })).toBe('db_wal_bytes{store="a \\"b\\" \\\\c\\nd"}')
  expect(selector('db_wal_bytes', { store: 'größe' })).toBe('db_wal_bytes{store="größe"}')
})

test('a label that the metric does not have is rejected, and the error lists the labels', () => {
  const error = new TypeError('db_level_files has no label stroe, only store, level')
  expect(() => selector('db_level_files', { stroe: 'orders' })).toThrow(error)
  expect(() => rate('db_get_operations_total', '5m', ['store'], { level: '0' })).toThrow(TypeError)
  expect(() => quantile(0.5, 'db_get_latency_seconds', '5m', ['store'], { le: '1' })).toThrow(TypeError)
})

test('a rate is summed by store or by the given labels', () => {
  expect(rate('db_get_operations_total', '5m')).toBe('sum by (store) (rate(db_get_operations_total[5m]))')
  expect(rate('db_errors_total', '1h', ['store', 'error_type'], { operation: 'get' })).toBe(
    'sum by (store, error_type) (rate(db_errors_total{operation="get"}[1h]))',
  )
})

test('a rate can be summed over all stores', () => {
  expect(rate('db_get_operations_total', '5m', [])).toBe('sum by () (rate(db_get_operations_total[5m]))')
})

test('a quantile is computed from summed buckets without selecting a bound', () => {
  expect(quantile(0.99, 'db_get_latency_seconds', '5m')).toBe(
    'histogram_quantile(0.99, sum by (store, le) (rate(db_get_latency_seconds_bucket[5m])))',
  )
  expect(quantile(0.5, 'db_health_check_duration_seconds', '1h', ['check'], { store: 'orders' })).toBe(
    'histogram_quantile(0.5, sum by (check, le) (rate(db_health_check_duration_seconds_bucket{store="orders"}[1h])))',
  )
  expect(quantile(0.5, 'db_get_latency_seconds', '5m', [])).toContain('sum by (le) (')
})

test('only a counter has a rate, and only a histogram has quantiles', () => {
  for (const name of names) {
    const { kind } = metrics[name]
    if (kind === 'counter') expect(rate(name, '5m')).toContain(`rate(${name}[5m])`)
    else expect(() => rate(name, '5m')).toThrow(new TypeError(`${name} is a ${kind}, not a counter`))
    if (kind === 'histogram') expect(quantile(0.9, name, '5m')).toContain(`rate(${name}_bucket[5m])`)
    else expect(() => quantile(0.9, name, '5m')).toThrow(new TypeError(`${name} is a ${kind}, not a histogram`))
  }
})

test('a quantile outside 0 to 1 is rejected', () => {
  for (const q of [0, 1, -0.1, 50, Number.NaN]) {
    expect(() => quantile(q, 'db_get_latency_seconds', '5m')).toThrow(
      new RangeError(`q must be between 0 and 1, both excluded, got ${q}`),
    )
  }
})

test('grouping by a label that the metric does not have is rejected', () => {
  expect(() => rate('db_get_operations_total', '5m', ['stroe'])).toThrow('db_get_operations_total has no label stroe, only store')
  expect(() => quantile(0.99, 'db_get_latency_seconds', '5m', ['level'])).toThrow('has no label level')
})

test('a matcher can be a regular expression', () => {
  expect(selector('db_wal_bytes', { store: { matches: 'orders|"carts"' } })).toBe('db_wal_bytes{store=~"orders|\\"carts\\""}')
})

test('every metric can be selected by the labels that a route adds', () => {
  for (const label of targetLabels) {
    expect(selector('wombat_process_heap_used_bytes', { [label]: 'x' })).toBe(`wombat_process_heap_used_bytes{${label}="x"}`)
  }
})

test('only a gauge is aggregated, by store or by the given labels', () => {
  expect(aggregate('max', 'db_queue_depth')).toBe('max by (store) (db_queue_depth)')
  expect(aggregate('sum', 'db_level_files', ['level'], { store: 'orders' })).toBe(
    'sum by (level) (db_level_files{store="orders"})',
  )
  expect(() => aggregate('sum', 'db_get_operations_total')).toThrow('db_get_operations_total is a counter, not a gauge')
  expect(() => aggregate('sum', 'db_queue_depth', ['level'])).toThrow('db_queue_depth has no label level, only store')
})

test('series can be transformed before aggregation', () => {
  const transform = (series: string): string => `abs(${series})`
  expect(rate('db_get_operations_total', '5m', [], {}, transform)).toBe('sum by () (abs(rate(db_get_operations_total[5m])))')
  expect(aggregate('min', 'db_queue_depth', [], {}, transform)).toBe('min by () (abs(db_queue_depth))')
  expect(quantile(0.5, 'db_get_latency_seconds', '5m', [], {}, transform)).toBe(
    'histogram_quantile(0.5, sum by (le) (abs(rate(db_get_latency_seconds_bucket[5m]))))',
  )
})

test('a bucket bound with one spelling is matched exactly', () => {
  expect(bucketMatcher('db_get_latency_seconds', 0.1)).toBe('le="0.1"')
  expect(bucketMatcher('db_get_latency_seconds', 2.5)).toBe('le="2.5"')
})

test('a bucket bound that routes spell differently is matched in every spelling', () => {
  expect(bucketMatcher('db_get_latency_seconds', 1)).toBe('le=~"1|1\\\\.0"')
  expect(bucketMatcher('db_get_latency_seconds', 0.00001)).toBe('le=~"0\\\\.00001|1e-05"')
  expect(bucketMatcher('db_get_latency_seconds', 0.0000025)).toBe('le=~"0\\\\.0000025|2\\\\.5e-06"')
})

test('no two bucket bounds share a spelling', () => {
  const spelledBy = new Map<string, number>()
  for (const bound of latencyBounds) {
    for (const text of bucketMatcher('db_set_latency_seconds', bound).split('"')[1]?.split('|') ?? []) {
      expect(Number(text.replaceAll('\\', ''))).toBeCloseTo(bound, 12)
      expect(spelledBy.get(text)).toBeUndefined()
      spelledBy.set(text, bound)
    }
  }
})

test('a value that is not a bucket bound is rejected, and the error lists the bounds', () => {
  expect(() => bucketMatcher('db_get_latency_seconds', 0.2)).toThrow(
    /no bucket with the upper bound 0\.2; its bounds are .* 0\.1, 0\.25, 0\.5/,
  )
})
