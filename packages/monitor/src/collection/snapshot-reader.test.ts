import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { bindToMeter, instrument, MetricsRegistry, scopeName, sharedRegistry } from '@wombat/instrumentation'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import type { Snapshot } from './snapshot.ts'
import { SnapshotReader } from './snapshot-reader.ts'

/** A store that is measured with the application's MeterProvider, after one get. */
async function measuredStore() {
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider: provider })
  onTestFinished(() => store.close())
  await store.get('a')
  return { reader, provider, registry: sharedRegistry(provider) }
}

function namesIn({ points }: Snapshot): string[] {
  return points.map(({ metric }) => metric)
}

test('a snapshot has the metrics of the application, and those of the stores once', async () => {
  const { reader, provider, registry } = await measuredStore()
  reader.follow(registry)
  provider.getMeter('application').createCounter('app.requests').add(5)
  const snapshot = await reader.take()
  expect(snapshot.points).toContainEqual(expect.objectContaining({ metric: 'app.requests', value: 5 }))
  const gets = snapshot.points.filter(({ metric }) => metric === 'db_get_operations_total')
  expect(gets).toMatchObject([{ attributes: { store: 'orders' }, value: 1 }])
  expect(snapshot.errors).toEqual([])
})

test('without a registry to follow, a reader has the SDK values of our metrics', async () => {
  const { reader } = await measuredStore()
  const latencies = (await reader.take()).points.filter(({ metric }) => metric === 'db_get_latency_seconds')
  expect(latencies).toMatchObject([{ count: 1, snapshot: undefined }])
})

test('a followed registry is read in full resolution, including empty histograms', async () => {
  const { reader, registry } = await measuredStore()
  reader.follow(registry)
  const { points } = await reader.take()
  const [latency] = points.filter(({ metric }) => metric === 'db_get_latency_seconds')
  expect(latency).toMatchObject({ count: 1, snapshot: { count: 1 } })
  expect(points.find(({ metric }) => metric === 'db_set_latency_seconds')).toMatchObject({ count: 0 })
})

test('concurrent callers share one collection, later ones get a new one', async () => {
  const reader = new SnapshotReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('application')
  let collections = 0
  meter.createObservableCounter('app.collections').addCallback((result) => result.observe(++collections))
  const [first, second, third] = await Promise.all([reader.take(), reader.take(), reader.take()])
  expect(collections).toBe(1)
  expect(second).toBe(first)
  expect(third).toBe(first)
  expect(await reader.take()).not.toBe(first)
  expect(collections).toBe(2)
})

test('an error of a callback is in the errors, and the other metrics are in the snapshot', async () => {
  const { reader, provider, registry } = await measuredStore()
  reader.follow(registry)
  const failure = new Error('sensor is broken')
  provider
    .getMeter('application')
    .createObservableGauge('app.temperature')
    .addCallback(() => {
      throw failure
    })
  const snapshot = await reader.take()
  expect(snapshot.errors).toEqual([failure])
  expect(namesIn(snapshot)).toContain('db_get_operations_total')
})

test('a reader that belongs to no MeterProvider rejects with what to do', async () => {
  const reader = new SnapshotReader()
  const unbound = /^this SnapshotReader belongs to no MeterProvider: first create the provider/
  await expect(reader.take()).rejects.toThrow(unbound)
  new MeterProvider({ readers: [reader] })
  expect((await reader.take()).points).toEqual([])
})

test('a reader that was shut down rejects every time', async () => {
  const { reader, provider } = await measuredStore()
  await provider.shutdown()
  await expect(reader.take()).rejects.toThrow('MetricReader is shutdown')
  await expect(reader.take()).rejects.toThrow('MetricReader is shutdown')
})

test('each collection is timed, which the next one contains', async () => {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const first = await reader.take()
  expect(first.points).toEqual([])
  const second = await reader.take()
  expect(second.points).toMatchObject([
    { metric: 'wombat_monitor_collection_duration_seconds', count: 1 },
    { metric: 'wombat_monitor_busy_seconds_total', attributes: { part: 'collection' }, value: expect.any(Number) },
    { metric: 'wombat_monitor_points', value: 0 },
  ])
  expect((await reader.take()).points).toMatchObject([{ count: 2 }, { value: expect.any(Number) }, { value: 3 }])
})

test('a collection has the same values as a snapshot', async () => {
  const { reader, registry } = await measuredStore()
  reader.follow(registry)
  const { resourceMetrics } = await reader.collect()
  expect(resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name === scopeName)).toHaveLength(1)
  const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name))
  expect(names.filter((name) => name === 'db_get_operations_total')).toHaveLength(1)
})

test('a snapshot also has names that the conventions do not export', async () => {
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider: provider, semconv: 'otel' })
  await store.get('a')
  reader.follow(sharedRegistry(provider, 'otel'))
  const { points } = await reader.take()
  expect(points).toContainEqual(expect.objectContaining({ metric: 'db_get_operations_total', value: 1 }))
  expect(points).toContainEqual(expect.objectContaining({ metric: 'db.client.operation.duration', count: 1 }))
})

test('a snapshot does not affect another reader of the application', async () => {
  class Reader extends MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new SnapshotReader()
  const theirs = new Reader()
  const provider = new MeterProvider({ readers: [reader, theirs] })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider: provider })
  reader.follow(sharedRegistry(provider))
  await store.get('a')
  await reader.take()
  await reader.take()
  const { resourceMetrics } = await theirs.collect()
  const gets = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => /^db_get_(?!many)/.test(descriptor.name))
  expect(gets.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]?.value])).toEqual([
    ['db_get_operations_total', 1],
    ['db_get_latency_seconds', expect.objectContaining({ count: 1 })],
    ['db_get_errors_total', 0],
  ])
})

test('the series of a second copy of the package are in the snapshot, and our own are not there twice', async () => {
  const reader = new SnapshotReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter(scopeName)
  const [own, ofAnotherCopy] = [new MetricsRegistry(), new MetricsRegistry()]
  bindToMeter(own, meter)
  bindToMeter(ofAnotherCopy, meter)
  reader.follow(own)
  own.counter('db_get_operations_total', { store: 'ours' }).add(1)
  ofAnotherCopy.counter('db_get_operations_total', { store: 'theirs' }).add(2)
  const { points } = await reader.take()
  const gets = points.filter(({ metric }) => metric === 'db_get_operations_total')
  expect(gets.map(({ attributes, ...rest }) => [attributes['store'], 'value' in rest && rest.value]).sort()).toEqual([
    ['ours', 1],
    ['theirs', 2],
  ])
})
