import { expect, test } from 'vitest'
import type { PointSeries } from '../../data/range-points.ts'
import { divideSeries, spaceAmplification } from './derive-series.ts'

function series(metric: string, values: readonly (number | undefined)[], labels = {}): PointSeries {
  const points = values.flatMap((value, index) => (value === undefined ? [] : [[index * 10, value] as const]))
  return { key: metric + JSON.stringify(labels), metric, labels, points }
}

test('a ratio is known only where all its parts are, and the divisor is not 0', () => {
  const parts = [series('flushed', [1, 2, 0, 4]), series('compacted', [3, undefined, 5, 4])]
  const ratio = { label: 'write amplification', dividend: ['flushed', 'compacted'], divisor: ['flushed'] }
  expect(divideSeries(parts, ratio)[0]?.points).toEqual([
    [0, 4],
    [30, 2],
  ])
})

test('without one of the metrics there is no ratio', () => {
  expect(divideSeries([series('hits', [1])], { label: 'hits', dividend: ['hits'], divisor: ['hits', 'misses'] })).toEqual([])
})

test('the space amplification compares all levels with the deepest one that has files', () => {
  const levels = [
    series('db_level_bytes', [10, 10, 10], { level: '0' }),
    series('db_level_bytes', [0, 20, 20], { level: '1' }),
    series('db_level_bytes', [0, 0, 100], { level: '2' }),
  ]
  expect(spaceAmplification(levels)[0]?.points).toEqual([
    [10, 1.5],
    [20, 1.3],
  ])
})
