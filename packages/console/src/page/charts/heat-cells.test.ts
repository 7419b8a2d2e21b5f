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

test('exemplars are in the cell that counted them; others are left out', () => {
  const exemplar = (value: number, le: number | '+Inf', timeMs: number) => ({
    metric: 'db_get_latency_seconds',
    labels: { store: 'orders' },
    value,
    le,
    timeMs,
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
  })
  const { exemplars } = toHeatCells({
    startMs: 10,
    endMs: 20,
    stepMs: 10,
    bounds: [0.001, 0.01, '+Inf'],
    columns: [
      [10, [0, 4, 0]],
      [20, [0, 1, 2]],
    ],
    exemplars: [exemplar(0.005, 0.01, 10), exemplar(3, '+Inf', 11), exemplar(0.0001, 0.001, 12), exemplar(3, '+Inf', 25)],
  })
  expect(exemplars.map(({ value, row, columnMs }) => [value, row, columnMs])).toEqual([
    [0.005, 0, 10],
    [3, 1, 20],
  ])
})
