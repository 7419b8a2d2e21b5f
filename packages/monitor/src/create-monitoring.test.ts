import { metrics as api } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { instrument, type MetricsRegistry, sharedRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { SnapshotReader } from './collection/snapshot-reader.ts'
import { ConfigError } from './config/errors.ts'
import type { HealthOptions } from './health/health-options.ts'
import type { Monitoring } from './monitoring.ts'
import { type AttachedConfig, createMonitoring } from './start-monitoring.ts'

async function attached(reader: SnapshotReader, config: AttachedConfig = {}): Promise<Monitoring> {
  const monitoring = await createMonitoring(reader, { logger: collectingLogger(), jsonApiPort: 0, ...config })
  onTestFinished(() => monitoring.close())
  return monitoring
}

/** Returns the number of gets of each store, from the JSON API. */
async function getsAt({ addresses }: Monitoring): Promise<Record<string, number>> {
  const { body } = await httpRequest(`${addresses.json}/api/v1/metrics`)
  const metrics: Array<{ name: string; labels: { store: string }; value: number }> = JSON.parse(body.toString()).metrics
  const gets = metrics.filter(({ name }) => name === 'db_get_operations_total')
  return Object.fromEntries(gets.map(({ labels, value }) => [labels.store, value]))
}

test('it covers the stores of a MeterProvider, whether measured by instrument or by monitoring, and the metrics of the application', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const before = instrument(new MemoryLevel(), { name: 'before', meterProvider })
  const monitoring = await attached(reader, { meterProvider })
  const after = instrument(new MemoryLevel(), { name: 'after', meterProvider })
  const own = monitoring.instrument(new MemoryLevel(), { name: 'own' })
  meterProvider.getMeter('application').createCounter('app.requests').add(3)
  for (const store of [before, after, own, own]) await store.get('a')
  expect(await getsAt(monitoring)).toEqual({ before: 1, after: 1, own: 2 })
  expect(await monitoring.metrics()).toContainEqual(expect.objectContaining({ name: 'app.requests', value: 3 }))
})

test('it uses the global MeterProvider by default', async () => {
  const reader = new SnapshotReader()
  const before = instrument(new MemoryLevel(), { name: 'measured-before-there-was-a-provider' })
  await before.get('a')
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  onTestFinished(() => api.disable())
  const monitoring = await attached(reader)
  const after = instrument(new MemoryLevel(), { name: 'measured-after' })
  for (const store of [before, after]) await store.get('a')
  expect(await getsAt(monitoring)).toMatchObject({ 'measured-before-there-was-a-provider': 2, 'measured-after': 1 })
})

test('another reader of the application sees the same values, also after monitoring is closed', async () => {
  class Reader extends MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new SnapshotReader()
  const theirs = new Reader()
  const meterProvider = new MeterProvider({ readers: [reader, theirs] })
  const monitoring = await attached(reader, { meterProvider })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider })
  const seenByThem = async () => {
    const { resourceMetrics, errors } = await theirs.collect()
    expect(errors).toEqual([])
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return all.filter(({ descriptor }) => descriptor.name === 'db_get_operations_total')
  }
  await store.get('a')
  expect(await getsAt(monitoring)).toEqual({ orders: 1 })
  expect(await seenByThem()).toMatchObject([{ dataPoints: [{ value: 1 }] }])
  await monitoring.close()
  await store.get('a')
  expect(await seenByThem()).toMatchObject([{ dataPoints: [{ value: 2 }] }])
  expect((await reader.take()).errors).toEqual([])
})

test('a reader that belongs to no MeterProvider is rejected with what to do', async () => {
  const reader = new SnapshotReader()
  await expect(attached(reader)).rejects.toThrow(
    'this SnapshotReader belongs to no MeterProvider: first create the provider (or start the NodeSDK) with it among the readers',
  )
  const meterProvider = new MeterProvider({ readers: [reader] })
  expect((await attached(reader, { meterProvider })).addresses.json).toBeDefined()
})

test.each([
  ['a configuration', { jsonApiPort: 0 }, 'an object of class Object'],
  ['nothing', undefined, 'undefined'],
  ['a reader of another kind', new (class Reader {})(), 'an object of class Reader'],
])('%s instead of a SnapshotReader is rejected with what to do', async (_what, given, described) => {
  await expect(createMonitoring(given as never)).rejects.toThrow(
    new TypeError(
      `createMonitoring(reader, config): the reader must be a SnapshotReader, got ${described}; without a MeterProvider of your own use startMonitoring(config)`,
    ),
  )
})

test('options of the MeterProvider are rejected', async () => {
  for (const config of [{ otlp: true }, { resource: {} }]) {
    const failure = attached(new SnapshotReader(), config as AttachedConfig)
    await expect(failure).rejects.toThrow(ConfigError)
    await expect(failure).rejects.toThrow('otlp and resource are settings of your MeterProvider')
  }
})

test('an invalid configuration is rejected', async () => {
  const failure = attached(new SnapshotReader(), { meterProviders: 1 } as AttachedConfig)
  await expect(failure).rejects.toThrow(/meterProviders is not an option/)
})

test('close writes the last log line with metrics', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const logger = collectingLogger()
  const monitoring = await attached(reader, { meterProvider, logger, logMetricsEnabled: true })
  await using store = instrument(new MemoryLevel(), { name: 'orders', meterProvider })
  await store.get('a')
  await monitoring.close()
  expect(logger.lines.slice(1)).toMatchObject([
    { level: 'info', message: 'metrics', fields: { stores: [{ store: 'orders', operations: { get: { count: 1 } } }] } },
  ])
})

test('close does not wait for a callback of the application that never ends', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const gauge = meterProvider.getMeter('application').createObservableGauge('app.temperature')
  gauge.addCallback(() => new Promise(() => {}))
  const logger = collectingLogger()
  const monitoring = await attached(reader, { meterProvider, logger, logMetricsEnabled: true, closeTimeoutMs: 100 })
  await monitoring.close()
  // The last log line still waits for its collection.
  const fields = { reason: 'closing took longer than 100 ms' }
  expect(logger.lines.slice(1)).toEqual([{ level: 'warn', message: 'the last metrics may not have been sent', fields }])
})

const port = (url: string | undefined): number => Number(new URL(url ?? '').port)
const measurement = ({ enabled, observer }: MetricsRegistry) => [enabled, observer.sampleInterval, observer.tracer]

test('after close, or after a start that failed, the stores are measured as before', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const registry = sharedRegistry(meterProvider)
  const before = measurement(registry)
  const health: HealthOptions = { checks: [{ name: 'own', run: () => ({ status: 'healthy', message: 'Fine' }) }] }
  const close: AttachedConfig = {
    enableMetrics: false,
    latencySampleRatio: 1 / 8,
    enableOperationTracing: true,
    health,
    meterProvider,
  }
  const monitoring = await attached(reader, close)
  expect(measurement(registry)).toEqual([false, 8, expect.anything()])
  await monitoring.close()
  expect(measurement(registry)).toEqual(before)
  monitoring.adjust({ enableMetrics: false })
  expect(measurement(registry), 'after close, adjust changes nothing').toEqual(before)
  const otherReader = new SnapshotReader()
  const other = await attached(otherReader, { meterProvider: new MeterProvider({ readers: [otherReader] }) })
  await expect(attached(reader, { ...close, jsonApiPort: port(other.addresses.json) })).rejects.toThrow('the port is in use')
  expect(measurement(registry)).toEqual(before)
  const states = registry.getAllMetrics().filter(({ name }) => name === 'db_health_status')
  expect(states, 'no health check is left').toEqual([])
})

test('the stores of one MeterProvider cannot be monitored twice at a time', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const first = await attached(reader, { meterProvider, slowQueryThresholdMs: 0 })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider })
  await expect(attached(reader, { meterProvider })).rejects.toThrow('monitored already: close that monitoring first')
  await store.get('a')
  expect(first.slowOperations(), 'the first still works').toHaveLength(1)
  await first.close()
  await attached(reader, { meterProvider })
})
