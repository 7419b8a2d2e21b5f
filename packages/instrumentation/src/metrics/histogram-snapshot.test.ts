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

/** The fine buckets of the latency layout extend from 7.5 ns to 2.3 hours; values outside have no relative precision. */
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
  test(`${name}: quantiles are within 2.2 % of the value with that rank`, () => {
    const next = random(7)
    for (const size of [1, 2, 3, 10, 1000, 30_000]) {
      const values = Array.from({ length: size }, () => draw(next))
      const snapshot = createHistogram(latencyBounds, values).snapshot()
      const sorted = values.toSorted((a, b) => a - b)
      for (const share of shares) {
        const sample = sorted[Math.max(1, Math.ceil(share * size)) - 1] as number
        const error = Math.abs((snapshot.quantile(share) ?? Number.NaN) / sample - 1)
        expect(error, `quantile ${share} of ${size} values`).toBeLessThanOrEqual(0.022)
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

test('quantiles of values outside the fine buckets are the smallest or the largest value', () => {
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
  let index = Math.floor(Math.log2(value) / width) - 2
  while (value > 2 ** ((index + 1) * width)) index++
  return index
}

/** Prometheus' table for schema 4: 2^(k/16 - 1), not always rounded to the nearest double. */
const table = [
  0.5, 0.5221368912137069, 0.5452538663326288, 0.5693943173783458, 0.5946035575013605, 0.620928906036742, 0.6484197773255048,
  0.6771277734684463, 0.7071067811865475, 0.7384130729697496, 0.7711054127039704, 0.805245165974627, 0.8408964152537144,
  0.8781260801866495, 0.9170040432046711, 0.9576032806985735,
]

/** Returns the lower boundary of a bucket. */
function boundary(bucket: number, scale: number): number {
  const fine = bucket * 2 ** (4 - scale)
  const octave = Math.floor(fine / 16)
  return (table[fine - 16 * octave] as number) * 2 ** (octave + 1)
}

test('an exponential bucket includes its upper boundary and not its lower one, at every scale', () => {
  for (const scale of [4, 3, 2, 1, 0, -1]) {
    for (let bucket = -40; bucket < 40; bucket++) {
      const value = boundary(bucket + 1, scale)
      const above = value * (1 + Number.EPSILON)
      const only = (offset: number) => ({ scale, zeroCount: 0, zeroThreshold: 2 ** -27, offset, counts: [1] })
      if (value <= 2 ** -27 || value >= 2 ** 13) continue
      expect(createHistogram(latencyBounds, [value]).snapshot().exponential(scale)).toEqual(only(bucket))
      expect(createHistogram(latencyBounds, [above]).snapshot().exponential(scale)).toEqual(only(bucket + 1))
    }
  }
})

test('every value is in its exponential bucket, whatever the explicit bounds', () => {
  const next = random(3)
  for (const bounds of [latencyBounds, [0.3], [1e-4, 1.3e-4, 2.71e-3, 0.5, 0.9]]) {
    const histogram = createHistogram(bounds)
    const [lowest, highest] = [bounds[0] as number, bounds.at(-1) as number]
    for (const scale of [4, 3, 2, 0, -2]) {
      const earlier = histogram.snapshot()
      const expected = new Map<number, number>()
      for (let drawn = 0; drawn < 100_000; drawn++) {
        const value = lowest * (highest / lowest) ** next()
        histogram.record(value)
        const index = bucketIndex(value, scale)
        expected.set(index, (expected.get(index) ?? 0) + 1)
      }
      const { offset, counts } = histogram.snapshot().since(earlier).exponential(scale, Number.POSITIVE_INFINITY)
      const found = counts.flatMap((count, index) => (count === 0 ? [] : [[offset + index, count] as const]))
      expect(found).toEqual([...expected].sort(([one], [other]) => one - other))
    }
  }
})

test('values above the range are in the exponential bucket that begins there', () => {
  const { offset, counts } = createHistogram([1], [2 ** 9, 600, 1e9])
    .snapshot()
    .exponential()
  expect({ offset, counts }).toEqual({ offset: 9 * 16 - 1, counts: [1, 2] })
})

test('an exponential histogram loses no value and stays within 160 buckets from 1 ns to a day', () => {
  const next = random(5)
  const values = Array.from({ length: 50_000 }, () => 10 ** (-9 + 14 * next()))
  const snapshot = createHistogram(latencyBounds, values).snapshot()
  const { counts, zeroCount, scale } = snapshot.exponential()
  expect(counts.length).toBeLessThanOrEqual(160)
  expect(zeroCount + counts.reduce((sum, count) => sum + count)).toBe(values.length)
  expect(scale).toBe(1)
  expect(snapshot.exponential(4, 1000).scale).toBe(4)
})

test('the counts of an exponential histogram never decrease, above and below the range of the bins, too', () => {
  const next = random(9)
  const histogram = createHistogram(latencyBounds)
  const before = new Map<number, number>()
  for (let round = 0; round < 200; round++) {
    for (let drawn = 0; drawn < 20; drawn++) histogram.record(10 ** (-12 + 20 * next()))
    const { offset, counts } = histogram.snapshot().exponential(4, Number.POSITIVE_INFINITY)
    const now = new Map(counts.map((count, at) => [offset + at, count]))
    for (const [index, count] of before) expect(now.get(index)).toBeGreaterThanOrEqual(count)
    for (const [index, count] of now) before.set(index, count)
  }
})

test('an exponential histogram has the finest scale that fits', () => {
  const snapshot = createHistogram(latencyBounds, [1e-3, 1]).snapshot()
  for (const maxBuckets of [2, 3, 10, 40, 41, 80, 81, 159, 160, 161]) {
    const { scale, counts } = snapshot.exponential(4, maxBuckets)
    expect(counts.length).toBeLessThanOrEqual(maxBuckets)
    if (scale < 4) expect(snapshot.exponential(scale + 1, 1000).counts.length).toBeGreaterThan(maxBuckets)
  }
})

test('an empty exponential histogram has no buckets', () => {
  expect(createHistogram(latencyBounds).snapshot().exponential()).toEqual({
    scale: 4,
    zeroCount: 0,
    zeroThreshold: 2 ** -27,
    offset: 0,
    counts: [],
  })
})

test('zeros, and values up to the zero threshold, are counted as zero', () => {
  const { zeroCount, counts } = createHistogram(latencyBounds, [0, 0, 1e-12, 2 ** -27, 1])
    .snapshot()
    .exponential()
  expect({ zeroCount, counts }).toEqual({ zeroCount: 4, counts: [1] })
})

test('a scale finer than the fine buckets, or fewer than two buckets, is rejected', () => {
  const snapshot = createHistogram(latencyBounds, [0.5, 2]).snapshot()
  expect(() => snapshot.exponential(5)).toThrow(RangeError)
  expect(() => snapshot.exponential(1.5)).toThrow(RangeError)
  expect(() => snapshot.exponential(3, 1)).toThrow(/maxBuckets must be 2 or more, got 1/)
})

test('an exemplar of each explicit bucket is kept, the last one, and a difference has those recorded in between', () => {
  const histogram = createHistogram([1, 10])
  expect(histogram.exemplars).toEqual([])
  const exemplar = (value: number, timeMs: number) => ({ value, timeMs, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })
  for (const [value, timeMs] of [
    [5, 1],
    [0.5, 2],
    [10, 3],
  ] as const) {
    histogram.record(value)
    histogram.setExemplar(exemplar(value, timeMs))
  }
  const earlier = histogram.snapshot()
  expect(earlier.exemplars).toEqual([exemplar(0.5, 2), exemplar(10, 3)])
  histogram.setExemplar(exemplar(50, 4))
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) histogram.setExemplar(exemplar(value, 5))
  expect(histogram.snapshot().since(earlier).exemplars).toEqual([exemplar(50, 4)])
  expect(earlier.exemplars).toHaveLength(2)
})
