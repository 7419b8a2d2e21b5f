import { expect, test } from 'vitest'
import { TimeSeries } from '../history/time-series.ts'
import { queryRoutes } from './query-routes.ts'

const endMs = 600_000

/** Ten minutes of a counter that grows by two each second, and of a gauge and a histogram, in two stores. */
function routes() {
  const history = new TimeSeries()
  for (let timeMs = 0; timeMs <= endMs; timeMs += 10_000) {
    const samples = ['orders', 'users'].flatMap((store) => [
      { series: { name: 'served_total', labels: { store }, isCounter: true }, value: timeMs / 500 },
      { series: { name: 'depth', labels: { store }, isCounter: false }, value: (timeMs / 10_000) % 10 },
      ...['0.1', '1', '+Inf'].map((le, index) => ({
        series: { name: 'took_bucket', labels: { store, le }, isCounter: true },
        value: (timeMs / 1000) * (index === 0 ? 0 : 1),
      })),
    ])
    history.append(timeMs, samples)
  }
  return queryRoutes(history, () => endMs)
}

async function ask(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const response = await routes().request(path)
  return { status: response.status, body: await response.json() }
}

test('a value is what the series are now', async () => {
  expect((await ask('/api/v1/query?metric=served_total')).body).toEqual({
    timeMs: endMs,
    series: [
      { labels: { store: 'orders' }, value: 1200 },
      { labels: { store: 'users' }, value: 1200 },
    ],
  })
})

test('matchers choose among series', async () => {
  const { body } = await ask('/api/v1/query?metric=served_total&label.store=users')
  expect(body.series.map(({ labels }: { labels: object }) => labels)).toEqual([{ store: 'users' }])
})

test.each([
  ['function=rate&window=1m', 2],
  ['function=increase&window=5m', 600],
])('%s of a counter', async (question, expected) => {
  const { body } = await ask(`/api/v1/query?metric=served_total&label.store=users&${question}`)
  expect(body.series[0].value).toBeCloseTo(expected, 6)
})

test.each([
  ['min', 0],
  ['max', 9],
  ['avg', 4.5],
])('the %s of a gauge over a window', async (name, expected) => {
  const { body } = await ask(`/api/v1/query?metric=depth&label.store=users&function=${name}&window=100s&time=${endMs - 10_000}`)
  expect(body.series[0].value).toBeCloseTo(expected, 9)
})

test('a quantile of a histogram lies in its bucket', async () => {
  const { body } = await ask('/api/v1/query?metric=took&label.store=users&function=quantile&quantile=0.5&window=5m')
  expect(body.series).toEqual([{ labels: { store: 'users' }, value: 0.55 }])
})

test('a range is the same, step by step', async () => {
  const { body } = await ask(`/api/v1/query_range?metric=depth&label.store=users&start=${endMs - 40_000}&step=20s`)
  expect(body.series).toEqual([
    {
      labels: { store: 'users' },
      points: [
        [560_000, 6],
        [580_000, 8],
        [600_000, 0],
      ],
    },
  ])
})

test('what has no samples has no answer', async () => {
  expect((await ask('/api/v1/query?metric=unknown_total&function=rate')).body.series).toEqual([])
})

test.each([
  ['/api/v1/query', /metric must be a metric's name, got "nothing"/],
  ['/api/v1/query?metric=depth&function=median', /function must be one of value, rate, .*got "median"/],
  ['/api/v1/query?metric=depth&window=5', /window must be a time such as 30s, 5m or 1h, got "5"/],
  ['/api/v1/query?metric=took&function=quantile', /quantile is missing/],
  ['/api/v1/query?metric=depth&store=users', /store: no such parameter; there are metric, .*label\.NAME/],
  ['/api/v1/query_range?metric=depth&start=1', /step must be a time/],
  ['/api/v1/query_range?metric=depth&start=1&step=10ms', /1 to 11000 steps, got 60000/],
])('%s is refused with what is wrong', async (path, expected) => {
  const { status, body } = await ask(path)
  expect(status).toBe(400)
  expect(body.error).toMatch(expected)
})
