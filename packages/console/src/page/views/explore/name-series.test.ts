import { expect, test } from 'vitest'
import { compareSeries, compareValues, nameSeries } from './name-series.ts'

test('a series is named by what tells it from the others', () => {
  const names = nameSeries([{ labels: { store: 'a', level: '0' } }, { labels: { store: 'a', level: '1' } }], 'files')
  expect(names).toEqual(['0', '1'])
})

test('series that differ in several labels have the names of the labels, too', () => {
  const names = nameSeries([{ labels: { store: 'a', level: '0' } }, { labels: { store: 'b', level: '1' } }], 'files')
  expect(names).toEqual(['store=a level=0', 'store=b level=1'])
})

test('quantiles are told apart', () => {
  const quantiles = [0.5, 0.99].map((quantile) => ({ labels: { store: 'a' }, quantile }))
  expect(nameSeries(quantiles, 'latency')).toEqual(['a P50', 'a P99'])
  expect(nameSeries([{ labels: {}, quantile: 0.5 }], 'latency')).toEqual(['P50'])
})

test('a series without labels has the name of what is asked for', () => {
  expect(nameSeries([{ labels: {} }], 'db_queue_depth')).toEqual(['db_queue_depth'])
})

test('bounds of buckets are in the order of their numbers, and names in that of their letters and digits', () => {
  expect(['+Inf', '0.00001', '1', '0.000001'].sort(compareValues)).toEqual(['0.000001', '0.00001', '1', '+Inf'])
  expect(['shard10', 'orders', 'shard2'].sort(compareValues)).toEqual(['orders', 'shard2', 'shard10'])
})

test('series are in the order of their labels, then of their quantiles', () => {
  const sorted = [
    { labels: { store: 'b', le: '0.5' } },
    { labels: { store: 'a', le: '+Inf' } },
    { labels: { store: 'a', le: '0.5' }, quantile: 0.99 },
    { labels: { store: 'a', le: '0.5' }, quantile: 0.5 },
  ].sort(compareSeries)
  expect(nameSeries(sorted, '')).toEqual(['store=a le=0.5 P50', 'store=a le=0.5 P99', 'store=a le=+Inf', 'store=b le=0.5'])
})
