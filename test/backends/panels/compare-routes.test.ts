import type { Sample } from '@wombat/test-support/sample'
import { expect, test } from 'vitest'
import { routeErrors, valueDifferences } from './compare-routes.ts'
import { dashboardQueries, type Route, type RoutedQuery, withoutLowerLimit } from './panel-query.ts'
import type { QueryResult } from './results.ts'
import { generatedRules, ruleQueries, withoutComparison } from './rule-query.ts'

const queueDepth = findQuery('overview', 'Queue depth, A')
const blockCache = findQuery('engine', 'Block cache, A')
const stallTime = findQuery('fleet', 'Most write stall time, A')

function findQuery(from: string, title: string): RoutedQuery {
  const found = dashboardQueries().find((query) => query.from === from && query.title === title)
  if (found === undefined) throw new Error(`${from} has no ${title}`)
  return found
}

const sample = (value: number, labels: Readonly<Record<string, string>> = { store: 'orders' }): Sample => {
  return { name: '', labels, value }
}

const result = (query: RoutedQuery, prometheus: Sample[], victoriaMetrics: Sample[] = prometheus): QueryResult => {
  return { query, samples: { prometheus, victoriaMetrics } }
}

/** Returns the query with another metric name. */
function renamed(query: RoutedQuery): RoutedQuery {
  const expr = query.expr.prometheus.replaceAll('db_queue_depth', 'db_queue_length')
  return { ...query, expr: { prometheus: expr, victoriaMetrics: expr } }
}

test('the same result on both routes is no error', async () => {
  expect(await routeErrors([result(queueDepth, [sample(1)])], ['leveldb'])).toEqual([])
})

test.each<[Route, QueryResult]>([
  ['prometheus', result(queueDepth, [], [sample(1)])],
  ['victoriaMetrics', result(queueDepth, [sample(1)], [])],
])('a result missing in %s only is an error', async (route, incomplete) => {
  expect(await routeErrors([incomplete], ['leveldb'])).toEqual([`overview: Queue depth, A: no result from ${route}`])
})

test('a panel that every engine fills must have a result', async () => {
  expect(await routeErrors([result(queueDepth, [])], ['leveldb'])).toHaveLength(2)
})

test('a metric that is not in the catalog is an error, with and without a result', async () => {
  const errors = ['overview: Queue depth, A: queries db_queue_length, which is not in the metric catalog']
  expect(await routeErrors([result(renamed(queueDepth), [])], ['leveldb'])).toEqual(errors)
  expect(await routeErrors([result(renamed(queueDepth), [sample(1)])], ['leveldb'])).toEqual(errors)
})

test('a series on one route only is an error; labels that the backends add are ignored', async () => {
  const [scraped, sent] = [sample(1, { store: 'orders', instance: 'a:1' }), sample(1, { store: 'orders', service_name: 'shop' })]
  expect(await routeErrors([result(queueDepth, [scraped], [sent])], ['leveldb'])).toEqual([])
  expect(await routeErrors([result(queueDepth, [scraped], [sent, sample(2, { store: 'users' })])], ['leveldb'])).toHaveLength(1)
})

test('a panel may be empty if the engine does not report it and the no-value text names one that does', async () => {
  expect(await routeErrors([result(blockCache, [])], ['leveldb'])).toEqual([])
  const withoutEngines = { ...blockCache, panel: { noValue: 'No data', metrics: blockCache.metrics } }
  expect(await routeErrors([result(withoutEngines, [])], ['leveldb'])).toEqual([
    'engine: Block cache, A: no result, and the no-value text names no engine: No data',
  ])
  expect(await routeErrors([result(blockCache, [])], ['rocksdb'])).toHaveLength(2)
  expect(await routeErrors([result(blockCache, [sample(1)])], ['leveldb'])).toHaveLength(1)
})

test('a panel of values above 0 may be empty, and is also queried without that limit', async () => {
  expect(await routeErrors([result(stallTime, [])], ['leveldb'])).toEqual([])
  const withoutLimit = findQuery('fleet', 'Most write stall time, A, without limit')
  expect(await routeErrors([result(withoutLimit, [])], ['leveldb'])).toHaveLength(2)
})

test('only constant values are compared', () => {
  const rounds = (...values: ReadonlyArray<readonly [number, number]>) =>
    values.map(([scraped, sent]) => [result(queueDepth, [sample(scraped)], [sample(sent)])])
  expect(valueDifferences(rounds([1, 1], [1, 1]))).toEqual([])
  expect(valueDifferences(rounds([1, 2], [1, 2]))).toHaveLength(1)
  expect(valueDifferences(rounds([2, 2], [1, 2]))).toEqual([])
})

test.each([
  ['a / b > 0.05', 'a / b'],
  ['(h > 0.1) and (rate(a[5m]) > 1)', '(h) and (rate(a[5m]))'],
  ['s:x > 14.4 * 0.001 and t * 3600 >= 100', 's:x and t * 3600'],
  ['absent(db_store_info)', 'db_store_info'],
])('%s without its comparison is %s', (expression, expected) => {
  expect(withoutComparison(expression)).toBe(expected)
})

test('rule queries contain no recorded series for VictoriaMetrics, and alert queries no comparison', () => {
  const rules = ruleQueries(generatedRules())
  expect(rules.length).toBeGreaterThan(200)
  for (const { expr, title, from } of rules) {
    expect(expr.victoriaMetrics, title).not.toMatch(/\w:\w/)
    if (from !== 'wombat-recording.yaml') expect(expr.prometheus, title).not.toMatch(/[<>]/)
  }
  expect(new Set(rules.map(({ from, title }) => `${from} ${title}`)).size).toBe(rules.length)
})

test('an ended alert may stay longer in VictoriaMetrics, and none may be missing there', async () => {
  const alerts = findQuery('overview', 'Pending and firing alerts, A')
  expect(await routeErrors([result(alerts, [sample(1)], [sample(1), sample(1, { store: 'users' })])], ['leveldb'])).toEqual([])
  expect(await routeErrors([result(alerts, [sample(1), sample(1, { store: 'users' })], [sample(1)])], ['leveldb'])).toHaveLength(
    1,
  )
})

test.each([
  ['topk(10, (sum(a)) > 0)', 'topk(10, (sum(a)))'],
  ['topk(10, ((sum(a)) > 0))', 'topk(10, ((sum(a))))'],
  ['(sum(a)) > 0', '(sum(a))'],
  ['count((sum(a)) > 0)', undefined],
  ['(sum(a)) / ((b) > 0)', undefined],
  ['(a / ((b) > 0))', undefined],
  ['sum(a)', undefined],
])('%s without its limit is %s', (expression, expected) => {
  expect(withoutLowerLimit(expression)).toBe(expected)
})
