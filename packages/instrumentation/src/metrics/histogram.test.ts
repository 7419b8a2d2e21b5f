import { randomFrom as random } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import type { Histogram } from './histogram.ts'
import { findFineBucket } from './histogram-buckets.ts'
import { latencyBounds, metrics } from './semconv.ts'

const bits = new DataView(new ArrayBuffer(8))

/** Returns the double after or before a positive one. */
function adjacent(value: number, step: 1n | -1n): number {
  bits.setFloat64(0, value)
  bits.setBigInt64(0, bits.getBigInt64(0) + step)
  return bits.getFloat64(0)
}

function createHistogram(bounds: readonly number[], registry = new MetricsRegistry()): Histogram {
  const description = 'A size.'
  registry.declare({ name: 'thing_size', kind: 'histogram', unit: '1', description, attributes: [], bounds })
  return registry.histogram('thing_size')
}

/** Returns the count of each bucket, by a linear search. */
function counted(values: readonly number[], bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) {
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    counts[bucket] = (counts[bucket] as number) + 1
  }
  return counts
}

function rejections(registry: MetricsRegistry): Record<string, number> {
  const rejected = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  return Object.fromEntries(rejected.map(({ labels, value }) => [labels['reason'], value]))
}

const layouts: Record<string, readonly number[]> = {
  latencies: latencyBounds,
  durations: metrics.db_compaction_duration_seconds.bounds ?? [],
  ratios: metrics.db_compaction_write_amplification.bounds ?? [],
  'sizes up to 1 TiB': Array.from({ length: 35 }, (_, power) => 2 ** (power + 6)),
  'one bound': [0.3],
  'one bound in each bin': Array.from({ length: 64 }, (_, step) => 2 ** Math.floor(step / 16) * (1.01 + (step % 16) / 16)),
  'bounds beside boundaries': Array.from({ length: 8 }, (_, step) => adjacent(2 ** (step / 8), step % 2 === 0 ? 1n : -1n)),
  'bounds at the edges of bins': Array.from({ length: 16 }, (_, step) => 1 + step / 16),
}

for (const [name, bounds] of Object.entries(layouts)) {
  test(`${name}: every bound and the two doubles next to it are counted in the correct bucket`, () => {
    for (const bound of bounds) {
      for (const value of [adjacent(bound, -1n), bound, adjacent(bound, 1n)]) {
        const histogram = createHistogram(bounds)
        histogram.record(value)
        expect(histogram.snapshot().bucketCounts(), `bucket of ${value}`).toEqual(counted([value], bounds))
      }
    }
  })

  test(`${name}: 300,000 random values are counted as by a search through the bounds`, () => {
    const next = random(20_261_123)
    const lowest = Math.log((bounds[0] as number) / 1000)
    const highest = Math.log((bounds.at(-1) as number) * 1000)
    const values = Array.from({ length: 300_000 }, () => Math.exp(lowest + next() * (highest - lowest)))
    const histogram = createHistogram(bounds)
    for (const value of values) histogram.record(value)
    const snapshot = histogram.snapshot()
    expect(snapshot.bucketCounts()).toEqual(counted(values, bounds))
    expect(snapshot.count).toBe(values.length)
    expect(snapshot.sum).toBe(values.reduce((sum, value) => sum + value))
    expect(snapshot.min).toBe(values.reduce((least, value) => Math.min(least, value)))
    expect(snapshot.max).toBe(values.reduce((most, value) => Math.max(most, value)))
  })
}

for (const [name, bounds] of Object.entries(layouts)) {
  test(`${name}: every edge of a fine bucket and the two doubles next to it are in the fine bucket of a search`, () => {
    const { buckets } = createHistogram(bounds)
    const { edges } = buckets
    for (const edge of edges.slice(1, -1)) {
      for (const value of [adjacent(edge, -1n), edge, adjacent(edge, 1n)]) {
        const histogram = createHistogram(bounds)
        histogram.record(value)
        const expected = edges.findLastIndex((lower) => lower < value)
        expect(histogram.snapshot().fineCounts.indexOf(1), `fine bucket of ${value}`).toBe(expected)
        expect(findFineBucket(buckets, value)).toBe(expected)
      }
    }
  })
}

test('2,000,000 random values are in the fine buckets of a search', () => {
  const next = random(7)
  const histogram = createHistogram(latencyBounds)
  const { edges } = histogram.buckets
  const expected = new Float64Array(histogram.buckets.bucketOfFineBucket.length)
  for (let count = 0; count < 2_000_000; count++) {
    const value = 10 ** (-9 + 14 * next())
    histogram.record(value)
    let [low, high] = [0, expected.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (value > (edges[middle] as number)) low = middle
      else high = middle - 1
    }
    expected[low] = (expected[low] as number) + 1
  }
  expect(histogram.snapshot().fineCounts).toEqual(expected)
})

test('a value with a weight counts as many times', () => {
  const next = random(5)
  const [weighted, repeated] = [createHistogram(latencyBounds), createHistogram(latencyBounds)]
  for (let count = 0; count < 1000; count++) {
    const value = Math.fround(next())
    const weight = 1 + Math.floor(next() * 100)
    weighted.record(value, weight)
    for (let time = 0; time < weight; time++) repeated.record(value)
  }
  const [one, other] = [weighted.snapshot(), repeated.snapshot()]
  expect(one.fineCounts).toEqual(other.fineCounts)
  expect(one.sum).toBeCloseTo(other.sum, 6)
  expect([one.count, one.min, one.max]).toEqual([other.count, other.min, other.max])
})

test('a weight that is not a whole number of 1 or more is rejected', () => {
  const registry = new MetricsRegistry()
  const histogram = createHistogram([1, 10], registry)
  for (const weight of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '2', 2n, Symbol('2')]) {
    expect(histogram.record(5, weight as number)).toBeUndefined()
  }
  histogram.record(Number.NaN, 2)
  expect(histogram.snapshot()).toMatchObject({ count: 0, sum: 0 })
  expect(rejections(registry)).toEqual({ negative: 3, not_finite: 6 })
})

test('an empty histogram has count and sum 0, and no smallest or largest value', () => {
  expect(createHistogram([1]).snapshot()).toMatchObject({ count: 0, sum: 0, min: undefined, max: undefined })
})

test('zero of either sign and the smallest double are counted in the first bucket', () => {
  const histogram = createHistogram(latencyBounds)
  for (const value of [0, -0, Number.MIN_VALUE, 2 ** -1030]) histogram.record(value)
  const snapshot = histogram.snapshot()
  expect(snapshot.bucketCounts()).toEqual([4, ...latencyBounds.map(() => 0)])
  expect(snapshot.min).toBeCloseTo(0, 300)
  expect(snapshot.max).toBe(2 ** -1030)
})

test('the largest double is counted above the last bound, and is the maximum', () => {
  const histogram = createHistogram(latencyBounds)
  histogram.record(Number.MAX_VALUE)
  const snapshot = histogram.snapshot()
  expect(snapshot.bucketCounts()).toEqual([...latencyBounds.map(() => 0), 1])
  expect(snapshot).toMatchObject({ count: 1, sum: Number.MAX_VALUE, max: Number.MAX_VALUE })
})

test('NaN, infinite and negative values are rejected and counted by reason, and no other value is lost', () => {
  const registry = new MetricsRegistry()
  const histogram = createHistogram([1, 10], registry)
  const values = [0.5, Number.NaN, -1, 5, Number.POSITIVE_INFINITY, -5e-324, Number.NEGATIVE_INFINITY, 50]
  for (const value of values) expect(histogram.record(value)).toBeUndefined()
  expect(histogram.snapshot()).toMatchObject({ count: 3, sum: 55.5, min: 0.5, max: 50 })
  expect(histogram.snapshot().bucketCounts()).toEqual([1, 1, 1])
  expect(rejections(registry)).toEqual({ not_finite: 3, negative: 2 })
})

test('values of other types are rejected, not converted', () => {
  const registry = new MetricsRegistry()
  const histogram = createHistogram([1, 10], registry)
  for (const value of [1n, '5', null, undefined, true, Symbol('5'), {}, [5], Object.create(null)]) {
    expect(histogram.record(value as number)).toBeUndefined()
  }
  expect(histogram.snapshot()).toMatchObject({ count: 0, sum: 0 })
  expect(rejections(registry)).toEqual({ not_finite: 9 })
})

test('a snapshot does not change when the histogram records more', () => {
  const histogram = createHistogram([1, 10])
  histogram.record(5)
  const snapshot = histogram.snapshot()
  histogram.record(0.5)
  histogram.record(500)
  expect(snapshot.bucketCounts()).toEqual([0, 1, 0])
  expect(snapshot).toMatchObject({ count: 1, sum: 5, min: 5, max: 5 })
})

test('a sink receives each recorded value and no rejected one', () => {
  const histogram = createHistogram([1])
  const received: number[] = []
  histogram.sink = (value) => received.push(value)
  for (const value of [3, Number.NaN, 0, -1]) histogram.record(value)
  histogram.record(2, 5)
  histogram.record(2, -5)
  expect(received).toEqual([3, 0, 2])
})

test('its buckets are read as those of a snapshot, cumulative, with the sum', () => {
  for (const values of [
    [],
    [0],
    [1e9],
    [0.003],
    [1e-6, 1e-6, 0.0011, 0.0025, 0.0025000001, 0.7, 9, 10, 11, 1e12],
    [5e-324, 1e300],
  ]) {
    const histogram = createHistogram(latencyBounds)
    for (const value of values) histogram.record(value)
    const snapshot = histogram.snapshot()
    let count = 0
    const cumulative = snapshot.bucketCounts().map((one) => {
      count += one
      return count
    })
    const target = new Float64Array(latencyBounds.length + 3).fill(-1)
    expect(histogram.readBuckets(target)).toBe(snapshot.sum)
    expect([...target]).toEqual([...cumulative, -1, -1])
  }
})
