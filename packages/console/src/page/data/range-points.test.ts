import { expect, test } from 'vitest'
import type { RangePoint } from '../api/generated/api.ts'
import { dividePoints, mergePoints, missingFrom } from './range-points.ts'
import { alignDown, chooseStepMs } from './steps.ts'

const series = (store: string, ...points: [number, number][]) => ({ labels: { store }, points })

test('only what is new is asked for, from the last known step on', () => {
  const known = mergePoints(undefined, [series('orders', [0, 1], [10, 2])], { fromMs: 0, endMs: 10, keepFromMs: 0 })
  expect(missingFrom(known, 0, 10, 10)).toBeUndefined()
  expect(missingFrom(known, 0, 19, 10)).toBeUndefined()
  expect(missingFrom(known, 10, 20, 10)).toBe(10)
})

test('everything is asked for if the range begins before what is known, or after it', () => {
  const known = mergePoints(undefined, [], { fromMs: 100, endMs: 200, keepFromMs: 100 })
  expect(missingFrom(undefined, 0, 10, 10)).toBe(0)
  expect(missingFrom(known, 50, 200, 10)).toBe(50)
  expect(missingFrom(known, 300, 400, 10)).toBe(300)
})

test('new points replace those of the same time and follow the others', () => {
  const known = mergePoints(undefined, [series('orders', [0, 1], [10, 2])], { fromMs: 0, endMs: 10, keepFromMs: 0 })
  const merged = mergePoints(known, [series('orders', [10, 3], [20, 4])], { fromMs: 10, endMs: 20, keepFromMs: 0 })
  expect(merged.series[0]?.points).toEqual([
    [0, 1],
    [10, 3],
    [20, 4],
  ])
})

test('points before the range are dropped, and with them series that have ended', () => {
  const known = mergePoints(undefined, [series('ended', [0, 1]), series('orders', [0, 1], [10, 2])], {
    fromMs: 0,
    endMs: 10,
    keepFromMs: 0,
  })
  const merged = mergePoints(known, [series('orders', [20, 4])], { fromMs: 10, endMs: 20, keepFromMs: 10 })
  expect(merged.series.map(({ labels, points }) => [labels['store'], points])).toEqual([['orders', [[20, 4]]]])
  expect(merged.startMs).toBe(10)
})

test('what is not a number is a gap', () => {
  const points: RangePoint[] = [
    [0, 'NaN'],
    [10, 2],
    [20, '+Inf'],
  ]
  expect(mergePoints(undefined, [{ labels: {}, points }], { fromMs: 0, endMs: 20, keepFromMs: 0 }).series[0]?.points).toEqual([
    [10, 2],
  ])
})

test('points are divided at the times that both have, and not by 0', () => {
  const failed = [
    [0, 1],
    [10, 1],
    [20, 1],
  ] as const
  const all = [
    [10, 4],
    [20, 0],
  ] as const
  expect(dividePoints(failed, all)).toEqual([[10, 0.25]])
})

test('a range has about 400 points at most, and never more than there are samples', () => {
  const minute = 60_000
  const spans = { '15m': 15 * minute, '1h': 60 * minute, '6h': 360 * minute, '1d': 1440 * minute, '7d': 10_080 * minute }
  expect(Object.values(spans).map((span) => chooseStepMs(span, 10_000))).toEqual([10_000, 10_000, 60_000, 300_000, 1_800_000])
  expect(chooseStepMs(15 * minute, 60_000)).toBe(60_000)
  expect(chooseStepMs(15 * minute, 7000)).toBe(14_000)
})

test('a time is aligned down to its step', () => {
  expect(alignDown(1_790_000_012_345, 10_000)).toBe(1_790_000_010_000)
})
