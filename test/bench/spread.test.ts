import { expect, test } from 'vitest'
import { computeSpread } from './spread.ts'

test('a spread has the median and the bounds of the middle 80 %', () => {
  expect(computeSpread([11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual({ median: 6, p10: 2, p90: 10 })
})

test('a bound between two measurements is interpolated', () => {
  expect(computeSpread([1, 2]).median).toBe(1.5)
})
