import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, type MetricsRegistry, sharedRegistry, uninstrument } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AlertRule } from './alerts/rule.ts'
import { SnapshotReader } from './collection/snapshot-reader.ts'
import type { Monitoring } from './monitoring.ts'
import { type AttachedConfig, createMonitoring, startMonitoring } from './start-monitoring.ts'

/** An application with a MeterProvider of its own and a measured store, before it is monitored. */
async function application() {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const store = instrument(new MemoryLevel(), { name: 'orders', meterProvider })
  await store.put('a', '1')
  onTestFinished(() => {
    uninstrument(store)
  })
  return { reader, meterProvider, registry: sharedRegistry(meterProvider), store }
}

type Application = Awaited<ReturnType<typeof application>>

async function monitor({ reader, meterProvider }: Application, config: AttachedConfig): Promise<Monitoring> {
  const monitoring = await createMonitoring(reader, { meterProvider, logger: collectingLogger(), jsonApiPort: 0, ...config })
  onTestFinished(() => monitoring.close())
  return monitoring
}

/** Returns the gauges that have a value now. */
function gaugesIn(registry: MetricsRegistry): string[] {
  const gauges = registry.getAllMetrics().filter(({ type }) => type === 'gauge')
  return gauges.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`).sort()
}

interface Change {
  readonly config: AttachedConfig
  /** Reads what monitoring changes while it runs. */
  read(application: Application): unknown
}

const changes: Readonly<Record<string, Change>> = {
  'the receiver of warnings': { config: {}, read: ({ registry }) => registry.warn },
  'the limit of series': { config: { cardinalityLimit: 77 }, read: ({ registry }) => registry.cardinalityLimit },
  'whether metrics are recorded': { config: { enableMetrics: false }, read: ({ registry }) => registry.enabled },
  'the sample interval': { config: { latencySampleRatio: 1 / 8 }, read: ({ registry }) => registry.observer.sampleInterval },
  'the tracer': { config: { enableOperationTracing: true }, read: ({ registry }) => registry.observer.tracer },
  'the slow thresholds': {
    config: { slowQueryThresholdMs: 7 },
    read: ({ registry }) => [...registry.observer.operations].map(({ slowThresholdSeconds }) => slowThresholdSeconds),
  },
  'the gauges of the registry': {
    config: { health: { checks: [{ name: 'own', run: () => ({ status: 'healthy', message: 'Fine' }) }] } },
    // Series that overflow are the registry's own: it counts them whether or not it is monitored.
    read: ({ registry }) => gaugesIn(registry).filter((gauge) => !gauge.startsWith('wombat_monitor_overflowed_metrics')),
  },
  'where the reader reads': {
    config: {},
    read: async ({ reader }) => (await reader.take()).points.some((point) => 'snapshot' in point && point.snapshot !== undefined),
  },
}

for (const [name, { config, read }] of Object.entries(changes)) {
  test(`close restores ${name}`, async () => {
    const app = await application()
    const before = await read(app)
    const monitoring = await monitor(app, config)
    expect(await read(app), 'monitoring changes it').not.toEqual(before)
    await monitoring.close()
    expect(await read(app)).toEqual(before)
  })

  test(`a start that fails restores ${name}`, async () => {
    const app = await application()
    const other = await monitor(await application(), {})
    const jsonApiPort = Number(new URL(other.addresses.json ?? '').port)
    const before = await read(app)
    await expect(monitor(app, { ...config, jsonApiPort })).rejects.toThrow('the port is in use')
    expect(await read(app)).toEqual(before)
    await monitor(app, config)
  })
}

test('after close, warnings no longer go to the logger of the monitoring', async () => {
  const app = await application()
  const logger = collectingLogger()
  const monitoring = await monitor(app, { logger, enableHealthChecks: false })
  app.registry.incrementCounter('db_get_operations_total', -1, { store: 'orders' })
  expect(logger.lines.slice(1)).toMatchObject([{ level: 'warn', message: expect.stringContaining('db_get_operations_total') }])
  await monitoring.close()
  app.registry.incrementCounter('db_set_operations_total', -1, { store: 'orders' })
  expect(logger.lines).toHaveLength(2)
})

test('close keeps what the application changed in the meantime', async () => {
  const app = await application()
  const monitoring = await monitor(app, { cardinalityLimit: 77 })
  const warn = (): void => {}
  app.registry.warn = warn
  app.registry.cardinalityLimit = 88
  await monitoring.close()
  expect([app.registry.warn, app.registry.cardinalityLimit]).toEqual([warn, 88])
})

const stored: AlertRule = { name: 'Stored', severity: 'info', condition: 'metric_above', metric: 'db_store_info', threshold: 0 }

test('close withdraws the gauges of alerts and of the history, even if recording was switched off meanwhile', async () => {
  const app = await application()
  const names = ['db_alerts', 'wombat_monitor_history_bytes', 'wombat_monitor_points', 'wombat_monitor_latency_sample_ratio']
  const published = () => names.filter((name) => gaugesIn(app.registry).some((gauge) => gauge.startsWith(`${name} `)))
  const intervals = { metricsIntervalMs: 100, alertEvaluationIntervalMs: 100 }
  const monitoring = await monitor(app, { alertRules: [stored], ...intervals })
  await vi.waitFor(() => expect(published()).toEqual(names), 5000)
  monitoring.adjust({ enableMetrics: false })
  await monitoring.close()
  expect(published()).toEqual([])
})

test('after close, slow and failed operations are no longer recorded', async () => {
  const app = await application()
  const monitoring = await monitor(app, { slowQueryThresholdMs: 0 })
  const failing = instrument(Object.assign(new MemoryLevel(), { _get: () => Promise.reject(new Error('gone')) }), {
    name: 'failing',
    meterProvider: app.meterProvider,
  })
  await failing.get('a').catch(() => {})
  expect([monitoring.slowOperations().length, monitoring.errors.entries.length]).toEqual([1, 1])
  await monitoring.close()
  await failing.get('a').catch(() => {})
  expect([monitoring.slowOperations().length, monitoring.errors.entries.map(({ count }) => count)]).toEqual([1, [1]])
})

test('a second close returns the promise of the first', async () => {
  const monitoring = await monitor(await application(), {})
  const closing = monitoring.close()
  expect(monitoring.close()).toBe(closing)
  await closing
  expect(monitoring.close()).toBe(closing)
})

test('close sends the last notifications first, then writes the last log line, then exports the last metrics', async () => {
  const receiver = await startOtlpReceiver()
  const events: string[] = []
  const log = (_: object, message: string): void => void events.push(`${message}, ${receiver.received.length} exports`)
  const sending = Promise.withResolvers<void>()
  const monitoring = await startMonitoring({
    jsonApiEnabled: false,
    enableHealthChecks: false,
    logger: { debug: log, info: log, warn: log, error: log },
    logMetricsEnabled: true,
    metricsIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
    alertRules: [stored],
    otlp: { url: receiver.url, intervalMs: 86_400_000 },
    notifiers: [
      {
        name: 'slow',
        repeatMs: 60_000,
        sendResolved: true,
        send: async () => {
          sending.resolve()
          await sleep(50)
          events.push('notified')
        },
      },
    ],
  })
  onTestFinished(() => monitoring.close())
  await using _store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await sending.promise
  await monitoring.close()
  const atClose = events.slice(events.indexOf('notified'))
  expect([atClose[0], atClose.at(-1)]).toEqual(['notified', 'metrics, 0 exports'])
  expect(receiver.received).toHaveLength(1)
})

test('while close waits for the last export, the servers answer that the process is not ready', async () => {
  const connected = Promise.withResolvers<void>()
  const silent = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    connected.resolve()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/metrics`
  const monitoring = await startMonitoring({
    jsonApiPort: 0,
    logger: collectingLogger(),
    closeTimeoutMs: 1000,
    otlp: { url, timeoutMs: 5000 },
  })
  const readyz = `${monitoring.addresses.json}/readyz`
  const closing = monitoring.close()
  await connected.promise
  const { status, body } = await httpRequest(readyz)
  expect([status, body.toString()]).toEqual([503, expect.stringContaining('shutting down')])
  await closing
  await expect(httpRequest(readyz)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
