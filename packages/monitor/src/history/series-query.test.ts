import { expect, test } from 'vitest'
import { EventLoopTurns } from '../time/event-loop-turns.ts'
import { runAtOnce, TimeSlices } from '../time/time-slices.ts'
import { TimeSeries } from './memory/time-series.ts'
import * as queries from './queries.ts'
import type { HistorySeries } from './series.ts'
import {
  completeHistograms,
  evaluateGroups,
  groupSeries,
  QueryError,
  type SeriesQuery,
  type SeriesResult,
  type Steps,
  selectSeries,
} from './series-query.ts'

const stepMs = 10_000
const endMs = 1_800_000

/**
 * Half an hour of counters, gauges and two histograms in three stores. Store `c` begins late, and the counter of `b` is reset: what PromQL
 * adds up at a step are the series that have a value there.
 */
function createHistory(): TimeSeries {
  const history = new TimeSeries()
  for (let timeMs = 0; timeMs <= endMs; timeMs += stepMs) {
    const seconds = timeMs / 1000
    const stores = timeMs >= 900_000 ? ['a', 'b', 'c'] : ['a', 'b']
    const samples = stores.flatMap((store, index) => {
      const counter = store === 'b' && timeMs > 1_200_000 ? seconds - 1200 : seconds * (index + 1.1)
      const bucket = (name: string, le: string, value: number) => ({
        series: { name: `${name}_bucket`, labels: { store, le }, isCounter: true },
        value,
      })
      return [
        { series: { name: 'served_total', labels: { store, kind: 'x' }, isCounter: true }, value: counter },
        { series: { name: 'served_total', labels: { store, kind: 'y' }, isCounter: true }, value: 3 * counter },
        { series: { name: 'depth', labels: { store }, isCounter: false }, value: Math.sin(seconds) * (index + 1) },
        ...['get_seconds', 'set_seconds'].flatMap((name, factor) => [
          bucket(name, '0.1', seconds * (index + 1)),
          bucket(name, '1', seconds * (index + 2 + factor)),
          bucket(name, '+Inf', seconds * (index + 3 + 2 * factor)),
        ]),
        bucket('other_seconds', '+Inf', seconds),
      ]
    })
    history.append(timeMs, samples)
  }
  return history
}

const rates = (...values: Parameters<typeof queries.rates>) => runAtOnce(queries.rates(...values))
const instantValues = (...values: Parameters<typeof queries.instantValues>) => runAtOnce(queries.instantValues(...values))
const bucketRates = (...values: Parameters<typeof queries.bucketRates>) => runAtOnce(queries.bucketRates(...values))
const sumBy = (...values: Parameters<typeof queries.sumBy>) => runAtOnce(queries.sumBy(...values))
const quantiles = (...values: Parameters<typeof queries.quantiles>) => runAtOnce(queries.quantiles(...values))

const history = createHistory()
const times: Steps = { startMs: 600_000, stepMs: 45_000, count: 27 }

async function evaluate(query: SeriesQuery, steps = times): Promise<SeriesResult[]> {
  const slices = new TimeSlices({ pause: 'turn', turns: new EventLoopTurns({ budgetMs: 1 }) })
  const groups = await groupSeries(query, await selectSeries(history, query, slices), slices)
  return evaluateGroups(history, query, groups, steps, slices)
}

/** Expects the results to be, at each step, what another evaluation of PromQL at one time returns. */
async function expectEqual(query: SeriesQuery, atTime: (timeMs: number) => readonly queries.LabeledValue[]): Promise<void> {
  const results = await evaluate(query)
  for (let index = 0; index < times.count; index++) {
    const got = results.flatMap(({ labels, values }) => {
      const value = values.at(index)
      return value === undefined ? [] : [{ labels, value }]
    })
    const expected = atTime(times.startMs + index * times.stepMs).map(({ labels, value }) => ({
      labels,
      value: expect.closeTo(value, 9),
    }))
    expect(got).toHaveLength(expected.length)
    expect(got).toEqual(expect.arrayContaining(expected))
  }
}

const windowMs = 300_000

test('rate(served_total[5m])', async () => {
  const query = { metrics: ['served_total'], function: 'rate', windowMs } as const
  await expectEqual(query, (timeMs) => rates(history, { metric: 'served_total' }, windowMs, timeMs))
})

test('sum by (store) (rate(served_total[5m]))', async () => {
  const query = { metrics: ['served_total'], function: 'rate', windowMs, by: ['store'] } as const
  await expectEqual(query, (timeMs) => sumBy(rates(history, { metric: 'served_total' }, windowMs, timeMs), ['store']))
})

test('sum(depth)', async () => {
  const query = { metrics: ['depth'], function: 'value', by: [] } as const
  await expectEqual(query, (timeMs) => sumBy(instantValues(history, { metric: 'depth' }, timeMs), []))
})

test.each(['max', 'min', 'avg'] as const)('%s by (kind) (served_total)', async (aggregation) => {
  const combine = {
    max: (values: number[]) => Math.max(...values),
    min: (values: number[]) => Math.min(...values),
    avg: (values: number[]) => values.reduce((sum, value) => sum + value) / values.length,
  }[aggregation]
  const query = { metrics: ['served_total'], function: 'value', by: ['kind'], aggregation } as const
  await expectEqual(query, (timeMs) => {
    const values = instantValues(history, { metric: 'served_total' }, timeMs)
    const groups = Map.groupBy(values, ({ labels }) => labels['kind'] ?? '')
    return [...groups].map(([kind, group]) => ({ labels: { kind }, value: combine(group.map(({ value }) => value)) }))
  })
})

test('histogram_quantile(0.9, rate(get_seconds_bucket[5m]))', async () => {
  const query = { metrics: ['get_seconds'], function: 'quantile', quantiles: [0.9], windowMs } as const
  await expectEqual(query, (timeMs) => quantiles(bucketRates(history, { metric: 'get_seconds' }, windowMs, timeMs), 0.9))
})

test('histogram_quantile(0.9, sum by (le) (rate({__name__=~"(get|set)_seconds_bucket"}[5m])))', async () => {
  const query = { metrics: ['get_seconds', 'set_seconds'], function: 'quantile', quantiles: [0.9], windowMs, by: [] } as const
  await expectEqual(query, (timeMs) => {
    const buckets = ['get_seconds', 'set_seconds'].flatMap((metric) => bucketRates(history, { metric }, windowMs, timeMs))
    return quantiles(sumBy(buckets, ['le']), 0.9)
  })
})

test('__name__ keeps the metrics apart, and each quantile is a series', async () => {
  const query = {
    metrics: ['get_seconds', 'set_seconds'],
    function: 'quantile',
    quantiles: [0.5, 0.99],
    by: ['__name__'],
  } as const
  const identities = (await evaluate(query)).map(({ metric, labels, quantile }) => ({ metric, labels, quantile }))
  expect(identities).toEqual([
    { metric: 'get_seconds', labels: {}, quantile: 0.5 },
    { metric: 'get_seconds', labels: {}, quantile: 0.99 },
    { metric: 'set_seconds', labels: {}, quantile: 0.5 },
    { metric: 'set_seconds', labels: {}, quantile: 0.99 },
  ])
})

test('a label matches any of its values, and a missing label equals the empty string', async () => {
  const stores = async (...where: Array<[string, string[]]>) => {
    const matchers = new Map(where.map(([label, values]) => [label, new Set(values)]))
    const results = await evaluate({ metrics: ['depth'], function: 'value', where: matchers })
    return results.map(({ labels }) => labels['store'])
  }
  expect(await stores(['store', ['a', 'c']])).toEqual(['a', 'c'])
  expect(await stores(['store', ['b', 'nothing']])).toEqual(['b'])
  expect(await stores(['kind', ['x']])).toEqual([])
  expect(await stores(['kind', ['x', '']])).toEqual(['a', 'b', 'c'])
})

test('a series without a value at a step has none there', async () => {
  const where = new Map([['store', new Set(['c'])]])
  const [result] = await evaluate({ metrics: ['depth'], function: 'value', where }, { startMs: 890_000, stepMs, count: 2 })
  expect([result?.values.at(0), result?.values.at(1)]).toEqual([undefined, expect.any(Number)])
})

test('NaN is the maximum only of NaN, as in PromQL', async () => {
  const own = new TimeSeries()
  own.append(
    1000,
    [Number.NaN, 2, Number.NaN, Number.NaN].map((value, index) => {
      return { series: { name: 'g', labels: { group: index < 3 ? 'a' : 'b', index: String(index) }, isCounter: false }, value }
    }),
  )
  const slices = new TimeSlices()
  const query = { metrics: ['g'], function: 'value', by: ['group'], aggregation: 'max' } as const
  const groups = await groupSeries(query, await selectSeries(own, query, slices), slices)
  const results = await evaluateGroups(own, query, groups, { startMs: 1000, stepMs, count: 1 }, slices)
  expect(results.map(({ values }) => values.at(0))).toEqual([2, Number.NaN])
})

test('histograms with different buckets are not added up', async () => {
  const query = { metrics: ['get_seconds', 'other_seconds'], function: 'quantile', quantiles: [0.5], by: ['store'] } as const
  await expect(evaluate(query)).rejects.toThrow(
    new QueryError(
      'get_seconds and other_seconds have different buckets, so no quantile of their sum is known: add __name__ to by, or ask for one of them',
    ),
  )
})

test('a histogram of which a bucket is missing is left out and counted', async () => {
  const bucket = (name: string, store: string, le: string): HistorySeries => ({ name, labels: { store, le }, isCounter: true })
  const own = ['a', 'b'].flatMap((store) => ['1', '2', '+Inf'].map((le) => bucket('own_seconds_bucket', store, le)))
  const cut = own.filter(({ labels }) => labels['store'] === 'a' || labels['le'] !== '2')
  expect(await completeHistograms(own, new TimeSlices())).toEqual({ buckets: own, incomplete: 0 })
  expect(await completeHistograms(cut, new TimeSlices())).toEqual({ buckets: own.slice(0, 3), incomplete: 1 })
  // How many buckets a metric of the catalog has is known, even if all of its histograms lack some.
  const gets = ['1', '+Inf'].map((le) => bucket('db_get_latency_seconds_bucket', 'a', le))
  expect(await completeHistograms(gets, new TimeSlices())).toEqual({ buckets: [], incomplete: 1 })
})
