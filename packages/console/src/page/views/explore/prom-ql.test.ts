import { expect, test } from 'vitest'
import { formatBucketsPromQl, formatPromQl, type PromQlQuery } from './prom-ql.ts'

const cases: ReadonlyArray<readonly [PromQlQuery, string]> = [
  [{ metric: 'db_queue_depth' }, 'db_queue_depth'],
  [{ metric: 'db_queue_depth', function: 'value', labels: { store: ['orders'] } }, 'db_queue_depth{store="orders"}'],
  [{ metric: 'db_queue_depth', by: [], aggregate: 'max' }, 'max(db_queue_depth)'],
  [{ metric: 'db_queue_depth', by: ['store'] }, 'sum by (store) (db_queue_depth)'],
  [
    { metric: 'db_get_operations_total', function: 'rate', window: '5m', by: ['store'], aggregate: 'avg' },
    'avg by (store) (rate(db_get_operations_total[5m]))',
  ],
  [{ metric: 'a_total', function: 'rate', window: '5m', by: ['__name__', 'store'] }, 'sum by (store) (rate(a_total[5m]))'],
  [{ metric: 'a_total', function: 'increase', window: '1h' }, 'increase(a_total[1h])'],
  [{ metric: 'db_map_bytes', function: 'min', window: '10m' }, 'min_over_time(db_map_bytes[10m])'],
  [{ metric: 'db_map_bytes', function: 'max', window: '10m' }, 'max_over_time(db_map_bytes[10m])'],
  [{ metric: 'db_map_bytes', function: 'avg', window: '10m' }, 'avg_over_time(db_map_bytes[10m])'],
  [
    { metric: 'db_get_latency_seconds', function: 'quantile', quantile: 0.99, window: '5m', labels: { store: ['orders'] } },
    'histogram_quantile(0.99, rate(db_get_latency_seconds_bucket{store="orders"}[5m]))',
  ],
  [
    { metric: 'db_get_latency_seconds', function: 'quantile', quantile: [0.99], window: '5m', by: ['store'] },
    'histogram_quantile(0.99, sum by (store, le) (rate(db_get_latency_seconds_bucket[5m])))',
  ],
  [
    { metric: 'db_get_latency_seconds', function: 'quantile', quantile: 0.5, window: '5m', by: [] },
    'histogram_quantile(0.5, sum by (le) (rate(db_get_latency_seconds_bucket[5m])))',
  ],
]

test.each(cases)('%j', (query, expression) => {
  expect(formatPromQl(query)).toBe(expression)
})

test('several quantiles are told apart by a label', () => {
  expect(formatPromQl({ metric: 'x_seconds', function: 'quantile', quantile: [0.5, 0.999], window: '1m' })).toBe(
    [
      'label_replace(histogram_quantile(0.5, rate(x_seconds_bucket[1m])), "quantile", "0.5", "", "")',
      'or',
      'label_replace(histogram_quantile(0.999, rate(x_seconds_bucket[1m])), "quantile", "0.999", "", "")',
    ].join('\n'),
  )
})

test('several values of a label are a regular expression that matches only them', () => {
  expect(formatPromQl({ metric: 'a', labels: { store: ['orders', 'a.b|c'] } })).toBe(String.raw`a{store=~"orders|a\\.b\\|c"}`)
})

test('a value with quotes, backslashes and line breaks is quoted', () => {
  expect(formatPromQl({ metric: 'a', labels: { store: ['C:\\x "y"\n'] } })).toBe(String.raw`a{store="C:\\x \"y\"\n"}`)
})

test('a bound of a bucket is found in every spelling', () => {
  const query = (le: string): string => formatPromQl({ metric: 'a_bucket', labels: { le: [le] } })
  expect(query('1')).toBe(String.raw`a_bucket{le=~"1|1\\.0"}`)
  expect(query('0.00001')).toBe(String.raw`a_bucket{le=~"0\\.00001|1e-05"}`)
  expect(query('0.25')).toBe('a_bucket{le="0.25"}')
  expect(query('+Inf')).toBe('a_bucket{le="+Inf"}')
})

test('names that are no identifiers are in quotes, as Prometheus 3 wants them', () => {
  expect(formatPromQl({ metric: 'http.requests', labels: { 'http.route': ['/a'] }, by: ['http.route'] })).toBe(
    'sum by ("http.route") ({"http.requests","http.route"="/a"})',
  )
})

test('the counts of a heat map are the increase of each bucket in a step', () => {
  expect(formatBucketsPromQl({ metric: 'x_seconds', labels: { store: ['orders'] } }, '1m')).toBe(
    'sum by (le) (increase(x_seconds_bucket{store="orders"}[1m]))',
  )
})
