import { type MetricName, metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { aggregate, quantile, rate, selector, targetLabels } from './promql.ts'

const names = Object.keys(metrics) as MetricName[]

test('a metric without matchers is selected by its name', () => {
  for (const name of names) expect(selector(name)).toBe(name)
})

test('matchers are written in the order they come in', () => {
  expect(selector('db_level_files', { store: 'orders', level: '0' })).toBe('db_level_files{store="orders",level="0"}')
})

test('quotes, backslashes and new lines in a matcher are escaped as PromQL wants it', () => {
  expect(selector('db_wal_bytes', { store: 'a "b" \\c\nd' })).toBe('db_wal_bytes{store="a \\"b\\" \\\\c\\nd"}')
  expect(selector('db_wal_bytes', { store: 'größe' })).toBe('db_wal_bytes{store="größe"}')
})

test('a label that the metric does not have is refused, and those it has are named', () => {
  const complaint = new TypeError('db_level_files has no label stroe, only store, level')
  expect(() => selector('db_level_files', { stroe: 'orders' })).toThrow(complaint)
  expect(() => rate('db_get_operations_total', '5m', ['store'], { level: '0' })).toThrow(TypeError)
  expect(() => quantile(0.5, 'db_get_latency_seconds', '5m', ['store'], { le: '1' })).toThrow(TypeError)
})

test('a rate is summed up by store, or by what was asked', () => {
  expect(rate('db_get_operations_total', '5m')).toBe('sum by (store) (rate(db_get_operations_total[5m]))')
  expect(rate('db_errors_total', '1h', ['store', 'error_type'], { operation: 'get' })).toBe(
    'sum by (store, error_type) (rate(db_errors_total{operation="get"}[1h]))',
  )
})

test('a rate of all stores together has nothing to be summed up by', () => {
  expect(rate('db_get_operations_total', '5m', [])).toBe('sum by () (rate(db_get_operations_total[5m]))')
})

test('a quantile is taken of the summed buckets, whose bounds are never selected', () => {
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

test('a quantile lies between 0 and 1', () => {
  for (const q of [0, 1, -0.1, 50, Number.NaN]) {
    expect(() => quantile(q, 'db_get_latency_seconds', '5m')).toThrow(new RangeError(`a quantile lies between 0 and 1, got ${q}`))
  }
})

test('adding up by a label that the metric does not have is refused', () => {
  expect(() => rate('db_get_operations_total', '5m', ['stroe'])).toThrow('db_get_operations_total has no label stroe, only store')
  expect(() => quantile(0.99, 'db_get_latency_seconds', '5m', ['level'])).toThrow('has no label level')
})

test('a matcher may be a regular expression', () => {
  expect(selector('db_wal_bytes', { store: { matches: 'orders|"carts"' } })).toBe('db_wal_bytes{store=~"orders|\\"carts\\""}')
})

test('what a route says of the process can be asked for, whatever the metric', () => {
  for (const label of targetLabels) {
    expect(selector('wombat_process_heap_used_bytes', { [label]: 'x' })).toBe(`wombat_process_heap_used_bytes{${label}="x"}`)
  }
})

test('a gauge is aggregated by store, or by what was asked; nothing else is', () => {
  expect(aggregate('max', 'db_queue_depth')).toBe('max by (store) (db_queue_depth)')
  expect(aggregate('sum', 'db_level_files', ['level'], { store: 'orders' })).toBe(
    'sum by (level) (db_level_files{store="orders"})',
  )
  expect(() => aggregate('sum', 'db_get_operations_total')).toThrow('db_get_operations_total is a counter, not a gauge')
  expect(() => aggregate('sum', 'db_queue_depth', ['level'])).toThrow('db_queue_depth has no label level, only store')
})

test('each series can be changed before they are added up', () => {
  const each = (series: string): string => `abs(${series})`
  expect(rate('db_get_operations_total', '5m', [], {}, each)).toBe('sum by () (abs(rate(db_get_operations_total[5m])))')
  expect(aggregate('min', 'db_queue_depth', [], {}, each)).toBe('min by () (abs(db_queue_depth))')
  expect(quantile(0.5, 'db_get_latency_seconds', '5m', [], {}, each)).toBe(
    'histogram_quantile(0.5, sum by (le) (abs(rate(db_get_latency_seconds_bucket[5m]))))',
  )
})
