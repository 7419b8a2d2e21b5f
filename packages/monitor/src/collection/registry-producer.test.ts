import { hrTimeToMilliseconds } from '@opentelemetry/core'
import { type DataPoint, DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics'
import { bindToMeter, DatabaseMetrics, MetricsRegistry, type Semconv, scopeName } from '@wombat/instrumentation'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { expect, test } from 'vitest'
import { RegistryProducer } from './registry-producer.ts'

/** A reader of the SDK that collects on demand. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

async function metricsIn(reader: MetricReader, scope = scopeName): Promise<MetricData[]> {
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  return resourceMetrics.scopeMetrics.filter((one) => one.scope.name === scope).flatMap(({ metrics }) => metrics)
}

/** Returns everything a user would see of these metrics except the times, sorted. */
function seen(metrics: readonly MetricData[]) {
  return metrics
    .flatMap(({ descriptor: { name, unit, description }, dataPointType, dataPoints, ...others }) =>
      (dataPoints as ReadonlyArray<DataPoint<unknown>>).map(({ attributes, value }) => {
        const { isMonotonic } = others as { isMonotonic?: boolean }
        const shown = typeof value === 'number' ? { value } : distribution(value as never)
        return { name, unit, description, dataPointType, isMonotonic, attributes: { ...attributes }, ...shown }
      }),
    )
    .toSorted((one, other) => (seriesId(one) < seriesId(other) ? -1 : 1))
}

function distribution({ count, sum, min, max, buckets }: Record<string, never>) {
  return { count, sum, min, max, buckets }
}

function seriesId({ name, attributes }: { name: string; attributes: object }): string {
  return `${name} ${JSON.stringify(Object.entries(attributes).toSorted())}`
}

for (const seed of [1, 2, 3]) {
  test(`a Meter and a producer have the same values after mixed load ${seed}`, async () => {
    const registry = new MetricsRegistry()
    const bound = new Reader()
    const produced = new Reader({ metricProducers: [new RegistryProducer(registry)] })
    const provider = new MeterProvider({ readers: [bound, produced] })
    bindToMeter(registry, provider.getMeter('meter'))
    recordMixedLoad(registry, seed)
    const [byMeter, byProducer] = [seen(await metricsIn(bound, 'meter')), seen(await metricsIn(produced))]
    expect(byProducer.length).toBeGreaterThan(70)
    expect(byProducer).toEqual(byMeter)
    recordMixedLoad(registry, seed + 10)
    expect(seen(await metricsIn(produced))).toEqual(seen(await metricsIn(bound, 'meter')))
  })
}

test('a producer has histograms without values, which a Meter cannot have', async () => {
  const registry = new MetricsRegistry()
  const bound = new Reader()
  const produced = new Reader({ metricProducers: [new RegistryProducer(registry)] })
  bindToMeter(registry, new MeterProvider({ readers: [bound, produced] }).getMeter('meter'))
  registry.histogram('db_get_latency_seconds', { store: 'orders' })
  expect(await metricsIn(bound, 'meter')).toEqual([])
  expect(seen(await metricsIn(produced))).toMatchObject([{ name: 'db_get_latency_seconds', count: 0 }])
})

test('three readers have the same values, and reading changes nothing', async () => {
  const registry = new MetricsRegistry()
  const shared = new RegistryProducer(registry)
  const readers = [shared, shared, new RegistryProducer(registry)].map((one) => new Reader({ metricProducers: [one] }))
  const provider = new MeterProvider({ readers })
  recordMixedLoad(registry, 4)
  const before = registry.getAllMetrics().map(({ timestamp, ...others }) => others)
  const [first, ...others] = await Promise.all([...readers, ...readers].map(async (reader) => seen(await metricsIn(reader))))
  for (const other of others) expect(other).toEqual(first)
  expect(registry.getAllMetrics().map(({ timestamp, ...rest }) => rest)).toEqual(before)
  await provider.shutdown()
})

test('every series starts at 0', async () => {
  const registry = new MetricsRegistry()
  new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  const reader = new Reader({ metricProducers: [new RegistryProducer(registry)] })
  new MeterProvider({ readers: [reader] })
  const buckets = { boundaries: expect.any(Array), counts: new Array(23).fill(0) }
  const attributes = { store: 'orders' }
  expect(seen(await metricsIn(reader))).toMatchObject([
    { name: 'db_get_errors_total', attributes, value: 0, isMonotonic: true, unit: '{error}' },
    { name: 'db_get_latency_seconds', attributes, count: 0, sum: 0, min: undefined, max: undefined, buckets, unit: 's' },
    { name: 'db_get_operations_total', attributes, value: 0, isMonotonic: true, unit: '{operation}' },
  ])
})

test('a gauge without a value is absent until it has one', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry)
  const reader = new Reader({ metricProducers: [producer] })
  new MeterProvider({ readers: [reader] })
  const known = registry.gauge('db_memtable_bytes', { store: 'orders' })
  const watched = registry.gauge('db_memtable_bytes', { store: 'users' })
  let now: number | undefined
  watched.observe(() => now)
  const values = async () => seen(await metricsIn(reader)).map(({ attributes, ...one }) => [attributes['store'], one])
  expect(await metricsIn(reader)).toEqual([])
  known.set(5)
  expect(await values()).toMatchObject([['orders', { value: 5, dataPointType: DataPointType.GAUGE }]])
  now = 7
  expect(await values()).toMatchObject([
    ['orders', { value: 5 }],
    ['users', { value: 7 }],
  ])
  known.set(undefined)
  expect(await values()).toMatchObject([['users', { value: 7 }]])
  now = undefined
  expect(await metricsIn(reader)).toEqual([])
})

test('collectors run before the values are read', async () => {
  const registry = new MetricsRegistry()
  registry.collectors.add(async () => registry.setGaugeWithLabels('db_wal_bytes', 12, { store: 'orders' }))
  const reader = new Reader({ metricProducers: [new RegistryProducer(registry)] })
  new MeterProvider({ readers: [reader] })
  expect(seen(await metricsIn(reader))).toMatchObject([{ name: 'db_wal_bytes', value: 12 }])
})

const wombatNames = ['db_get_errors_total', 'db_get_latency_seconds', 'db_get_operations_total']
const conventions: ReadonlyArray<[semconv: Semconv, names: string[]]> = [
  ['wombat', wombatNames],
  ['otel', ['db.client.operation.duration']],
  ['both', ['db.client.operation.duration', ...wombatNames]],
]
for (const [semconv, names] of conventions) {
  test(`with semconv ${semconv}, a get has the names ${names.join(', ')}`, async () => {
    const registry = new MetricsRegistry({ semconv })
    new DatabaseMetrics(registry, { store: 'orders', engine: 'leveldb', operations: ['get'] }).recordGet(500_000_000, true)
    const reader = new Reader({ metricProducers: [new RegistryProducer(registry)] })
    new MeterProvider({ readers: [reader] })
    const shown = seen(await metricsIn(reader))
    expect(shown.map(({ name }) => name)).toEqual(names)
    if (semconv === 'wombat') return
    const attributes = { 'db.system.name': 'leveldb', 'db.namespace': 'orders', 'db.operation.name': 'get' }
    expect(shown[0]).toMatchObject({ attributes, unit: 's', count: 1, sum: 0.5 })
  })
}

test('metrics that are not those of operations have one name under every convention', async () => {
  const registry = new MetricsRegistry({ semconv: 'both' })
  new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] }).updateMemoryUsage(1, 2)
  for (const semconv of ['wombat', 'otel', 'both'] as const) {
    const { resourceMetrics } = await new RegistryProducer(registry, { semconv }).collect()
    const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name))
    expect(names).toEqual(expect.arrayContaining(['db_memtable_bytes', 'db_cache_bytes', 'db_total_memory_bytes']))
    expect(names.includes('db_get_operations_total')).toBe(semconv !== 'otel')
    expect(names.includes('db.client.operation.duration')).toBe(semconv !== 'wombat')
  }
})

test('a series starts when it was created', async () => {
  const registry = new MetricsRegistry()
  const reader = new Reader({ metricProducers: [new RegistryProducer(registry)] })
  new MeterProvider({ readers: [reader] })
  registry.counter('db_get_operations_total', { store: 'orders' })
  const started = [...registry.families()].flatMap(({ series }) => [...series.values()].map(({ startMs }) => startMs))
  const [metric] = await metricsIn(reader)
  const [startMs] = metric?.dataPoints.map(({ startTime }) => hrTimeToMilliseconds(startTime)) ?? []
  expect(Math.abs((startMs as number) - (started[0] as number))).toBeLessThan(1000)
})
