import { expect, test } from 'vitest'
import { TimeSeries } from './memory/time-series.ts'
import { countSeries, divide, type InstantQuery, queryAt, sumBy } from './queries.ts'

/** A minute of samples every ten seconds: a gauge 0, 1, 2 … 6, a counter that grows by 2 per second, and a histogram. */
function createHistory(): TimeSeries {
  const history = new TimeSeries()
  for (let index = 0; index <= 6; index++) {
    const seconds = index * 10
    const bucket = (le: string, value: number) => {
      return { series: { name: 'latency_bucket', labels: { store: 'orders', le }, isCounter: true }, value: value + 1000 }
    }
    history.append(seconds * 1000, [
      { series: { name: 'depth', labels: { store: 'orders' }, isCounter: false }, value: index },
      { series: { name: 'requests_total', labels: { store: 'orders' }, isCounter: true }, value: 1000 + 2 * seconds },
      bucket('0.1', 5 * seconds),
      bucket('0.2', 10 * seconds),
      bucket('+Inf', 10 * seconds),
    ])
  }
  return history
}

test.each<[InstantQuery, number]>([
  [{ metric: 'depth', function: 'value' }, 6],
  [{ metric: 'requests_total', function: 'rate', window: 60_000 }, 2],
  [{ metric: 'requests_total', function: 'increase', window: 60_000 }, 120],
  [{ metric: 'latency', function: 'quantile', quantile: 0.75, window: 60_000 }, 0.15],
  [{ metric: 'depth', function: 'min', window: 30_000 }, 4],
  [{ metric: 'depth', function: 'max', window: 30_000 }, 6],
  [{ metric: 'depth', function: 'avg', window: 30_000 }, 5],
])('%o is evaluated for each series', (query, expected) => {
  expect(queryAt(createHistory(), query, 60_000)).toEqual([{ labels: { store: 'orders' }, value: expect.closeTo(expected, 9) }])
})

test('series without a value are left out', () => {
  const history = createHistory()
  expect(queryAt(history, { metric: 'depth', function: 'value', where: { store: 'users' } }, 60_000)).toEqual([])
  expect(queryAt(history, { metric: 'depth', function: 'avg', window: 1000 }, 65_000)).toEqual([])
  expect(queryAt(history, { metric: 'requests_total', function: 'rate', window: 5000 }, 60_000)).toEqual([])
})

test('a quantile reads one series per bucket', () => {
  expect(countSeries(createHistory(), { metric: 'latency', function: 'quantile' })).toBe(3)
  expect(countSeries(createHistory(), { metric: 'depth', function: 'value' })).toBe(1)
})

const values = [
  { labels: { store: 'orders', level: '0' }, value: 1 },
  { labels: { store: 'orders', level: '1' }, value: 2 },
  { labels: { store: 'users', level: '0' }, value: 4 },
]

test('values are added up by labels, and stay as they are without any', () => {
  expect(sumBy(values, ['store'])).toEqual([
    { labels: { store: 'orders' }, value: 3 },
    { labels: { store: 'users' }, value: 4 },
  ])
  expect(sumBy(values, undefined)).toEqual(values)
})

test('values are divided by the value with the same labels', () => {
  const divisors = [
    { labels: { store: 'orders' }, value: 2 },
    { labels: { store: 'users' }, value: 0 },
  ]
  expect(divide(sumBy(values, ['store']), divisors)).toEqual([
    { labels: { store: 'orders' }, value: 1.5 },
    { labels: { store: 'users' }, value: Number.POSITIVE_INFINITY },
  ])
  expect(divide(values, divisors)).toEqual([])
})
