import { randomFrom as random } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import type { Histogram } from './histogram.ts'
import { HistogramSnapshot } from './histogram-snapshot.ts'
import { latencyBounds } from './semconv.ts'

function createHistogram(bounds: readonly number[], values: readonly number[] = []): Histogram {
  const registry = new MetricsRegistry()
  const description = 'A size.'
  registry.declare({ name: 'thing_size', kind: 'histogram', unit: '1', description, attributes: [], bounds })
  const histogram = registry.histogram('thing_size')
  for (const value of values) histogram.record(value)
  return histogram
}

/** The bins of the latency layout extend from 7.5 ns to 2.3 hours; values outside have no relative precision. */
const distributions: Record<string, (next: () => number) => number> = {
  'log-uniform': (next) => 10 ** (-8 + 10 * next()),
  uniform: (next) => 1e-5 + next() * 0.02,
  exponential: (next) => 2e-5 - Math.log(1 - next()) * 1e-3,
  'two peaks': (next) => (next() < 0.9 ? 5e-6 * (1 + next()) : 0.4 * (1 + next())),
  'long tail': (next) => Math.min(8000, 1e-4 / (1 - next()) ** 2.5),
  hours: (next) => 10 ** (3.9 * next()),
  constant: () => 0.0123,
  'two values': (next) => (next() < 0.5 ? 1e-6 : 1),
}
const shares = [0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1]

for (const [name, draw] of Object.entries(distributions)) {
  test(`${name}: quantiles are within 3.2 % of the value with that rank`, () => {
    const next = random(7)
    for (const size of [1, 2, 3, 10, 1000, 30_000]) {
      const values = Array.from({ length: size }, () => draw(next))
      const snapshot = createHistogram(latencyBounds, values).snapshot()
      const sorted = values.toSorted((a, b) => a - b)
      for (const share of shares) {
        const sample = sorted[Math.max(1, Math.ceil(share * size)) - 1] as number
        const error = Math.abs((snapshot.quantile(share) ?? Number.NaN) / sample - 1)
        expect(error, `quantile ${share} of ${size} values`).toBeLessThanOrEqual(0.032)
      }
    }
  })
}

test('the quantiles 0 and 1 stay within the range of the values', () => {
  const snapshot = createHistogram(latencyBounds, [0.1, 0.1001]).snapshot()
  expect(snapshot.quantile(0)).toBeGreaterThanOrEqual(0.1)
  expect(snapshot.quantile(1)).toBeLessThanOrEqual(0.1001)
})

test('a quantile of an empty histogram is undefined', () => {
  expect(createHistogram(latencyBounds).snapshot().quantile(0.5)).toBeUndefined()
})

test('a quantile outside 0 to 1 is rejected', () => {
  const snapshot = createHistogram(latencyBounds, [1]).snapshot()
  for (const share of [-0.1, 1.1, 50, Number.NaN]) {
    expect(() => snapshot.quantile(share)).toThrow(new RangeError(`a quantile must be between 0 and 1, got ${share}`))
  }
})

test('quantiles of values outside the bins are the smallest or the largest value', () => {
  expect(createHistogram(latencyBounds, [0, 1e-12]).snapshot().quantile(1)).toBe(0)
  expect(createHistogram(latencyBounds, [10_000, 20_000]).snapshot().quantile(0)).toBe(20_000)
})

test('the difference of two snapshots has what was recorded between them', () => {
  const next = random(11)
  const draw = (): number => 10 ** (-7 + 8 * next())
  const [before, between] = [Array.from({ length: 5000 }, draw), Array.from({ length: 3000 }, draw)]
  const histogram = createHistogram(latencyBounds, before)
  const earlier = histogram.snapshot()
  for (const value of between) histogram.record(value)
  const difference = histogram.snapshot().since(earlier)
  const alone = createHistogram(latencyBounds, between).snapshot()
  expect(difference.bucketCounts()).toEqual(alone.bucketCounts())
  expect(difference.count).toBe(3000)
  expect(difference.sum).toBeCloseTo(alone.sum, 6)
  expect(difference.exponential()).toEqual(alone.exponential())
  for (const share of [0.1, 0.5, 0.99]) expect(difference.quantile(share)).toBe(alone.quantile(share))
})

test('the smallest and the largest value of a difference are unknown', () => {
  const histogram = createHistogram(latencyBounds, [1])
  const earlier = histogram.snapshot()
  histogram.record(2)
  expect(histogram.snapshot().since(earlier)).toMatchObject({ count: 1, min: undefined, max: undefined })
})

test('a difference without new values is empty', () => {
  const histogram = createHistogram(latencyBounds, [1, 2])
  const difference = histogram.snapshot().since(histogram.snapshot())
  expect(difference).toMatchObject({ count: 0, sum: 0 })
  expect(difference.quantile(0.5)).toBeUndefined()
})

test('counts above 2^32 stay exact', () => {
  const small = createHistogram([1, 10], [0.5, 5, 5, 50]).snapshot()
  const many = 2 ** 33 + 1
  const scaled = small.fineCounts.map((count) => count * many)
  const large = new HistogramSnapshot(small.buckets, scaled, small.sum * many, small.min, small.max)
  expect(large.count).toBe(4 * many)
  expect(large.bucketCounts()).toEqual([many, 2 * many, many])
  expect(large.since(small).count).toBe(4 * many - 4)
  expect(large.quantile(0.5)).toBe(small.quantile(0.5))
  expect(large.exponential().counts.reduce((sum, count) => sum + count)).toBe(4 * many)
})

/** Returns the bucket of a value as OpenTelemetry's data model defines it: the i with 2^(i/2^scale) < value <= 2^((i+1)/2^scale). */
function bucketIndex(value: number, scale: number): number {
  const width = 2 ** -scale
  let index = Math.floor(Math.log2(value) / width) - 1
  while (value > 2 ** ((index + 1) * width)) index++
  return index
}

test('an exponential bucket includes its upper boundary, as in the data model', () => {
  const powers = [-20, -3, -1, 0, 1, 2, 10]
  for (const power of powers) {
    // A bound equal to the value gives the value its own fine bucket, so its exponential bucket is exact.
    const snapshot = createHistogram([2 ** power], [2 ** power]).snapshot()
    for (const scale of [3, 2, 1, 0]) {
      expect(snapshot.exponential(scale)).toEqual({ scale, zeroCount: 0, offset: power * 2 ** scale - 1, counts: [1] })
    }
  }
})

test('a value is counted at most one exponential bucket too low or too high', () => {
  const next = random(3)
  const histogram = createHistogram(latencyBounds)
  let earlier = histogram.snapshot()
  for (let drawn = 0; drawn < 5000; drawn++) {
    const value = 10 ** (-8 + 10 * next())
    histogram.record(value)
    const snapshot = histogram.snapshot()
    for (const scale of [4, 3, 2, 0]) {
      const { offset, counts, ...others } = snapshot.since(earlier).exponential(scale)
      expect(counts).toEqual([1])
      expect(others).toEqual({ scale, zeroCount: 0 })
      expect(Math.abs(offset - bucketIndex(value, scale)), `bucket of ${value} at scale ${scale}`).toBeLessThanOrEqual(1)
    }
    earlier = snapshot
  }
})

test('an exponential histogram loses no value and stays within 160 buckets from 1 ns to a day', () => {
  const next = random(5)
  const values = Array.from({ length: 50_000 }, () => 10 ** (-9 + 14 * next()))
  const snapshot = createHistogram(latencyBounds, values).snapshot()
  const { counts, zeroCount, scale } = snapshot.exponential()
  expect(counts.length).toBeLessThanOrEqual(160)
  expect(zeroCount + counts.reduce((sum, count) => sum + count)).toBe(values.length)
  expect(scale).toBe(1)
  expect(snapshot.exponential(3, 1000).scale).toBe(3)
})

test('an exponential histogram has the finest scale that fits', () => {
  const snapshot = createHistogram(latencyBounds, [1e-3, 1]).snapshot()
  for (const maxBuckets of [2, 3, 10, 40, 41, 80, 81, 160]) {
    const { scale, counts } = snapshot.exponential(3, maxBuckets)
    expect(counts.length).toBeLessThanOrEqual(maxBuckets)
    if (scale < 3) expect(snapshot.exponential(scale + 1, 1000).counts.length).toBeGreaterThan(maxBuckets)
  }
})

test('an empty exponential histogram has no buckets', () => {
  expect(createHistogram(latencyBounds).snapshot().exponential()).toEqual({ scale: 3, zeroCount: 0, offset: 0, counts: [] })
})

test('zeros, and values too small for a bin of their own, are counted as zero', () => {
  const { zeroCount, counts } = createHistogram(latencyBounds, [0, 0, 1e-12, 1]).snapshot().exponential()
  expect({ zeroCount, counts }).toEqual({ zeroCount: 3, counts: [1] })
})

test('a scale finer than the bins, or fewer than two buckets, is rejected', () => {
  const snapshot = createHistogram(latencyBounds, [0.5, 2]).snapshot()
  expect(() => snapshot.exponential(5)).toThrow(RangeError)
  expect(() => snapshot.exponential(1.5)).toThrow(RangeError)
  expect(() => snapshot.exponential(3, 1)).toThrow(/maxBuckets must be 2 or more, got 1/)
})
