import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Labels } from '../metrics/labels.ts'
import type { Metric } from '../metrics/metric.ts'
import { latencyBounds } from '../metrics/semconv.ts'
import { MetricsRegistry } from './registry.ts'

const latency = 'db_get_latency_seconds'
const gets = 'db_get_operations_total'

type Timeless<Each extends Metric = Metric> = Each extends Metric ? Omit<Each, 'timestamp'> : never

/** The metrics of one name, without the time at which they were read. */
function read(registry: MetricsRegistry, name: string): Timeless[] {
  return registry.getAllMetrics().flatMap(({ timestamp: _, ...metric }) => (metric.name === name ? metric : []))
}

test('a counter grows by one, or by what it is told', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets)
  registry.incrementCounter(gets, 2)
  registry.incrementCounter(gets, 0.5, {})
  expect(read(registry, gets)).toEqual([{ name: gets, type: 'counter', labels: {}, value: 3.5 }])
})

test('a gauge is what it was set to last', () => {
  const registry = new MetricsRegistry()
  registry.setGauge('db_queue_depth', 5)
  registry.setGauge('db_queue_depth', -3)
  registry.setGaugeWithLabels('db_queue_depth', 7, { store: 'a' })
  expect(read(registry, 'db_queue_depth')).toEqual([
    { name: 'db_queue_depth', type: 'gauge', labels: {}, value: -3 },
    { name: 'db_queue_depth', type: 'gauge', labels: { store: 'a' }, value: 7 },
  ])
})

test('a gauge that nobody knows is not there, and is there again once it is known', () => {
  const registry = new MetricsRegistry()
  const depth = registry.gauge('db_queue_depth')
  expect(read(registry, 'db_queue_depth')).toEqual([])
  depth.set(4)
  expect(read(registry, 'db_queue_depth')).toHaveLength(1)
  depth.set(undefined)
  expect(read(registry, 'db_queue_depth')).toEqual([])
})

test('a histogram shows cumulative buckets up to Infinity, with sum and count', () => {
  const registry = new MetricsRegistry()
  for (const seconds of [0.002, 0.0025, 0.3, 60]) registry.recordHistogram(latency, seconds, { store: 'a' })
  const atMost = (bound: number): number => [0.002, 0.0025, 0.3, 60].filter((seconds) => seconds <= bound).length
  const buckets = [...latencyBounds, Number.POSITIVE_INFINITY].map((le) => ({ le, count: atMost(le) }))
  const value = { buckets, sum: 0.002 + 0.0025 + 0.3 + 60, count: 4 }
  expect(read(registry, latency)).toEqual([{ name: latency, type: 'histogram', labels: { store: 'a' }, value }])
})

test('a summary shows P50, P95 and P99, with sum and count', () => {
  const registry = new MetricsRegistry()
  const description = 'Time one job took.'
  registry.declare({ name: 'job_seconds', kind: 'summary', unit: 's', description, attributes: [] })
  for (let ms = 1; ms <= 100; ms++) registry.recordHistogram('job_seconds', ms / 1000)
  const [metric] = read(registry, 'job_seconds')
  expect(metric).toMatchObject({ name: 'job_seconds', type: 'summary', labels: {}, value: { count: 100 } })
  if (metric?.type !== 'summary') throw new Error('no summary')
  const { quantiles, sum } = metric.value
  expect(sum).toBeCloseTo(5.05, 9)
  expect(quantiles.map(({ quantile }) => quantile)).toEqual([0.5, 0.95, 0.99])
  for (const { quantile, value } of quantiles) expect(Math.abs(value / (quantile / 10) - 1)).toBeLessThan(0.032)
})

test('a summary of nothing has no quantiles', () => {
  const registry = new MetricsRegistry()
  registry.declare({ name: 'job_seconds', kind: 'summary', unit: 's', description: 'Time one job took.', attributes: [] })
  registry.histogram('job_seconds')
  const value = { quantiles: [], sum: 0, count: 0 }
  expect(read(registry, 'job_seconds')).toEqual([{ name: 'job_seconds', type: 'summary', labels: {}, value }])
})

test('every metric carries the time at which it was read', async () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets)
  registry.setGauge('db_queue_depth', 1)
  const earliestMs = Date.now()
  const first = registry.getAllMetrics()
  await wait(5)
  const second = registry.getAllMetrics()
  expect(new Set(first.map(({ timestamp }) => timestamp)).size).toBe(1)
  expect(first[0]?.timestamp).toBeGreaterThanOrEqual(earliestMs)
  expect(second[0]?.timestamp).toBeGreaterThan(first[0]?.timestamp ?? Number.POSITIVE_INFINITY)
})

test('reading changes nothing', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 0.5)
  const first = read(registry, gets).concat(read(registry, latency))
  for (let reads = 0; reads < 5; reads++) expect(read(registry, gets).concat(read(registry, latency))).toEqual(first)
})

test('a new registry has nothing to show', () => {
  expect(new MetricsRegistry().getAllMetrics()).toEqual([])
})

test('the order of labels makes no difference', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter('db_errors_total', 1, { store: 'a', operation: 'get', error_type: 'X' })
  registry.incrementCounter('db_errors_total', 1, { error_type: 'X', store: 'a', operation: 'get' })
  registry.counter('db_errors_total', { operation: 'get', error_type: 'X', store: 'a' }).add(1)
  expect(read(registry, 'db_errors_total')).toMatchObject([{ value: 3 }])
})

test('different labels are different series, whatever characters they hold', () => {
  const registry = new MetricsRegistry()
  const apart: Labels[] = [
    {},
    { store: 'a' },
    { store: 'A' },
    { level: 'a' },
    { store: 'a', level: '1' },
    { store: '1', level: 'a' },
    { store: 'a\u0001level\u00001' },
    { store: 'a\u0000', level: '1' },
    { store: 'a,level=1' },
    { store: '1\u0001store\u0000a' },
    { level: '1\u0001store\u0000a' },
  ]
  apart.forEach((labels, index) => {
    registry.setGaugeWithLabels('db_level_files', index, labels)
  })
  expect(read(registry, 'db_level_files').map(({ labels, value }) => [labels, value])).toEqual(
    apart.map((labels, i) => [labels, i]),
  )
})

test('a handle and its name count in the same place', () => {
  const registry = new MetricsRegistry()
  const counter = registry.counter(gets, { store: 'a' })
  counter.add(2)
  registry.incrementCounter(gets, 3, { store: 'a' })
  expect(counter.value).toBe(5)
  expect(registry.counter(gets, { store: 'a' })).toBe(counter)
  expect(registry.histogram(latency)).toBe(registry.histogram(latency))
  expect(registry.gauge('db_queue_depth')).toBe(registry.gauge('db_queue_depth'))
})

test('labels that change after they were given change nothing', () => {
  const registry = new MetricsRegistry()
  const labels = { store: 'a' }
  registry.incrementCounter(gets, 1, labels)
  labels.store = 'b'
  expect(read(registry, gets)).toMatchObject([{ labels: { store: 'a' } }])
})

test('a gauge that several sources speak for is their sum, or the largest of them', () => {
  const registry = new MetricsRegistry()
  const depth = registry.gauge('db_queue_depth')
  const stop = depth.observe(() => 2)
  depth.observe(() => 3)
  depth.observe(() => undefined)
  expect(depth.value).toBe(5)
  stop()
  expect(depth.value).toBe(3)
  const age = registry.gauge('db_oldest_operation_age_seconds')
  age.observe(() => 2, 'max')
  age.observe(() => 3, 'max')
  expect(age.value).toBe(3)
})

test('a source that throws or says nonsense does not know', () => {
  const depth = new MetricsRegistry().gauge('db_queue_depth')
  depth.observe(() => Number.NaN)
  depth.observe(() => {
    throw new Error('closed')
  })
  expect(depth.value).toBeUndefined()
  depth.observe(() => 1)
  expect(depth.value).toBe(1)
})

test('while it is not enabled nothing is recorded, and what was recorded stays', () => {
  const registry = new MetricsRegistry()
  const [counter, gauge, histogram] = [registry.counter(gets), registry.gauge('db_queue_depth'), registry.histogram(latency)]
  const recordOnce = (): void => {
    counter.add(1)
    gauge.set(counter.value)
    histogram.record(1)
    registry.incrementCounter(gets)
    registry.setGauge('db_level_files', counter.value)
    registry.recordHistogram(latency, 1)
  }
  recordOnce()
  registry.enabled = false
  recordOnce()
  registry.incrementCounter('no_such_total')
  registry.incrementCounter(gets, 1, { store: 'new' })
  expect(registry.getAllMetrics().map(({ name, value }) => [name, typeof value === 'number' ? value : value.count])).toEqual([
    [gets, 2],
    ['db_queue_depth', 1],
    [latency, 2],
    ['db_level_files', 2],
  ])
  registry.enabled = true
  recordOnce()
  expect(counter.value).toBe(4)
})

test('a listener is told of every series there is and every one to come, until it stops', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 1, { store: 'a' })
  const told: unknown[] = []
  const stop = registry.onSeries(({ definition }, { labels }) => told.push([definition.name, labels]))
  registry.incrementCounter(gets, 1, { store: 'a' })
  registry.setGauge('db_queue_depth', 1)
  stop()
  registry.incrementCounter(gets, 1, { store: 'b' })
  expect(told).toEqual([
    [gets, { store: 'a' }],
    ['db_queue_depth', {}],
  ])
})

test('options that make no sense are refused, and the complaint says what was got', () => {
  for (const cardinalityLimit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => new MetricsRegistry({ cardinalityLimit })).toThrow(
      new RangeError(
        `cardinalityLimit must be a whole number of 1 or more, got ${cardinalityLimit}: it bounds the series of one metric`,
      ),
    )
  }
  expect(() => new MetricsRegistry({ semconv: 'old' as 'otel' })).toThrow(/semconv must be "wombat", "otel" or "both", got "old"/)
})

test('whoever wants to hear of refused values is told of each kind once', () => {
  const registry = new MetricsRegistry()
  const heard: string[] = []
  registry.warn = (message) => heard.push(message)
  for (let times = 0; times < 3; times++) registry.incrementCounter('nobody_knows_total')
  expect(heard).toEqual([expect.stringContaining('nobody_knows_total')])
})
