import { expect, test } from 'vitest'
import type { CatalogMetric } from '../../api/types.ts'
import { chooseMetric, chooseValues, findMetric, functionsOf, joinBy, readChoice, toRangeQuery } from './explore-choice.ts'

const catalog: readonly CatalogMetric[] = [
  { name: 'db_get_operations_total', kind: 'counter', unit: '{operation}', labels: ['store'], series: 2 },
  { name: 'db_level_files', kind: 'gauge', unit: '{file}', labels: ['store', 'level'], series: 14 },
  { name: 'db_get_latency_seconds', kind: 'histogram', unit: 's', labels: ['store'], series: 2 },
  { name: 'rpc_seconds', kind: 'summary', unit: 's', labels: [], series: 1 },
]

function choose(parameters: Readonly<Record<string, string>>) {
  const metric = parameters['metric'] ?? ''
  return readChoice(parameters, metric, findMetric(catalog, metric))
}

test('each kind of metric has the functions that make sense for it, the usual one first', () => {
  const offered = (name: string) => functionsOf(findMetric(catalog, name))
  expect(offered('db_get_operations_total')).toEqual(['rate', 'increase', 'value'])
  expect(offered('db_level_files')).toEqual(['value', 'min', 'avg', 'max'])
  expect(offered('db_get_latency_seconds')).toEqual(['quantile'])
  expect(offered('db_get_latency_seconds_count')).toEqual(['rate', 'increase', 'value'])
  expect(offered('rpc_seconds_sum')).toEqual(['rate', 'increase', 'value'])
  expect(offered('db_unknown')).toEqual(['value'])
})

test('the address has everything that is chosen', () => {
  const query = toRangeQuery(
    choose({
      metric: 'db_level_files',
      function: 'max',
      window: '5m',
      'label.level': '0,1',
      'label.store': 'orders,a%2Cb%25',
      by: 'store,level',
      aggregate: 'avg',
    }),
  )
  expect(query).toEqual({
    metric: 'db_level_files',
    function: 'max',
    window: '5m',
    labels: { level: ['0', '1'], store: ['orders', 'a,b%'] },
    by: ['store', 'level'],
    aggregate: 'avg',
  })
})

test('what is not chosen has a default that fits the metric', () => {
  expect(choose({ metric: 'db_get_latency_seconds' })).toMatchObject({
    function: 'quantile',
    quantiles: [0.5, 0.95, 0.99],
    chart: 'logarithmic',
    by: undefined,
  })
  expect(choose({ metric: 'db_get_operations_total' })).toMatchObject({ function: 'rate', quantiles: [], chart: 'lines' })
})

test('what the page does not offer reaches the server, which says what is wrong', () => {
  expect(toRangeQuery(choose({ metric: 'db_get_operations_total', function: 'rat', window: 'x' }))).toMatchObject({
    function: 'rat',
    window: 'x',
  })
})

test('results are added up over all labels if by has only a comma', () => {
  expect(choose({ metric: 'db_level_files', by: joinBy([]) ?? '' }).by).toEqual([])
})

test('the store of the page is a condition on the label store, if the metric has it', () => {
  expect(choose({ metric: 'db_level_files', store: 'orders', 'label.store': 'a,b' }).labels).toEqual({ store: ['orders'] })
  expect(choose({ metric: 'rpc_seconds_count', store: 'orders' }).labels).toEqual({})
  expect(chooseValues('store', ['orders'])).toEqual({ store: 'orders', 'label.store': undefined })
  expect(chooseValues('store', ['orders', 'users'])).toEqual({ store: undefined, 'label.store': 'orders,users' })
  expect(chooseValues('level', [])).toEqual({ 'label.level': undefined })
})

test('another metric keeps what makes sense for it, too', () => {
  const parameters = { metric: 'db_level_files', function: 'max', 'label.level': '0', by: 'store,level', window: '5m' }
  const next = 'db_get_operations_total'
  expect(chooseMetric(next, findMetric(catalog, next), parameters)).toEqual({
    metric: next,
    function: undefined,
    'label.level': undefined,
    by: 'store',
    aggregate: undefined,
    chart: undefined,
    quantile: undefined,
  })
})
