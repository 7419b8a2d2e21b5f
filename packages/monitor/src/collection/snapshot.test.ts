import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { SnapshotReader } from './snapshot-reader.ts'

const description = 'Something.'

/** A reader that follows a registry, and a meter of the application. */
function setUp() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  const views = [{ instrumentName: 'app.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const }]
  const meter = new MeterProvider({ readers: [reader], views }).getMeter('application')
  reader.follow(registry)
  return { registry, reader, meter }
}

test('counters and gauges are points with name, kind, unit, labels and value', async () => {
  const { registry, reader } = setUp()
  registry.incrementCounter('db_get_operations_total', 3, { store: 'orders' })
  registry.setGaugeWithLabels('db_level_files', 7, { store: 'orders', level: '0' })
  expect((await reader.take()).points).toEqual([
    {
      metric: 'db_get_operations_total',
      kind: 'counter',
      unit: '{operation}',
      description: 'Completed gets, both successful and failed.',
      attributes: { store: 'orders' },
      startMs: expect.any(Number),
      value: 3,
    },
    {
      metric: 'db_level_files',
      kind: 'gauge',
      unit: '{file}',
      description: 'Table files in this level.',
      attributes: { store: 'orders', level: '0' },
      startMs: expect.any(Number),
      value: 7,
    },
  ])
})

test('a histogram is one point with its buckets and its fine buckets', async () => {
  const { registry, reader } = setUp()
  const bounds = [1, 2, 4]
  registry.declare({ name: 'cart_items', kind: 'histogram', unit: '{item}', description, attributes: [], bounds })
  for (const value of [1, 1.5, 3, 100]) registry.recordHistogram('cart_items', value)
  const [point] = (await reader.take()).points
  expect(point).toMatchObject({ metric: 'cart_items', kind: 'histogram', unit: '{item}', description, attributes: {} })
  expect(point).toMatchObject({ count: 4, sum: 105.5, min: 1, max: 100, bounds, counts: [1, 1, 1, 1] })
  expect(point !== undefined && 'snapshot' in point && point.snapshot?.quantile(1)).toBe(100)
})

test('a summary keeps its declared kind', async () => {
  const { registry, reader } = setUp()
  registry.declare({ name: 'cart_seconds', kind: 'summary', unit: 's', description, attributes: [] })
  registry.recordHistogram('cart_seconds', 0.5)
  expect((await reader.take()).points).toMatchObject([{ metric: 'cart_seconds', kind: 'summary', count: 1, sum: 0.5 }])
})

test('a histogram without values has no minimum and no maximum', async () => {
  const { registry, reader } = setUp()
  registry.histogram('db_get_latency_seconds', { store: 'orders' })
  const [point] = (await reader.take()).points
  expect(point).toMatchObject({ count: 0, sum: 0, min: undefined, max: undefined })
})

test('instruments of the application are points, too', async () => {
  const { reader, meter } = setUp()
  meter.createCounter('app.requests', { unit: '{request}', description }).add(2, { route: '/', status: 200 })
  meter.createUpDownCounter('app.connections').add(-1)
  meter.createObservableGauge('app.temperature').addCallback((result) => result.observe(-3.5))
  meter.createHistogram('app.sizes', { advice: { explicitBucketBoundaries: [10] } }).record(11)
  const { points } = await reader.take()
  expect(points).toMatchObject([
    { metric: 'app.requests', kind: 'counter', unit: '{request}', attributes: { route: '/', status: 200 }, value: 2 },
    { metric: 'app.connections', kind: 'gauge', unit: '', description: '', attributes: {}, value: -1 },
    { metric: 'app.temperature', kind: 'gauge', value: -3.5 },
    { metric: 'app.sizes', kind: 'histogram', count: 1, sum: 11, bounds: [10], counts: [0, 1], snapshot: undefined },
  ])
})

test('an exponential histogram of the application has totals and no buckets', async () => {
  const { reader, meter } = setUp()
  meter.createHistogram('app.exponential').record(8)
  const [point] = (await reader.take()).points
  expect(point).toMatchObject({ kind: 'histogram', count: 1, sum: 8, min: 8, max: 8, bounds: [], counts: [] })
})

test('a snapshot does not change when values are recorded later', async () => {
  const { registry, reader } = setUp()
  registry.incrementCounter('db_get_operations_total', 1, { store: 'orders' })
  registry.recordHistogram('db_get_latency_seconds', 0.5, { store: 'orders' })
  const snapshot = await reader.take()
  registry.incrementCounter('db_get_operations_total', 1, { store: 'orders' })
  registry.recordHistogram('db_get_latency_seconds', 0.5, { store: 'orders' })
  expect(snapshot.points).toMatchObject([
    { metric: 'db_get_operations_total', value: 1 },
    { metric: 'db_get_latency_seconds', count: 1 },
  ])
  expect(snapshot.points).toBe(snapshot.points)
})
