import { expect, test } from 'vitest'
import { type Interval, Intervals } from './intervals.ts'

test('if the capacity is reached, short intervals are dropped before long ones, and the newest are kept', () => {
  const intervals = new Intervals<Interval & { readonly index: number }>(8)
  intervals.add({ fromMs: 0, toMs: 5000, index: 0 })
  for (let index = 1; index <= 1000; index++) {
    intervals.add({ fromMs: 5000 + index * 20, toMs: 5010 + index * 20, index })
  }
  const kept = [...intervals.since(0)]
  expect(kept).toHaveLength(8)
  expect(kept.slice(0, 4).map(({ index }) => index)).toEqual([1000, 999, 998, 997])
  expect(intervals.longestMs(0)).toBe(5000)
  expect(intervals.longestMs(5000)).toBe(10)
})

test('intervals are dropped after ten minutes', () => {
  const intervals = new Intervals()
  intervals.add({ fromMs: 0, toMs: 5000 })
  intervals.add({ fromMs: 604_000, toMs: 604_010 })
  expect(intervals.longestMs(0)).toBe(5000)
  intervals.add({ fromMs: 606_000, toMs: 606_010 })
  expect(intervals.longestMs(0)).toBe(10)
})
