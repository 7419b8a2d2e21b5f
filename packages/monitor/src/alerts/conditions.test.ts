import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import { runAtOnce } from '../time/time-slices.ts'
import {
  breachedValues,
  type Condition,
  conditionDirection,
  conditionNames,
  conditionSeries,
  conditionShape,
  evaluateCondition,
  isAbsent,
} from './conditions.ts'

const intervalMs = 10_000
const windowMs = 60_000
const nowMs = windowMs
const stores = ['orders', 'users'] as const

/**
 * A minute of samples of two stores: a gauge `depth` that grows by 1 (orders) or 3 (users) per second from 0, its limit of 1000, a
 * counter of requests that grows by 10 per second, one of failures by 1 (orders) or 3 (users), and a histogram of which half is
 * below 0.1 and half below 0.2.
 */
function createHistory(): TimeSeries {
  const history = new TimeSeries({ intervalMs })
  for (let timeMs = 0; timeMs <= nowMs; timeMs += intervalMs) {
    const seconds = timeMs / 1000
    const samples = stores.flatMap((store) => {
      const perSecond = store === 'orders' ? 1 : 3
      const gauge = (name: string, value: number) => ({ series: { name, labels: { store }, isCounter: false }, value })
      const counter = (name: string, value: number, le?: string) => {
        return { series: { name, labels: { store, ...(le !== undefined && { le }) }, isCounter: true }, value: value + 1000 }
      }
      return [
        gauge('depth', perSecond * seconds),
        gauge('limit', 1000),
        counter('requests_total', 10 * seconds),
        counter('failures_total', perSecond * seconds),
        counter('latency_bucket', 5 * seconds, '0.1'),
        counter('latency_bucket', 10 * seconds, '0.2'),
        counter('latency_bucket', 10 * seconds, '+Inf'),
      ]
    })
    history.append(timeMs, samples)
  }
  return history
}

/** Conditions that hold for one store only, and the value for which they hold. */
const cases: ReadonlyArray<readonly [Condition, Record<string, number>]> = [
  [{ condition: 'metric_above', metric: 'depth', threshold: 60 }, { users: 180 }],
  [{ condition: 'metric_below', metric: 'depth', threshold: 180 }, { orders: 60 }],
  [{ condition: 'metric_absent', metric: 'depth', where: { store: 'sessions' } }, { sessions: 1 }],
  [{ condition: 'rate_above', metric: 'failures_total', windowMs, threshold: 2 }, { users: 3 }],
  [{ condition: 'rate_below', metric: 'failures_total', windowMs, threshold: 2 }, { orders: 1 }],
  [{ condition: 'ratio_above', metric: 'failures_total', of: 'requests_total', windowMs, threshold: 0.2 }, { users: 0.3 }],
  [{ condition: 'ratio_below', metric: 'failures_total', of: 'requests_total', windowMs, threshold: 0.2 }, { orders: 0.1 }],
  [{ condition: 'share_above', metric: 'depth', of: 'limit', threshold: 0.1 }, { users: 0.18 }],
  [{ condition: 'share_below', metric: 'depth', of: 'limit', threshold: 0.1 }, { orders: 0.06 }],
  [
    { condition: 'quantile_above', metric: 'latency', quantile: 0.75, where: { store: 'users' }, windowMs, threshold: 0.1 },
    { users: 0.15 },
  ],
  [
    { condition: 'quantile_below', metric: 'latency', quantile: 0.25, where: { store: 'orders' }, windowMs, threshold: 0.1 },
    { orders: 0.05 },
  ],
  [{ condition: 'forecast_above', metric: 'depth', windowMs, aheadMs: 60_000, threshold: 200 }, { users: 360 }],
  [{ condition: 'forecast_below', metric: 'depth', windowMs, aheadMs: 60_000, threshold: 200 }, { orders: 120 }],
]

test.each(cases)('$condition holds for the series past its threshold', (condition, expected) => {
  const breached = runAtOnce(breachedValues(condition, createHistory(), nowMs))
  expect(Object.keys(expected)).toEqual(breached.map(({ labels }) => labels['store']))
  for (const { labels, value } of breached) expect(value).toBeCloseTo(expected[labels['store'] ?? ''] ?? Number.NaN, 9)
})

test.each(conditionNames)('the direction of %s is the last part of its name', (condition) => {
  expect(condition.endsWith(`_${conditionDirection({ condition })}`)).toBe(true)
})

test.each(conditionNames)('%s has a threshold unless it is about missing series', (condition) => {
  const shape = conditionShape(condition) ?? {}
  expect('threshold' in shape).toBe(conditionDirection({ condition }) !== 'absent')
  expect(Object.keys(shape)).toEqual(expect.arrayContaining(['metric', 'where']))
})

test('an unknown name has no fields', () => {
  expect(conditionShape('metric_over')).toBe(undefined)
  expect(conditionShape('toString')).toBe(undefined)
})

test('with `by`, series that share these labels are added up before the comparison', () => {
  const condition: Condition = {
    condition: 'ratio_above',
    metric: 'failures_total',
    of: 'requests_total',
    by: [],
    windowMs,
    threshold: 0.1,
  }
  expect(runAtOnce(breachedValues(condition, createHistory(), nowMs))).toEqual([{ labels: {}, value: expect.closeTo(0.2, 9) }])
})

test('a comparison is strict, and NaN is never compared', () => {
  const history = createHistory()
  expect(runAtOnce(breachedValues({ condition: 'metric_above', metric: 'depth', threshold: 180 }, history, nowMs))).toEqual([])
  const zeroByZero: Condition = { condition: 'share_below', metric: 'depth', of: 'depth', threshold: 2 }
  expect(runAtOnce(evaluateCondition(zeroByZero, history, 0))).toEqual([])
})

test('a quantile reads the buckets of its histogram, and is absent without them', () => {
  const condition: Condition = { condition: 'quantile_above', metric: 'latency', quantile: 0.9, threshold: 1 }
  expect(conditionSeries(condition)).toBe('latency_bucket')
  expect(runAtOnce(isAbsent(condition, createHistory(), nowMs))).toBe(false)
  expect(runAtOnce(isAbsent({ ...condition, metric: 'latency_bucket' }, createHistory(), nowMs))).toBe(true)
})
