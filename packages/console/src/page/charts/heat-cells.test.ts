import { expect, test } from 'vitest'
import { toHeatCells } from './heat-cells.ts'

test('empty buckets at both ends are left out, those between are kept', () => {
  const cells = toHeatCells({
    startMs: 0,
    endMs: 20,
    stepMs: 10,
    bounds: [0.001, 0.01, 0.1, 1, '+Inf'],
    columns: [
      [10, [0, 4, 0, 0, 0]],
      [20, [0, 0, 0, 7, 0]],
    ],
  })
  expect(cells.rows).toEqual([
    { from: 0.001, to: 0.01 },
    { from: 0.01, to: 0.1 },
    { from: 0.1, to: 1 },
  ])
  expect(cells.columns.map(({ counts }) => counts)).toEqual([
    [4, 0, 0],
    [0, 0, 7],
  ])
  expect(cells.maxCount).toBe(7)
})

test('a heat map without any count has no cells', () => {
  expect(toHeatCells({ startMs: 0, endMs: 10, stepMs: 10, bounds: [1, '+Inf'], columns: [[10, [0, 0]]] }).rows).toEqual([])
})
