import { expect, test } from 'vitest'
import { histogramBuckets } from './histogram-buckets.ts'
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

test('no fine bucket with two finite edges is wider than 2^(1/16)', () => {
  const { edges } = histogramBuckets(latencyBounds)
  for (let index = 1; index < edges.length - 2; index++) {
    expect((edges[index + 1] as number) / (edges[index] as number)).toBeLessThanOrEqual(2 ** (1 / 16) * (1 + Number.EPSILON))
  }
})

test('the boundaries are the doubles nearest to 2^(k/16)', () => {
  const { edges, exponentialBucketOfFineBucket: bucketOf } = histogramBuckets([1])
  const gap = (value: number): bigint => abs(BigInt(value * 2 ** 52) ** 16n - 2n ** BigInt(52 * 16) * 2n ** BigInt(step))
  let step = 0
  for (let index = 1; index < bucketOf.length; index++) {
    step = bucketOf[index] as number
    // Between 1 and 2 a double is a multiple of 2^-52, so that its 16th power can be compared exactly.
    if (step < 0 || step >= 16) continue
    const boundary = edges[index] as number
    for (const other of [boundary - Number.EPSILON, boundary + Number.EPSILON]) expect(gap(boundary)).toBeLessThan(gap(other))
  }
})

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}

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
