import { hrTimeToMilliseconds } from '@opentelemetry/core'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics'
import { type Labels, MetricsRegistry } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { expect, test } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { RegistryProducer } from './registry-producer.ts'

type Value = number | Histogram | ExponentialHistogram
type Point = DataPoint<Value>

async function collect(producer: RegistryProducer): Promise<MetricData[]> {
  const { resourceMetrics } = await producer.collect()
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
}

/** Returns the points by name and labels, without gauges, which cannot be summed. */
function indexPoints(metrics: readonly MetricData[]): Map<string, Point> {
  const counted = metrics.filter(({ dataPointType }) => dataPointType !== DataPointType.GAUGE)
  return new Map(
    counted.flatMap(({ descriptor, dataPoints }) =>
      (dataPoints as readonly Point[]).map((point) => [`${descriptor.name} ${seriesKey(point.attributes as Labels)}`, point]),
    ),
  )
}

function toNumbers(value: Value): number[] {
  if (typeof value === 'number') return [value]
  return [value.count, value.sum ?? 0, ...('buckets' in value ? value.buckets.counts : [])]
}

test('deltas add up to the cumulative values', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  const sums = new Map<string, number[]>()
  for (const [round, times] of [300, 0, 50, 1000].entries()) {
    recordMixedLoad(registry, round, times)
    for (const [id, { value }] of indexPoints(await collect(producer))) {
      const before = sums.get(id)
      sums.set(
        id,
        toNumbers(value).map((number, index) => number + (before?.[index] ?? 0)),
      )
    }
  }
  const cumulative = indexPoints(await collect(new RegistryProducer(registry)))
  expect(sums.size).toBeGreaterThan(70)
  expect(sums).toEqual(new Map([...cumulative].map(([id, { value }]) => [id, toNumbers(value)])))
})

test('deltas add up if operations are recorded while they are collected, and collections are asked for at the same time', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  const counters = Array.from({ length: 1900 }, (_, index) => registry.counter('db_get_operations_total', { store: `s${index}` }))
  const histograms = Array.from({ length: 300 }, (_, index) =>
    registry.histogram('db_get_latency_seconds', { store: `s${index}` }),
  )
  let rounds = 0
  const recording = setInterval(() => {
    rounds++
    for (const counter of counters) counter.add(1)
    for (const histogram of histograms) histogram.record(0.001 * rounds)
  }, 0)
  const sums = new Map<string, number[]>()
  for (let collections = 0; collections < 10; collections++) {
    for (const metrics of await Promise.all([collect(producer), collect(producer)])) {
      for (const [id, { value }] of indexPoints(metrics)) {
        const before = sums.get(id)
        sums.set(
          id,
          toNumbers(value).map((number, index) => number + (before?.[index] ?? 0)),
        )
      }
    }
  }
  clearInterval(recording)
  for (const [id, { value }] of indexPoints(await collect(producer))) {
    sums.set(
      id,
      toNumbers(value).map((number, index) => number + (sums.get(id)?.[index] ?? 0)),
    )
  }
  const cumulative = indexPoints(await collect(new RegistryProducer(registry)))
  expect(rounds).toBeGreaterThan(1)
  for (const [id, { value }] of cumulative) {
    const [count, ...rest] = toNumbers(value)
    expect(sums.get(id)?.[0], id).toBe(count)
    for (const [index, number] of rest.entries()) expect(sums.get(id)?.[index + 1]).toBeCloseTo(number, 6)
  }
})

test('a delta has delta temporality, and starts where the previous one ended', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  recordMixedLoad(registry, 1, 500)
  let before = indexPoints(await collect(producer))
  for (let round = 0; round < 3; round++) {
    recordMixedLoad(registry, 1, 10)
    const metrics = await collect(producer)
    for (const { dataPointType, aggregationTemporality } of metrics) {
      if (dataPointType !== DataPointType.GAUGE) expect(aggregationTemporality).toBe(AggregationTemporality.DELTA)
    }
    const now = indexPoints(metrics)
    for (const [id, { endTime }] of before) expect(now.get(id)?.startTime, id).toEqual(endTime)
    before = now
  }
})

test('cumulative points keep their start time', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry)
  recordMixedLoad(registry, 1, 500)
  const before = indexPoints(await collect(producer))
  recordMixedLoad(registry, 1, 10)
  const now = indexPoints(await collect(producer))
  for (const [id, { startTime }] of before) expect(now.get(id)?.startTime, id).toEqual(startTime)
})

test('an interval without operations is 0, not absent', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  recordMixedLoad(registry, 1, 500)
  const before = indexPoints(await collect(producer))
  const now = indexPoints(await collect(producer))
  expect([...now.keys()]).toEqual([...before.keys()])
  for (const { value } of now.values()) expect(toNumbers(value).every((number) => number === 0)).toBe(true)
})

test('only the first delta has a minimum and a maximum', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  registry.recordHistogram('db_get_latency_seconds', 0.25, { store: 'orders' })
  const [first] = indexPoints(await collect(producer)).values()
  expect(first?.value).toMatchObject({ count: 1, sum: 0.25, min: 0.25, max: 0.25 })
  registry.recordHistogram('db_get_latency_seconds', 0.5, { store: 'orders' })
  const [second] = indexPoints(await collect(producer)).values()
  expect(second?.value).toMatchObject({ count: 1, sum: 0.5 })
  expect(second?.value).not.toHaveProperty('min')
  expect(second?.value).not.toHaveProperty('max')
})

test('two delta producers do not affect each other', async () => {
  const registry = new MetricsRegistry()
  const counter = registry.counter('db_get_operations_total', { store: 'orders' })
  const [one, other] = [1, 2].map(() => new RegistryProducer(registry, { temporality: 'delta' })) as [
    RegistryProducer,
    RegistryProducer,
  ]
  const readDelta = async (producer: RegistryProducer) =>
    [...indexPoints(await collect(producer)).values()].map(({ value }) => value)
  counter.add(3)
  expect(await readDelta(one)).toEqual([3])
  counter.add(4)
  expect(await readDelta(one)).toEqual([4])
  expect(await readDelta(other)).toEqual([7])
  expect(await readDelta(other)).toEqual([0])
})

test('the first delta of a series starts when the series was created', async () => {
  const registry = new MetricsRegistry()
  const clock = new ManualClock(1_000_000)
  const producer = new RegistryProducer(registry, { temporality: 'delta', clock })
  registry.incrementCounter('db_errors_total', 2, { store: 'orders', operation: 'get', error_type: '_OTHER' })
  await collect(producer)
  registry.incrementCounter('db_errors_total', 5, { store: 'orders', operation: 'get', error_type: 'LEVEL_IO_ERROR' })
  clock.advance(5)
  const points = [...indexPoints(await collect(producer)).values()]
  expect(points.map(({ value }) => value)).toEqual([0, 5])
  const [ofKnown, ofNew] = points.map(({ startTime }) => hrTimeToMilliseconds(startTime))
  expect(ofKnown).toBe(1_000_000)
  expect(ofNew).toBeGreaterThan(999_000)
  expect(ofNew).toBeLessThanOrEqual(1_000_005)
  expect(points.map(({ endTime }) => hrTimeToMilliseconds(endTime))).toEqual([1_000_005, 1_000_005])
})

test.each([3_600_000, -3_600_000])('after the clock was set by %i ms, no point starts after its end', async (deltaMs) => {
  const registry = new MetricsRegistry()
  const clock = new ManualClock()
  const producers = (['delta', 'cumulative'] as const).map(
    (temporality) => new RegistryProducer(registry, { temporality, clock }),
  )
  registry.incrementCounter('db_get_operations_total', 2, { store: 'orders' })
  for (const producer of producers) await collect(producer)
  clock.step(deltaMs)
  registry.incrementCounter('db_set_operations_total', 2, { store: 'orders' })
  for (const producer of producers) {
    const points = [...indexPoints(await collect(producer)).values()]
    expect(points).toHaveLength(2)
    for (const { startTime, endTime } of points) {
      expect(hrTimeToMilliseconds(startTime)).toBeLessThanOrEqual(hrTimeToMilliseconds(endTime))
      expect(hrTimeToMilliseconds(endTime)).toBe(clock.nowMs())
    }
  }
})

test('a gauge has its current value with delta temporality, too', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  registry.setGaugeWithLabels('db_wal_bytes', 10, { store: 'orders' })
  for (let round = 0; round < 2; round++) {
    expect(await collect(producer)).toMatchObject([{ dataPointType: DataPointType.GAUGE, dataPoints: [{ value: 10 }] }])
  }
})

test('exponential histograms have the same totals as explicit ones', async () => {
  const registry = new MetricsRegistry()
  recordMixedLoad(registry, 5)
  const explicit = indexPoints(await collect(new RegistryProducer(registry)))
  const metrics = await collect(new RegistryProducer(registry, { histograms: 'exponential' }))
  expect(metrics.some(({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM)).toBe(false)
  const exponential = indexPoints(metrics)
  expect([...exponential.keys()]).toEqual([...explicit.keys()])
  for (const [id, { value }] of exponential) {
    const other = explicit.get(id)?.value
    if (typeof value === 'number' || !('scale' in value)) {
      expect(value).toBe(other)
      continue
    }
    const { count, sum, min = 0, max = 0, scale, zeroCount, positive, negative } = value
    const { buckets, snapshot, ...totals } = other as Histogram & { snapshot: unknown }
    expect({ count, sum, min, max }, id).toEqual(totals)
    expect(zeroCount + positive.bucketCounts.reduce((all, one) => all + one), id).toBe(count)
    expect(positive.bucketCounts.length).toBeLessThanOrEqual(160)
    expect(negative.bucketCounts).toEqual([])
    // The maximum is in the last bucket or, by the width of a fine bucket, in the next one.
    const lastUpper = 2 ** ((positive.offset + positive.bucketCounts.length) / 2 ** scale)
    expect(lastUpper / max, id).toBeGreaterThan(2 ** (-1 / 16))
    expect(lastUpper / max, id).toBeLessThan(2 ** (1 / 2 ** scale + 1 / 16))
    expect(min).toBeGreaterThanOrEqual(0)
  }
})

test('deltas of exponential histograms add up', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta', histograms: 'exponential' })
  const record = (...values: number[]) => {
    for (const value of values) registry.recordHistogram('db_get_latency_seconds', value, { store: 'orders' })
  }
  const next = async () => [...indexPoints(await collect(producer)).values()].map(({ value }) => value as ExponentialHistogram)
  // Two octaves apart, which are 32 buckets at scale 4.
  record(1.03125, 1.03125, 4.125)
  const [first] = await next()
  expect(first).toMatchObject({ scale: 4, count: 3, sum: 6.1875, positive: { bucketCounts: [2, ...new Array(31).fill(0), 1] } })
  record(4.125)
  const [second] = await next()
  expect(second).toMatchObject({ scale: 4, count: 1, sum: 4.125, positive: { bucketCounts: [1] } })
  expect(second?.positive.offset).toBe((first?.positive.offset ?? 0) + 32)
})

test('a store that was forgotten leaves nothing behind, and starts anew with all that it counts then', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  const labels = { store: 'orders' }
  const counter = registry.counter('db_get_operations_total', labels)
  const read = async () => indexPoints(await collect(producer)).get(`db_get_operations_total ${seriesKey(labels)}`)
  counter.add(5)
  expect((await read())?.value).toBe(5)
  registry.forget('orders')
  expect(await read()).toBe(undefined)
  counter.add(2)
  const point = await read()
  expect(point?.value).toBe(2)
  counter.add(1)
  expect((await read())?.value).toBe(1)
})
