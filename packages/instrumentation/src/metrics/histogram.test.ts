import { randomFrom as random } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import type { Histogram } from './histogram.ts'
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

test('a value with a weight stands for that many values', () => {
  const histogram = createHistogram([1, 10])
  histogram.record(5, 3)
  histogram.record(0.5)
  expect(histogram.snapshot()).toMatchObject({ count: 4, sum: 15.5, min: 0.5, max: 5 })
  expect(histogram.snapshot().bucketCounts()).toEqual([1, 3, 0])
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
  expect(received).toEqual([3, 0])
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
