import { expect, test } from 'vitest'
import { Intervals } from './intervals.ts'

test('where there is no room, short stretches go before long ones, and the newest stay', () => {
  const stretches = new Intervals(8)
  stretches.add({ fromMs: 0, toMs: 5000, mark: 0 })
  for (let index = 1; index <= 1000; index++) {
    stretches.add({ fromMs: 5000 + index * 20, toMs: 5010 + index * 20, mark: index })
  }
  const kept = [...stretches.since(0)]
  expect(kept).toHaveLength(8)
  expect(kept.slice(0, 4).map(({ mark }) => mark)).toEqual([1000, 999, 998, 997])
  expect(stretches.longestMs(0)).toBe(5000)
  expect(stretches.longestMs(5000)).toBe(10)
})

test('what is ten minutes old is forgotten', () => {
  const stretches = new Intervals()
  stretches.add({ fromMs: 0, toMs: 5000, mark: 0 })
  stretches.add({ fromMs: 604_000, toMs: 604_010, mark: 0 })
  expect(stretches.longestMs(0)).toBe(5000)
  stretches.add({ fromMs: 606_000, toMs: 606_010, mark: 0 })
  expect(stretches.longestMs(0)).toBe(10)
})
