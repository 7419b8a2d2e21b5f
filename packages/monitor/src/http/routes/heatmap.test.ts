import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ExemplarHistory } from '../../history/exemplar-history.ts'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { RequestLimits } from '../limits/request-limits.ts'
import { QueryRunner } from '../query-runner.ts'
import { heatmapRoutes } from './heatmap.ts'

const endMs = 600_000

/** Two histograms in two stores: every ten seconds, one value falls into the first bucket, two into the second, and in `b` four beyond. */
async function ask(
  parameters: string,
  exemplars = new ExemplarHistory(),
  limits = new RequestLimits(),
): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const history = new TimeSeries()
  for (let timeMs = 0; timeMs <= endMs; timeMs += 10_000) {
    const count = timeMs / 10_000
    // The process of store b was restarted.
    const since = (store: string): number => (store === 'b' && timeMs > 300_000 ? count - 30 : count)
    const samples = ['a', 'b'].flatMap((store) =>
      ['get_seconds', 'set_seconds'].flatMap((name) =>
        Object.entries({ '0.1': 1, '1': 3, '+Inf': store === 'b' ? 7 : 3 }).map(([le, each]) => ({
          series: { name: `${name}_bucket`, labels: { store, le }, isCounter: true },
          value: since(store) * each,
        })),
      ),
    )
    const totals = ['get_seconds', 'set_seconds', 'odd_seconds'].flatMap((name) =>
      ['sum', 'count'].map((part) => ({
        series: { name: `${name}_${part}`, labels: { store: 'a' }, isCounter: true },
        value: 1,
      })),
    )
    const odd = { series: { name: 'odd_seconds_bucket', labels: { le: '+Inf' }, isCounter: true }, value: 1 }
    history.append(timeMs, [...samples, ...totals, odd])
  }
  const app = heatmapRoutes(new QueryRunner(history, new MetricsRegistry(), () => endMs, limits), exemplars)
  const response = await app.request(`/api/v1/heatmap?${parameters}`)
  return { status: response.status, body: await response.json() }
}

test('each column has the values of each bucket in the step that ends at its time', async () => {
  const { body } = await ask('metric=get_seconds&label.store=a&start=-40s&step=20s')
  expect(body).toEqual({
    startMs: 560_000,
    endMs,
    stepMs: 20_000,
    bounds: [0.1, 1, '+Inf'],
    columns: [
      [560_000, [2, 4, 0]],
      [580_000, [2, 4, 0]],
      [600_000, [2, 4, 0]],
    ],
  })
})

test('steps may be as short as the interval of the samples', async () => {
  const { body } = await ask('metric=get_seconds&label.store=a&start=-20s&step=10s')
  expect(body.columns.map(([, counts]: [number, number[]]) => counts)).toEqual([
    [1, 2, 0],
    [1, 2, 0],
    [1, 2, 0],
  ])
})

test('stores and metrics are added up, and a restart is no decrease', async () => {
  const { body } = await ask('metric=get_seconds&metric=set_seconds&start=280000&end=340000&step=1m&align=true')
  expect(body.startMs).toBe(240_000)
  expect(body.columns).toEqual([
    [240_000, [24, 48, 48]],
    [300_000, [24, 48, 48]],
  ])
})

test('exemplars of the range belong to the histograms that are asked for', async () => {
  const registry = new MetricsRegistry()
  const declare = { kind: 'histogram', unit: 's', description: 'A time.', attributes: ['store'], bounds: [0.1, 1] } as const
  const exemplars = new ExemplarHistory()
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  for (const name of ['get_seconds', 'set_seconds']) {
    registry.declare({ name, ...declare })
    for (const [value, timeMs] of [
      [0.5, endMs - 10_000],
      [5, endMs - 70_000],
      [0.01, endMs - 50_000],
    ] as const)
      registry.histogram(name, { store: 'a' }).setExemplar({ value, timeMs, ...ids })
  }
  for (const { definition, series } of registry.families()) for (const one of series.values()) exemplars.add(definition.name, one)
  const labels = { store: 'a' }
  const { body } = await ask('metric=get_seconds&label.store=a&start=-40s&step=20s', exemplars)
  expect(body.exemplars).toEqual([
    { metric: 'get_seconds', labels, value: 0.01, le: 0.1, timeMs: endMs - 50_000, ...ids },
    { metric: 'get_seconds', labels, value: 0.5, le: 1, timeMs: endMs - 10_000, ...ids },
  ])
  const { body: all } = await ask('metric=get_seconds&metric=set_seconds&start=-2m&step=20s', exemplars)
  expect(all.exemplars).toHaveLength(6)
  expect(all.exemplars[0]).toMatchObject({ value: 5, le: '+Inf' })
  const { body: other } = await ask('metric=get_seconds&label.store=b&start=-2m&step=20s', exemplars)
  expect(other).not.toHaveProperty('exemplars')
})

test('steps before the first sample are unknown', async () => {
  const { body } = await ask('metric=get_seconds&label.store=a&start=-1h&step=10m')
  expect(body.columns.map(([timeMs]: [number]) => timeMs)).toEqual([600_000])
})

test.each([
  ['start=-1h&step=1m', /metric is missing/],
  ['metric=get_secnds&start=-1h&step=1m', /there is no metric "get_secnds": did you mean get_seconds\?/],
  ['metric=get_seconds&metric=odd_seconds&start=-1h&step=1m', /get_seconds and odd_seconds have different buckets/],
  ['metric=get_seconds&start=-1h', /step must be a time/],
  ['metric=get_seconds&start=-1h&step=1m&function=rate', /function: unknown parameter/],
])('%s is rejected with the problem', async (parameters, expected) => {
  const { status, body } = await ask(parameters)
  expect(status).toBe(400)
  expect(body.error).toMatch(expected)
})

test('a heat map that would read too many samples is refused', async () => {
  const { status, body } = await ask(
    'metric=get_seconds&start=-5m&step=20s',
    undefined,
    new RequestLimits({ queryMaxSamples: 100 }),
  )
  expect([status, body.error]).toEqual([
    400,
    'a query may read at most 100 samples (queryMaxSamples), this one would read 192 (16 steps of 6 series, each with a window of 20s): use a later start or label matchers',
  ])
})
