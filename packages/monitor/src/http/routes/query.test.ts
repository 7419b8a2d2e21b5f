import { MetricsRegistry } from '@wombat/instrumentation'
import type { Hono } from 'hono'
import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { type RequestLimitOptions, RequestLimits } from '../limits/request-limits.ts'
import { QueryRunner } from '../query-runner.ts'
import { queryRoutes } from './query.ts'

const endMs = 600_000

/** A history that counts the windows that are read. */
class Counting extends TimeSeries {
  reads = 0

  override window(...args: Parameters<TimeSeries['window']>): ReturnType<TimeSeries['window']> {
    this.reads++
    return super.window(...args)
  }
}

/** Ten minutes of a counter that grows by two each second, and of a gauge and a histogram, in two stores. */
function routes(history: TimeSeries = tenMinutes()): Hono {
  return queryRoutes(new QueryRunner(history, new MetricsRegistry(), () => endMs))
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
      { series: { name: 'took_sum', labels: { store }, isCounter: true }, value: timeMs / 2000 },
      { series: { name: 'took_count', labels: { store }, isCounter: true }, value: timeMs / 1000 },
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
      { metric: 'served_total', labels: { store: 'orders' }, value: 1200 },
      { metric: 'served_total', labels: { store: 'users' }, value: 1200 },
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
  expect(body.series).toEqual([{ metric: 'took', labels: { store: 'users' }, quantile: 0.5, value: 0.55 }])
})

test('a range query returns the value at each step', async () => {
  const { body } = await ask(`/api/v1/query_range?metric=depth&label.store=users&start=${endMs - 40_000}&step=20s`)
  const points = [
    [560_000, 6],
    [580_000, 8],
    [600_000, 0],
  ]
  const series = [{ metric: 'depth', labels: { store: 'users' }, points }]
  expect(body).toEqual({ startMs: endMs - 40_000, endMs, stepMs: 20_000, series })
})

test('times may be relative to now, and points lie at multiples of the step if asked for', async () => {
  const { body } = await ask('/api/v1/query_range?metric=depth&label.store=users&start=-50s&end=-5s&step=20s&align=true')
  expect(body).toMatchObject({ startMs: 540_000, endMs: 595_000, stepMs: 20_000 })
  expect(body.series[0].points.map(([timeMs]: [number]) => timeMs)).toEqual([540_000, 560_000, 580_000])
  expect((await ask('/api/v1/query?metric=depth&time=-10s')).body.timeMs).toBe(590_000)
  expect((await ask('/api/v1/query?metric=depth&time=now')).body.timeMs).toBe(endMs)
})

test('several metrics, values of a label and quantiles are answered at once', async () => {
  const depth = await ask('/api/v1/query?metric=depth&metric=served_total&label.store=users&label.store=nothing')
  expect(depth.body.series).toEqual([
    { metric: 'depth', labels: { store: 'users' }, value: 0 },
    { metric: 'served_total', labels: { store: 'users' }, value: 1200 },
  ])
  const took = await ask('/api/v1/query?metric=took&label.store=users&function=quantile&quantile=0.5&quantile=0.9')
  expect(took.body.series.map(({ quantile }: { quantile: number }) => quantile)).toEqual([0.5, 0.9])
})

test('series are combined by labels, and without any into one', async () => {
  const asked = '/api/v1/query?metric=served_total&metric=took_count'
  expect((await ask(`${asked}&by=store`)).body.series).toEqual([
    { labels: { store: 'orders' }, value: 1800 },
    { labels: { store: 'users' }, value: 1800 },
  ])
  expect((await ask(`${asked}&by=`)).body.series).toEqual([{ labels: {}, value: 3600 }])
  expect((await ask(`${asked}&by=&aggregate=max`)).body.series).toEqual([{ labels: {}, value: 1200 }])
  expect((await ask(`${asked}&by=__name__`)).body.series).toEqual([
    { metric: 'served_total', labels: {}, value: 2400 },
    { metric: 'took_count', labels: {}, value: 1200 },
  ])
})

test('a metric of the catalog that no store reports has no series', async () => {
  const { status, body } = await ask('/api/v1/query?metric=db_evictions_total&function=rate&label.store=orders&by=store,worker')
  expect([status, body.series]).toEqual([200, []])
})

test('a large answer is sent in parts, and is valid JSON', async () => {
  const { body } = await ask(`/api/v1/query_range?metric=depth&metric=served_total&${everyStep}`)
  expect(body.series.map(({ points }: { points: [] }) => points.length)).toEqual([10_000, 10_000, 10_000, 10_000])
})

test.each([
  ['/api/v1/query', /metric is missing: it must be the name of a metric/],
  ['/api/v1/query?metric=', /metric must be 1 to 24 names of metrics, got ""/],
  ['/api/v1/query?metric=served_totl', /there is no metric "served_totl": did you mean served_total\?/],
  ['/api/v1/query?metric=db_gets', /there is no metric "db_gets"/],
  [
    '/api/v1/query?metric=took',
    /took is a histogram: use the function quantile, or its series took_bucket, took_sum, took_count/,
  ],
  ['/api/v1/query?metric=depth&function=quantile&quantile=0.5', /depth is a gauge, which has no quantiles/],
  [
    '/api/v1/query?metric=took_bucket&function=quantile&quantile=0.5',
    /took_bucket is a series of took: a quantile needs that name/,
  ],
  [
    '/api/v1/query?metric=depth&label.stor=users',
    /depth: there is no label "stor": did you mean store\?; the labels are .*store/,
  ],
  ['/api/v1/query?metric=depth&by=store,level', /there is no label "level"/],
  ['/api/v1/query?metric=depth&function=rat', /function must be one of value, rate, .*got "rat": did you mean rate\?/],
  ['/api/v1/query?metric=depth&quantile=0.5', /quantile must be left out/],
  ['/api/v1/query?metric=depth&aggregate=max', /aggregate needs by/],
  ['/api/v1/query?metric=took&function=quantile&quantile=0.5&by=le', /by must not have le/],
  [
    '/api/v1/query?metric=took&function=quantile&quantile=0.5&quantile=2',
    /quantile must be up to 10 numbers between 0 and 1, got "0.5,2"/,
  ],
  ['/api/v1/query?metric=depth&time=1&time=2', /time must be given once, got 2 values/],
  ['/api/v1/query?metric=depth&time=yesterday', /time must be a Unix time in milliseconds, now, or a time before now such as/],
  ['/api/v1/query?metric=depth&windw=5m', /windw: unknown parameter: did you mean window\?/],
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

test('an answer that would be too large is rejected with the limit and what to do', async () => {
  const history = tenMinutes()
  const stores = Array.from({ length: 400 }, (_, index) => ({
    series: { name: 'wide_depth', labels: { store: `store${index}` }, isCounter: false },
    value: index,
  }))
  history.append(endMs + 1, stores)
  const app = routes(history)
  const refused = await app.request(`/api/v1/query_range?metric=wide_depth&${everyStep}`)
  expect(refused.status).toBe(400)
  expect(await refused.json()).toEqual({
    error:
      'an answer may need at most 3000000 points, this one needs 4000000 (10000 steps of 400 series): use a longer step, a later start or label matchers',
  })
  expect((await app.request(`/api/v1/query_range?metric=wide_depth&label.store=store7&${everyStep}`)).status).toBe(200)
})

test('a quantile needs every bucket in memory, and each counts against the limit', async () => {
  const history = tenMinutes()
  const buckets = Array.from({ length: 301 }, (_, le) => ({
    series: { name: 'fine_bucket', labels: { le: String(le) }, isCounter: true },
    value: le,
  }))
  const totals = ['fine_sum', 'fine_count'].map((name) => ({ series: { name, labels: {}, isCounter: true }, value: 1 }))
  history.append(endMs + 1, [...buckets, ...totals])
  const question = `/api/v1/query_range?metric=fine&function=quantile&quantile=0.5&${everyStep}`
  const { error } = (await (await routes(history).request(question)).json()) as { error: string }
  expect(error).toMatch(/3020000 \(10000 steps of 1 series and 301 buckets\)/)
})

const long = `/api/v1/query_range?metric=took&function=quantile&quantile=0.5&${everyStep}`

/** Counts the iterations of the event loop during some work. */
async function countTurns(work: () => Promise<void>): Promise<number> {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  isOver = true
  return turns
}

test('a long range does not block the event loop', async () => {
  expect(await countTurns(async () => expect((await routes().request(long)).status).toBe(200))).toBeGreaterThan(10)
})

test('thousands of buckets at one time do not block the event loop, and neither does a sum of them', async () => {
  const history = tenMinutes()
  const bounds = [...Array.from({ length: 22 }, (_, index) => String(index)), '+Inf']
  const wide = Array.from({ length: 1000 }, (_, store) => String(store)).flatMap((store) => [
    ...bounds.map((le, index) => ({ series: { name: 'wide_bucket', labels: { store, le }, isCounter: true }, value: index })),
    { series: { name: 'wide_sum', labels: { store }, isCounter: true }, value: 1 },
    { series: { name: 'wide_count', labels: { store }, isCounter: true }, value: 22 },
  ])
  for (const timeMs of [endMs + 1, endMs + 2]) history.append(timeMs, wide)
  const app = queryRoutes(new QueryRunner(history, new MetricsRegistry(), () => endMs + 2))
  const asked = '/api/v1/query?metric=wide&function=quantile&quantile=0.9'
  for (const path of [asked, `${asked}&by=`]) {
    expect(await countTurns(async () => expect((await app.request(path)).status).toBe(200))).toBeGreaterThan(4)
  }
})

test('a few queries run at the same time, and too many are rejected with Retry-After', async () => {
  const app = routes()
  const answered: string[] = []
  const askFor = async (name: string, path: string) => {
    const response = await app.request(path)
    answered.push(name)
    return response
  }
  const short = (index: number): string => `/api/v1/query_range?metric=depth&start=${endMs - 1000 - index}&step=1s`
  const all = [askFor('long', long), ...Array.from({ length: 15 }, (_, index) => askFor('short', short(index)))]
  const late = await askFor('late', short(15))
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(16).fill(200))
  // The short ones do not wait for it.
  expect([answered[0], answered.at(-1)]).toEqual(['late', 'long'])
  expect((await app.request(short(16))).status).toBe(200)
})

test('equal queries at the same time are evaluated once', async () => {
  const history = tenMinutes()
  const app = routes(history)
  const path = '/api/v1/query?metric=served_total&function=rate'
  const answers = await Promise.all(Array.from({ length: 50 }, async () => (await app.request(path)).json()))
  expect(history.reads).toBe(2)
  expect(answers[0]).toMatchObject({ series: [{}, {}] })
  for (const answer of answers) expect(answer).toEqual(answers[0])
  await app.request(path)
  expect(history.reads).toBe(4)
})

test('a query that several wait for goes on when one of them disconnects', async () => {
  const app = routes()
  const gone = new AbortController()
  const [left, stays] = [app.request(long, { signal: gone.signal }), app.request(long)]
  gone.abort()
  expect([(await left).status, (await stays).status]).toEqual([503, 200])
})

test('a range query stops when its client disconnects', async () => {
  const history = tenMinutes()
  const gone = new AbortController()
  const answer = routes(history).request(long, { signal: gone.signal })
  setImmediate(() => gone.abort())
  await answer
  expect(history.reads).toBeLessThan(30_000)
})

/** The endpoints with other limits, and how many requests they have refused for a reason. */
function limited(options: RequestLimitOptions, history = tenMinutes()) {
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  const limits = new RequestLimits({ registry, ...options })
  const app = queryRoutes(new QueryRunner(history, registry, () => endMs, limits))
  const refused = (reason: string) => registry.counter('wombat_monitor_requests_refused_total', { reason }).value
  return { app, history, refused }
}

test('a query that would read too many samples is refused before it reads any, and counted', async () => {
  const { app, history, refused } = limited({ queryMaxSamples: 10_000 })
  const path = '/api/v1/query_range?metric=served_total&function=rate&window=5m&start=1&step=1s'
  const answer = await app.request(path)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({
    error: expect.stringMatching(
      /^a query may read at most 10000 samples \(queryMaxSamples\), this one would read \d{5} \(600 steps of 2 series, each with a window of 5m\): use a step of \d+s or longer, a later start, a shorter window or label matchers$/,
    ),
  })
  expect([history.reads, refused('cost')]).toEqual([0, 1])
  expect((await app.request(`${path.replace('step=1s', 'step=20s')}`)).status).toBe(200)
})

test('a query that takes too long is ended, whether it runs or waits', async () => {
  const { app, history, refused } = limited({ queryTimeoutMs: 20 })
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => app.request(long.replace('quantile=0.5', `quantile=0.${index + 1}`))),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(503))
  expect(await answers[0]?.json()).toEqual({
    error: expect.stringContaining('the query took longer than 20 ms (queryTimeoutMs) and was ended: use a longer step'),
  })
  expect(refused('timeout')).toBe(8)
  const { reads } = history
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(history.reads).toBe(reads)
  // The queue is free again.
  expect((await app.request(`/api/v1/query?metric=depth`)).status).toBe(200)
})

test('answers that clients do not read take a bounded part of the memory', async () => {
  const history = tenMinutes()
  const stores = Array.from({ length: 250 }, (_, index) => ({
    series: { name: 'wide_depth', labels: { store: `store${index}` }, isCounter: false },
    value: index,
  }))
  history.append(endMs + 1, stores)
  const { app, refused } = limited({}, history)
  const large = (offset: number) =>
    `/api/v1/query_range?metric=wide_depth&start=${endMs + 1 + offset}&end=${endMs + 250_000}&step=25ms`
  const unread = [await app.request(large(0)), await app.request(large(1))]
  expect(unread.map(({ status }) => status)).toEqual([200, 200])
  const third = await app.request(large(2))
  expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await third.json()).toEqual({ error: expect.stringMatching(/^answers with \d+ points are not read yet: read them/) })
  expect(refused('busy')).toBe(1)
  // A small one is answered; and the large one, too, when a client has read its answer or is gone.
  expect((await app.request('/api/v1/query?metric=depth')).status).toBe(200)
  await unread[0]?.body?.cancel()
  expect((await app.request(large(2))).status).toBe(200)
})

test('large queries run one after the other, and small ones do not wait for them', async () => {
  const history = tenMinutes()
  const read: string[] = []
  const { window } = history
  history.window = (...args) => {
    if (read.at(-1) !== args[0].name) read.push(args[0].name)
    return window.apply(history, args)
  }
  const { app, refused } = limited({ queryMaxSamples: 2_000_000 }, history)
  const answered: string[] = []
  const ask = async (path: string) => {
    const { status } = await app.request(path)
    answered.push(path)
    return status
  }
  const range = (metric: string, quarter = 0) =>
    `/api/v1/query_range?metric=${metric}&function=avg&start=${1 + quarter}&end=${endMs}&step=60ms`
  const large = [range('served_total'), range('depth'), range('took_count')]
  const small = '/api/v1/query?metric=depth'
  expect(await Promise.all([...large, small].map(ask))).toEqual([200, 200, 200, 200])
  // Each is read as a whole, whichever comes first.
  expect(read).toHaveLength(3)
  expect(answered.at(-1)).not.toBe(small)
  const many = await Promise.all(Array.from({ length: 10 }, (_, index) => ask(range('depth', index))))
  expect(many.filter((status) => status === 503)).toHaveLength(2)
  expect(refused('busy')).toBe(2)
})
