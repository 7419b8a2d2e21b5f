import { expect, test } from 'vitest'
import { niceMax, stackColumns, summarize, toColumns } from './chart-data.ts'

test('a missing point is a gap', () => {
  const { times, values } = toColumns(
    [
      {
        points: [
          [10, 1],
          [30, 3],
        ],
      },
    ],
    10,
    30,
    10,
  )
  expect(times).toEqual([10, 20, 30])
  expect(values).toEqual([[1, null, 3]])
})

test('the first column is the step before a start that is between two steps', () => {
  expect(toColumns([], 15, 30, 10).times).toEqual([10, 20, 30])
})

test('points outside the range are left out', () => {
  expect(
    toColumns(
      [
        {
          points: [
            [0, 1],
            [10, 2],
            [40, 3],
          ],
        },
      ],
      10,
      20,
      10,
    ).values,
  ).toEqual([[2, null]])
})

test('stacked columns add up, and only a time at which all are missing is a gap', () => {
  expect(
    stackColumns([
      [1, null, null],
      [2, 3, null],
    ]),
  ).toEqual([
    [1, null, null],
    [3, 3, null],
  ])
})

test('a summary has the last known value', () => {
  expect(summarize([null, 4, 1, 2, null])).toEqual({ last: 2, min: 1, max: 4 })
  expect(summarize([null])).toBeUndefined()
})

test('an axis ends at a round number above the highest value', () => {
  expect([0, 0.97, 100, 1234, 0.0041].map((max) => niceMax(max, false))).toEqual([1, 1, 120, 1500, 0.005])
  expect(niceMax(1024 ** 2, true)).toBe(1.25 * 1024 ** 2)
})
