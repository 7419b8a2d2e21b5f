import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { expect, test } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { jsonMetrics } from './json.ts'

function monitored(semconv: Semconv = 'wombat') {
  const registry = new MetricsRegistry({ semconv })
  const reader = new SnapshotReader()
  const views = [{ instrumentName: 'app.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const }]
  const meter = new MeterProvider({ readers: [reader], views }).getMeter('application')
  reader.follow(registry)
  return { registry, meter, take: () => reader.take(), json: async () => jsonMetrics(await reader.take(), semconv) }
}

const description = 'Something.'

test('counters and gauges have a name, a type, a unit, labels, a value and the time of the snapshot', async () => {
  const { registry, take } = monitored()
  registry.incrementCounter('db_get_operations_total', 3, { store: 'orders' })
  registry.setGaugeWithLabels('db_level_files', 7, { store: 'orders', level: '0' })
  const snapshot = await take()
  const timestamp = snapshot.timeMs
  const level = { store: 'orders', level: '0' }
  expect(jsonMetrics(snapshot, 'wombat')).toEqual([
    { name: 'db_get_operations_total', type: 'counter', unit: '{operation}', labels: { store: 'orders' }, value: 3, timestamp },
    { name: 'db_level_files', type: 'gauge', unit: '{file}', labels: level, value: 7, timestamp },
  ])
})

test('a histogram has cumulative buckets up to +Inf, and quantiles', async () => {
  const { registry, json } = monitored()
  const bounds = [1, 2, 4]
  registry.declare({ name: 'cart_items', kind: 'histogram', unit: '{item}', description, attributes: [], bounds })
  for (const value of [1, 1.5, 3, 100]) registry.recordHistogram('cart_items', value)
  const [metric] = await json()
  expect(metric).toEqual({
    name: 'cart_items',
    type: 'histogram',
    unit: '{item}',
    labels: {},
    count: 4,
    sum: 105.5,
    min: 1,
    max: 100,
    quantiles: [
      { quantile: 0.5, value: expect.closeTo(1.5, 1) },
      { quantile: 0.95, value: 100 },
      { quantile: 0.99, value: 100 },
    ],
    quantilesSinceStart: [
      { quantile: 0.5, value: expect.closeTo(1.5, 1) },
      { quantile: 0.95, value: 100 },
      { quantile: 0.99, value: 100 },
    ],
    buckets: [
      { le: 1, count: 1 },
      { le: 2, count: 2 },
      { le: 4, count: 3 },
      { le: '+Inf', count: 4 },
    ],
    timestamp: expect.any(Number),
  })
})

test('a summary has quantiles and no buckets', async () => {
  const { registry, json } = monitored()
  registry.declare({ name: 'cart_seconds', kind: 'summary', unit: 's', description, attributes: [] })
  registry.recordHistogram('cart_seconds', 0.5)
  const [metric] = await json()
  expect(metric).toMatchObject({ name: 'cart_seconds', type: 'summary', count: 1, sum: 0.5, quantiles: { length: 3 } })
  expect(metric).not.toHaveProperty('buckets')
})

test('before the first value there are no quantiles, no minimum and no maximum', async () => {
  const { registry, json } = monitored()
  registry.histogram('db_get_latency_seconds', { store: 'orders' })
  const [metric] = await json()
  expect(metric).toMatchObject({ count: 0, sum: 0, quantiles: [] })
  expect(metric).not.toHaveProperty('min')
  expect(metric).not.toHaveProperty('max')
})

test('every value is that of the registry', async () => {
  const { registry, json } = monitored()
  recordMixedLoad(registry, 1)
  const own = registry.getAllMetrics()
  const shown = await json()
  expect(shown.map(({ name, labels }) => [name, labels])).toEqual(own.map(({ name, labels }) => [name, labels]))
  for (const [index, { type, value }] of own.entries()) {
    const metric = shown[index]
    expect(metric).toHaveProperty('type', type)
    if (typeof value === 'number') {
      expect(metric).toHaveProperty('value', value)
      continue
    }
    expect(metric).toMatchObject({ count: value.count, sum: value.sum })
    if ('quantiles' in value) expect(metric).toMatchObject({ quantiles: value.quantiles })
    else expect(metric).toMatchObject({ buckets: value.buckets.map(({ le, count }) => ({ le: finite(le), count })) })
  }
})

function finite(le: number): number | string {
  return le === Number.POSITIVE_INFINITY ? '+Inf' : le
}

for (const semconv of ['wombat', 'otel', 'both'] as const) {
  test(`with semconv ${semconv} the names are those of ${semconv}`, async () => {
    const { registry, json } = monitored(semconv)
    new DatabaseMetrics(registry, { store: 'orders' }).recordGet(500_000_000, true)
    const names = (await json()).map(({ name }) => name)
    expect(names.includes('db_get_operations_total')).toBe(semconv !== 'otel')
    expect(names.includes('db.client.operation.duration')).toBe(semconv !== 'wombat')
  })
}

test('values that JSON cannot express are texts', async () => {
  const { registry, meter, json } = monitored()
  recordMixedLoad(registry, 2)
  meter.createObservableGauge('app.temperature').addCallback((result) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 21]) result.observe(value, { place: String(value) })
  })
  const metrics = await json()
  const values = metrics.flatMap((metric) => (metric.name === 'app.temperature' && 'value' in metric ? [metric.value] : []))
  expect(values).toEqual(['NaN', '+Inf', 21])
  expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
})

test('a histogram of the application has its own buckets, and no quantiles', async () => {
  const { meter, json } = monitored()
  meter.createHistogram('app.sizes', { unit: 'By', advice: { explicitBucketBoundaries: [10] } }).record(11, { kind: 'a' })
  meter.createHistogram('app.exponential').record(8)
  const metrics = await json()
  const buckets = [
    { le: 10, count: 0 },
    { le: '+Inf', count: 1 },
  ]
  const sizes = { name: 'app.sizes', unit: 'By', labels: { kind: 'a' }, count: 1, sum: 11, quantiles: [], buckets }
  expect(metrics).toContainEqual(expect.objectContaining(sizes))
  const exponential = { name: 'app.exponential', count: 1, sum: 8, quantiles: [], buckets: [] }
  expect(metrics).toContainEqual(expect.objectContaining(exponential))
})
