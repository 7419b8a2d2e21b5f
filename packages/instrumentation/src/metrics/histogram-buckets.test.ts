import { expect, test } from 'vitest'
import { findFineBucket, histogramBuckets } from './histogram-buckets.ts'
import { latencyBounds } from './semconv.ts'

test('equal bounds share one layout, and different bounds have different layouts', () => {
  expect(histogramBuckets([1, 2, 4])).toBe(histogramBuckets([1, 2, 4]))
  expect(histogramBuckets([1, 2, 4])).not.toBe(histogramBuckets([1, 2]))
})

test('a layout keeps its bounds if the given array changes', () => {
  const bounds = [3, 5]
  const layout = histogramBuckets(bounds)
  bounds.push(7)
  expect(layout.bounds).toEqual([3, 5])
})

test('fine buckets ascend without a gap from 0 to Infinity, and every bound is an edge', () => {
  const { edges, bounds } = histogramBuckets(latencyBounds)
  expect(edges[0]).toBe(0)
  expect(edges.at(-1)).toBe(Number.POSITIVE_INFINITY)
  for (let index = 1; index < edges.length; index++) {
    expect(edges[index] as number).toBeGreaterThanOrEqual(edges[index - 1] as number)
  }
  expect(bounds.filter((bound) => !edges.includes(bound))).toEqual([])
})

test('the edges are the boundaries of exponential buckets, and the bounds', () => {
  const { edges, bounds, exponentialBucketOfFineBucket } = histogramBuckets(latencyBounds)
  for (let fineBucket = 1; fineBucket < edges.length - 1; fineBucket++) {
    const [edge = 0, next = 0] = edges.slice(fineBucket)
    const bucket = exponentialBucketOfFineBucket[fineBucket] as number
    const [lower, upper] = [2 ** (bucket / 16), 2 ** ((bucket + 1) / 16)]
    // The boundaries are within two units in the last place.
    if (!bounds.includes(edge)) expect(Math.abs(edge / lower - 1)).toBeLessThanOrEqual(2 ** -51)
    expect(edge / lower).toBeGreaterThanOrEqual(1 - 2 ** -51)
    if (next !== Number.POSITIVE_INFINITY) expect(next / upper).toBeLessThanOrEqual(1 + 2 ** -51)
  }
})

test('no bin has more than two boundaries, and the fine bucket of a value is that of a search', () => {
  for (const bounds of [latencyBounds, [0.3], [1e-300, 1e300], [1, 1.7e308], [0.93, 1, 1.0626]]) {
    const buckets = histogramBuckets(bounds)
    const { edges, bucketOfFineBucket, bins, lastBin } = buckets
    expect(bucketOfFineBucket.length).toBe(edges.length - 1)
    for (let bin = 0; bin <= lastBin; bin++) {
      const first = bins[4 * bin] as number
      const next = bins[4 * bin + 4] ?? bucketOfFineBucket.length - 1
      if (!(next >= first && next <= first + 2)) expect.fail(`bin ${bin} begins at ${first}, and the next one at ${next}`)
    }
    const inside = edges.slice(1, -1)
    expect(inside.map((edge) => findFineBucket(buckets, edge))).toEqual(inside.map((_, index) => index))
  }
})

test('a histogram of latencies takes 5.3 kB', () => {
  expect(8 * (histogramBuckets(latencyBounds).bucketOfFineBucket.length + 3)).toBeLessThanOrEqual(5312)
})

const invalid: ReadonlyArray<[what: string, bounds: number[], message: RegExp]> = [
  ['no bounds', [], /at least one bound/],
  ['a bound of 0', [0, 1], /positive .* and finite, got 0/],
  ['a negative bound', [-1, 1], /positive .* and finite, got -1/],
  ['an infinite bound', [1, Number.POSITIVE_INFINITY], /positive .* and finite, got Infinity/],
  ['NaN', [Number.NaN], /positive .* and finite, got NaN/],
  ['bounds that descend', [2, 1], /must ascend, got 1 after 2/],
  ['a repeated bound', [2, 2], /must ascend, got 2 after 2/],
  ['bounds in the same bin', [1, 1.01], /bounds 1 and 1.01 are too close/],
  ['a subnormal bound', [1e-310, 1], /got 1e-310/],
]

for (const [what, bounds, message] of invalid) {
  test(`bounds are invalid: ${what}`, () => {
    expect(() => histogramBuckets(bounds)).toThrow(RangeError)
    expect(() => histogramBuckets(bounds)).toThrow(message)
  })
}

test('bounds near both limits of a double have separate buckets', () => {
  const { bucketOfFineBucket, edges } = histogramBuckets([1e-300, 1e300])
  const bucketAt = (value: number): number | undefined => bucketOfFineBucket[edges.findLastIndex((edge) => edge < value)]
  expect([1e-305, 1e-300, 1.1e-300, 1, 1e300, 1.1e300].map(bucketAt)).toEqual([0, 0, 1, 1, 1, 2])
})
