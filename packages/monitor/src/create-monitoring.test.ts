import { metrics as api } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { instrument, type MetricsRegistry, sharedRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { ask } from '@wombat/test-support/http-request'
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

/** How many gets each store had, as the JSON door tells. */
async function getsAt({ addresses }: Monitoring): Promise<Record<string, number>> {
  const { body } = await ask(`${addresses.json}/api/v1/metrics`)
  const metrics: Array<{ name: string; labels: { store: string }; value: number }> = JSON.parse(body.toString()).metrics
  const gets = metrics.filter(({ name }) => name === 'db_get_operations_total')
  return Object.fromEntries(gets.map(({ labels, value }) => [labels.store, value]))
}

test('beside a MeterProvider, stores of instrument alone and of monitoring are seen, and the application too', async () => {
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

test('beside the global MeterProvider nothing needs to be handed over', async () => {
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

test("the application's own reader sees the same numbers, and goes on when monitoring is closed", async () => {
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

test('a reader that is in no MeterProvider makes every answer a 503 that says what to do', async () => {
  const monitoring = await attached(new SnapshotReader(), { meterProvider: new MeterProvider() })
  const { status, body } = await ask(`${monitoring.addresses.json}/api/v1/metrics`)
  expect(status).toBe(503)
  expect(body.toString()).toContain('this SnapshotReader belongs to no MeterProvider: add it to the readers of one')
})

test("what is the MeterProvider's business is refused here", async () => {
  for (const config of [{ otlp: true }, { resource: {} }]) {
    const failure = attached(new SnapshotReader(), config as AttachedConfig)
    await expect(failure).rejects.toThrow(ConfigError)
    await expect(failure).rejects.toThrow('otlp and resource are settings of your MeterProvider')
  }
})

test('a configuration that cannot be used is refused by its own names', async () => {
  const failure = attached(new SnapshotReader(), { meterProviders: 1 } as AttachedConfig)
  await expect(failure).rejects.toThrow(/meterProviders is not an option/)
})

test('closing writes the last line of the log', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const logger = collectingLogger()
  const monitoring = await attached(reader, { meterProvider, logger, logMetricsEnabled: true })
  await instrument(new MemoryLevel(), { name: 'orders', meterProvider }).get('a')
  await monitoring.close()
  expect(logger.lines).toMatchObject([
    { level: 'info', message: 'metrics', fields: { stores: [{ store: 'orders', operations: { get: { count: 1 } } }] } },
  ])
})

test("closing does not wait for an application's callback that never ends", async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const gauge = meterProvider.getMeter('application').createObservableGauge('app.temperature')
  gauge.addCallback(() => new Promise(() => {}))
  const logger = collectingLogger()
  const monitoring = await attached(reader, { meterProvider, logger, logMetricsEnabled: true, closeTimeoutMs: 100 })
  await monitoring.close()
  // The last line of the log is still waiting for its collection.
  const fields = { reason: 'closing took longer than 100 ms' }
  expect(logger.lines).toEqual([{ level: 'warn', message: 'the last metrics may not have been sent', fields }])
})

const port = (url: string | undefined): number => Number(new URL(url ?? '').port)
const looked = ({ enabled, observer }: MetricsRegistry) => [enabled, observer.sampleInterval, observer.tracer]

test('when it is closed, or cannot start, the stores are measured as before', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const registry = sharedRegistry(meterProvider)
  const before = looked(registry)
  const health: HealthOptions = { checks: [{ name: 'own', run: () => ({ status: 'healthy', message: 'Fine' }) }] }
  const close: AttachedConfig = {
    enableMetrics: false,
    latencySampleRatio: 1 / 8,
    enableOperationTracing: true,
    health,
    meterProvider,
  }
  const monitoring = await attached(reader, close)
  expect(looked(registry)).toEqual([false, 8, expect.anything()])
  await monitoring.close()
  expect(looked(registry)).toEqual(before)
  monitoring.adjust({ enableMetrics: false })
  expect(looked(registry), 'closed, it changes nothing any more').toEqual(before)
  const other = await attached(new SnapshotReader(), { meterProvider: new MeterProvider() })
  await expect(attached(reader, { ...close, jsonApiPort: port(other.addresses.json) })).rejects.toThrow('the port is in use')
  expect(looked(registry)).toEqual(before)
  const states = registry.getAllMetrics().filter(({ name }) => name === 'db_health_status')
  expect(states, 'and no check is left behind').toEqual([])
})

test('the stores of one MeterProvider are monitored once at a time', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const first = await attached(reader, { meterProvider, slowQueryThresholdMs: 0 })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider })
  await expect(attached(reader, { meterProvider })).rejects.toThrow('monitored already: close that monitoring first')
  await store.get('a')
  expect(first.slowOperations(), 'the first goes on').toHaveLength(1)
  await first.close()
  await attached(reader, { meterProvider })
})
