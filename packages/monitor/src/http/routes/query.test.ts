import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { queryRoutes } from './query.ts'

const endMs = 600_000

/** A history that counts the selections of its series. */
class Counting extends TimeSeries {
  selections = 0

  override select(...args: Parameters<TimeSeries['select']>): ReturnType<TimeSeries['select']> {
    this.selections++
    return super.select(...args)
  }
}

/** Ten minutes of a counter that grows by two each second, and of a gauge and a histogram, in two stores. */
function routes() {
  return queryRoutes(tenMinutes(), () => endMs)
}

function tenMinutes(): Counting {
  const history = new Counting()
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
  return history
}

async function ask(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const response = await routes().request(path)
  return { status: response.status, body: await response.json() }
}

test('a query without a function returns the current values', async () => {
  expect((await ask('/api/v1/query?metric=served_total')).body).toEqual({
    timeMs: endMs,
    series: [
      { labels: { store: 'orders' }, value: 1200 },
      { labels: { store: 'users' }, value: 1200 },
    ],
  })
})

test('label matchers select series', async () => {
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

test('a range query returns the value at each step', async () => {
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

test('series without samples are left out', async () => {
  expect((await ask('/api/v1/query?metric=unknown_total&function=rate')).body.series).toEqual([])
})

test.each([
  ['/api/v1/query', /metric must be a metric's name, got "nothing"/],
  ['/api/v1/query?metric=depth&function=median', /function must be one of value, rate, .*got "median"/],
  ['/api/v1/query?metric=depth&window=5', /window must be a time such as 30s, 5m or 1h, got "5"/],
  ['/api/v1/query?metric=took&function=quantile', /quantile is missing/],
  ['/api/v1/query?metric=depth&store=users', /store: unknown parameter; the parameters are metric, .*label\.NAME/],
  ['/api/v1/query_range?metric=depth&start=1', /step must be a time/],
  ['/api/v1/query_range?metric=depth&start=1&step=10ms', /1 to 11000 steps, got 60000/],
])('%s is rejected with the problem', async (path, expected) => {
  const { status, body } = await ask(path)
  expect(status).toBe(400)
  expect(body.error).toMatch(expected)
})

const everyStep = `start=1&end=${endMs}&step=60ms`

test('a range that reads too much is rejected with the limit and what to do', async () => {
  const history = tenMinutes()
  const stores = Array.from({ length: 40 }, (_, index) => ({
    series: { name: 'wide_depth', labels: { store: `store${index}` }, isCounter: false },
    value: index,
  }))
  history.append(endMs + 1, stores)
  const app = queryRoutes(history, () => endMs)
  const refused = await app.request(`/api/v1/query_range?metric=wide_depth&${everyStep}`)
  expect(refused.status).toBe(400)
  expect(await refused.json()).toEqual({
    error:
      'a range may read at most 300000 values, this one reads 400000 (10000 steps of 40 series): use a longer step, a later start or label matchers',
  })
  expect((await app.request(`/api/v1/query_range?metric=wide_depth&label.store=store7&${everyStep}`)).status).toBe(200)
})

test('a quantile reads every bucket, and each counts against the limit', async () => {
  const history = tenMinutes()
  const buckets = Array.from({ length: 31 }, (_, le) => ({
    series: { name: 'fine_bucket', labels: { le: String(le) }, isCounter: true },
    value: le,
  }))
  history.append(endMs + 1, buckets)
  const question = `/api/v1/query_range?metric=fine&function=quantile&quantile=0.5&${everyStep}`
  const { error } = (await (await queryRoutes(history, () => endMs).request(question)).json()) as { error: string }
  expect(error).toMatch(/310000 \(10000 steps of 31 series\)/)
})

const long = `/api/v1/query_range?metric=took&function=quantile&quantile=0.5&${everyStep}`

test('a long range does not block the event loop', async () => {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const response = await routes().request(long)
  isOver = true
  expect(response.status).toBe(200)
  expect(turns).toBeGreaterThan(3)
})

test('range queries run one at a time, and too many are rejected with Retry-After', async () => {
  const app = routes()
  const answered: string[] = []
  const askFor = async (name: string, path: string) => {
    const response = await app.request(path)
    answered.push(name)
    return response
  }
  const short = `/api/v1/query_range?metric=depth&start=${endMs - 1000}&step=1s`
  const all = [askFor('long', long), ...Array.from({ length: 15 }, () => askFor('short', short))]
  const late = await askFor('late', short)
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(16).fill(200))
  expect(answered.slice(0, 2)).toEqual(['late', 'long'])
  expect((await app.request(short)).status).toBe(200)
})

test('a range query stops when its client disconnects', async () => {
  const history = tenMinutes()
  const gone = new AbortController()
  const answer = queryRoutes(history, () => endMs).request(long, { signal: gone.signal })
  setImmediate(() => gone.abort())
  await answer
  expect(history.selections).toBeLessThan(10_000)
})
