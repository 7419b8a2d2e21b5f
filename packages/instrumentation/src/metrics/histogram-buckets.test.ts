import { expect, test } from 'vitest'
import { histogramBuckets } from './histogram-buckets.ts'
import { latencyBounds } from './semconv.ts'

test('one set of bounds has one layout, and another has another', () => {
  expect(histogramBuckets([1, 2, 4])).toBe(histogramBuckets([1, 2, 4]))
  expect(histogramBuckets([1, 2, 4])).not.toBe(histogramBuckets([1, 2]))
})

test('a layout keeps its bounds when the array it was made of changes', () => {
  const bounds = [3, 5]
  const layout = histogramBuckets(bounds)
  bounds.push(7)
  expect(layout.bounds).toEqual([3, 5])
})

test('slots ascend without a gap from 0 to Infinity, and every bound is an edge', () => {
  const { edges, bounds } = histogramBuckets(latencyBounds)
  expect(edges[0]).toBe(0)
  expect(edges.at(-1)).toBe(Number.POSITIVE_INFINITY)
  for (let slot = 1; slot < edges.length; slot++) {
    expect(edges[slot] as number).toBeGreaterThanOrEqual(edges[slot - 1] as number)
  }
  expect(bounds.filter((bound) => !edges.includes(bound))).toEqual([])
})

test('no slot with two edges is wider than 6.25 %', () => {
  const { edges } = histogramBuckets(latencyBounds)
  for (let slot = 1; slot < edges.length - 2; slot++) {
    expect((edges[slot + 1] as number) / (edges[slot] as number)).toBeLessThanOrEqual(1 + 1 / 16)
  }
})

const refused: ReadonlyArray<[what: string, bounds: number[], complaint: RegExp]> = [
  ['no bounds', [], /at least one bound/],
  ['a bound of 0', [0, 1], /positive .* and finite, got 0/],
  ['a negative bound', [-1, 1], /positive .* and finite, got -1/],
  ['an infinite bound', [1, Number.POSITIVE_INFINITY], /positive .* and finite, got Infinity/],
  ['NaN', [Number.NaN], /positive .* and finite, got NaN/],
  ['bounds that descend', [2, 1], /must ascend, got 1 after 2/],
  ['a bound twice', [2, 2], /must ascend, got 2 after 2/],
  ['bounds that share a bin', [1, 1.01], /1 and 1.01 lie in one bin/],
  ['a bound among the subnormal numbers', [1e-310, 1], /got 1e-310/],
]

for (const [what, bounds, complaint] of refused) {
  test(`${what} cannot be bounds, and the complaint says so`, () => {
    expect(() => histogramBuckets(bounds)).toThrow(RangeError)
    expect(() => histogramBuckets(bounds)).toThrow(complaint)
  })
}

test('bounds at both ends of what a double holds are counted apart', () => {
  const { bucketOfFineBucket, edges } = histogramBuckets([1e-300, 1e300])
  const bucketAt = (value: number): number | undefined => bucketOfFineBucket[edges.findLastIndex((edge) => edge < value)]
  expect([1e-305, 1e-300, 1.1e-300, 1, 1e300, 1.1e300].map(bucketAt)).toEqual([0, 0, 1, 1, 1, 2])
})
