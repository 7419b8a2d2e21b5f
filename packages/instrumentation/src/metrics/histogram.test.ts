import { randomFrom as random } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import type { Histogram } from './histogram.ts'
import { latencyBounds, metrics } from './semconv.ts'

const bits = new DataView(new ArrayBuffer(8))

/** The double that follows a positive one, or the one before it. */
function neighbour(value: number, step: 1n | -1n): number {
  bits.setFloat64(0, value)
  bits.setBigInt64(0, bits.getBigInt64(0) + step)
  return bits.getFloat64(0)
}

function cellWith(bounds: readonly number[], registry = new MetricsRegistry()): Histogram {
  const description = 'Something to measure.'
  registry.declare({ name: 'thing_size', kind: 'histogram', unit: '1', description, attributes: [], bounds })
  return registry.histogram('thing_size')
}

/** How many of the values lie in each bucket, counted the slow and obvious way. */
function counted(values: readonly number[], bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) {
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    counts[bucket] = (counts[bucket] as number) + 1
  }
  return counts
}

function refusals(registry: MetricsRegistry): Record<string, number> {
  const refused = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  return Object.fromEntries(refused.map(({ labels, value }) => [labels['reason'], value]))
}

const layouts: Record<string, readonly number[]> = {
  latencies: latencyBounds,
  durations: metrics.db_compaction_duration_seconds.bounds ?? [],
  ratios: metrics.db_compaction_write_amplification.bounds ?? [],
  'sizes up to 1 TiB': Array.from({ length: 35 }, (_, power) => 2 ** (power + 6)),
  'one bound': [0.3],
  'bounds one to a bin': Array.from({ length: 64 }, (_, step) => 2 ** Math.floor(step / 16) * (1.01 + (step % 16) / 16)),
}

for (const [name, bounds] of Object.entries(layouts)) {
  test(`${name}: every bound and its two neighbours are counted in the right bucket`, () => {
    for (const bound of bounds) {
      for (const value of [neighbour(bound, -1n), bound, neighbour(bound, 1n)]) {
        const cell = cellWith(bounds)
        cell.record(value)
        expect(cell.snapshot().bucketCounts(), `bucket of ${value}`).toEqual(counted([value], bounds))
      }
    }
  })

  test(`${name}: 300,000 random values are counted as a search through the bounds counts them`, () => {
    const next = random(20_261_123)
    const lowest = Math.log((bounds[0] as number) / 1000)
    const highest = Math.log((bounds.at(-1) as number) * 1000)
    const values = Array.from({ length: 300_000 }, () => Math.exp(lowest + next() * (highest - lowest)))
    const cell = cellWith(bounds)
    for (const value of values) cell.record(value)
    const reading = cell.snapshot()
    expect(reading.bucketCounts()).toEqual(counted(values, bounds))
    expect(reading.count).toBe(values.length)
    expect(reading.sum).toBe(values.reduce((sum, value) => sum + value))
    expect(reading.min).toBe(values.reduce((least, value) => Math.min(least, value)))
    expect(reading.max).toBe(values.reduce((most, value) => Math.max(most, value)))
  })
}

test('a cell that took nothing knows its count and sum, and no smallest or largest value', () => {
  expect(cellWith([1]).snapshot()).toMatchObject({ count: 0, sum: 0, min: undefined, max: undefined })
})

test('zero of either sign and the smallest double are counted in the first bucket', () => {
  const cell = cellWith(latencyBounds)
  for (const value of [0, -0, Number.MIN_VALUE, 2 ** -1030]) cell.record(value)
  const reading = cell.snapshot()
  expect(reading.bucketCounts()).toEqual([4, ...latencyBounds.map(() => 0)])
  expect(reading.min).toBeCloseTo(0, 300)
  expect(reading.max).toBe(2 ** -1030)
})

test('the largest double is counted above the last bound and is the largest value', () => {
  const cell = cellWith(latencyBounds)
  cell.record(Number.MAX_VALUE)
  const reading = cell.snapshot()
  expect(reading.bucketCounts()).toEqual([...latencyBounds.map(() => 0), 1])
  expect(reading).toMatchObject({ count: 1, sum: Number.MAX_VALUE, max: Number.MAX_VALUE })
})

test('what is no number of 0 or more is refused and counted by its reason, and nothing else is lost', () => {
  const registry = new MetricsRegistry()
  const cell = cellWith([1, 10], registry)
  const values = [0.5, Number.NaN, -1, 5, Number.POSITIVE_INFINITY, -5e-324, Number.NEGATIVE_INFINITY, 50]
  for (const value of values) expect(cell.record(value)).toBeUndefined()
  expect(cell.snapshot()).toMatchObject({ count: 3, sum: 55.5, min: 0.5, max: 50 })
  expect(cell.snapshot().bucketCounts()).toEqual([1, 1, 1])
  expect(refusals(registry)).toEqual({ not_finite: 3, negative: 2 })
})

test('values of other types are refused, not converted', () => {
  const registry = new MetricsRegistry()
  const cell = cellWith([1, 10], registry)
  for (const value of [1n, '5', null, undefined, true, Symbol('5'), {}, [5], Object.create(null)]) {
    expect(cell.record(value as number)).toBeUndefined()
  }
  expect(cell.snapshot()).toMatchObject({ count: 0, sum: 0 })
  expect(refusals(registry)).toEqual({ not_finite: 9 })
})

test('a reading stays as it was while its cell goes on', () => {
  const cell = cellWith([1, 10])
  cell.record(5)
  const reading = cell.snapshot()
  cell.record(0.5)
  cell.record(500)
  expect(reading.bucketCounts()).toEqual([0, 1, 0])
  expect(reading).toMatchObject({ count: 1, sum: 5, min: 5, max: 5 })
})

test('a sink is told of each value that was taken, and of no other', () => {
  const cell = cellWith([1])
  const told: number[] = []
  cell.sink = (value) => told.push(value)
  for (const value of [3, Number.NaN, 0, -1]) cell.record(value)
  expect(told).toEqual([3, 0])
})
