import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metrics as api } from '@opentelemetry/api'
import { instrument, type StoreAdapter } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { fromJsonValue } from '@wombat/test-support/json-samples'
import { otlpMetrics, otlpResource, otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError } from './config/errors.ts'
import type { MonitoringConfig } from './config/resolve-config.ts'
import type { JsonMetric } from './exporters/json.ts'
import type { Monitoring } from './monitoring.ts'
import { startMonitoring } from './start-monitoring.ts'

const aDay = 86_400_000

// Read before the first monitoring starts, which could replace them.
const globals = Object.getOwnPropertyDescriptors(globalThis)

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(OTEL|WOMBAT)_/.test(name)) vi.stubEnv(name, undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Starts monitoring on free ports, without log output; it is closed after the test. */
async function started(config: MonitoringConfig = {}): Promise<Monitoring> {
  const monitoring = await startMonitoring({ logger: collectingLogger(), jsonApiPort: 0, prometheusPort: 0, ...config })
  onTestFinished(() => monitoring.close())
  return monitoring
}

async function openedLevel(): Promise<ClassicLevel> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-monitor-'))
  const store = new ClassicLevel(folder)
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  return store
}

/** Makes two puts, a get of an existing key, a get of a missing key, a batch of three, a scan of five and a deletion. */
async function use(store: ClassicLevel | MemoryLevel): Promise<void> {
  await store.put('a', '1')
  await store.put('b', '2')
  await store.get('a')
  await store.get('z')
  await store.batch(['c', 'd', 'e'].map((key) => ({ type: 'put', key, value: key })))
  expect(await store.iterator().all()).toHaveLength(5)
  await store.del('a')
}

const used = { get: 2, set: 2, delete: 1, batch: 1, scan: 1, clear: 0, has: 0, get_many: 0 }

function operationsIn(metrics: readonly JsonMetric[], store: string): Record<string, number> {
  return Object.fromEntries(
    metrics.flatMap((metric) => {
      const operation = /^db_(\w+)_operations_total$/.exec(metric.name)?.[1]
      const isOperation = operation !== undefined && operation in used
      return isOperation && metric.labels['store'] === store && 'value' in metric
        ? [[operation, fromJsonValue(metric.value)]]
        : []
    }),
  )
}

test('a LevelDB store has the same metrics in the process, in JSON, in Prometheus text and over OTLP', async () => {
  const receiver = await startOtlpReceiver()
  const otlp = { url: receiver.url, protocol: 'http/json', intervalMs: aDay } as const
  const monitoring = await started({ prometheusEnabled: true, otlp })
  const store = await openedLevel()
  expect(monitoring.instrument(store, { name: 'orders' })).toBe(store)
  await use(store)
  expect(operationsIn(await monitoring.metrics(), 'orders')).toEqual(used)
  const json = await httpRequest(`${monitoring.addresses.json}/api/v1/metrics`)
  expect(operationsIn(JSON.parse(json.body.toString()).metrics, 'orders')).toEqual(used)
  const text = (await httpRequest(`${monitoring.addresses.prometheus}/metrics`)).body.toString()
  const { points } = await monitoring.snapshot()
  await monitoring.close()
  const [sent] = receiver.received
  for (const [operation, count] of Object.entries(used)) {
    const attributes = { store: 'orders' }
    expect(text).toContain(`\ndb_${operation}_operations_total{store="orders"} ${count}\n`)
    expect(text).toContain(`\ndb_${operation}_latency_seconds_count{store="orders"} ${count}\n`)
    expect(points).toContainEqual(expect.objectContaining({ metric: `db_${operation}_latency_seconds`, attributes, count }))
    expect(otlpValue(sent?.body as Buffer, `db_${operation}_operations_total`, attributes)).toBe(count)
  }
  const entries = { batch: 3, scan: 5 }
  for (const [operation, count] of Object.entries(entries)) {
    expect(otlpValue(sent?.body as Buffer, `db_${operation}_entries_total`, { store: 'orders' })).toBe(count)
  }
})

test('close exports the last interval', async () => {
  const receiver = await startOtlpReceiver()
  const monitoring = await started({ otlp: { url: receiver.url, protocol: 'http/json', intervalMs: aDay } })
  const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await store.put('a', '1')
  expect(receiver.received).toHaveLength(0)
  await monitoring.close()
  expect(receiver.received).toHaveLength(1)
  expect(otlpValue(receiver.received[0]?.body as Buffer, 'db_set_operations_total', { store: 'orders' })).toBe(1)
})

test('metrics are exported every interval', async () => {
  const receiver = await startOtlpReceiver()
  await started({ otlp: { url: receiver.url, protocol: 'http/json' }, metricsIntervalMs: 100 })
  await receiver.reached(3)
  const exports = receiver.received.map(({ body }) => otlpValue(body, 'wombat_monitor_exports_total', { exporter: 'otlp' }))
  expect(exports.slice(0, 3)).toEqual([0, 1, 2])
})

test('a second close does nothing', async () => {
  const receiver = await startOtlpReceiver()
  const logger = collectingLogger()
  const monitoring = await started({ logger, logMetricsEnabled: true, otlp: { url: receiver.url } })
  await Promise.all([monitoring.close(), monitoring.close()])
  await monitoring.close()
  expect(receiver.received).toHaveLength(1)
  expect(logger.lines.map(({ message }) => message)).toEqual(['monitoring started', 'metrics'])
})

test('await using closes the monitoring', async () => {
  let address: string | undefined
  {
    await using monitoring = await startMonitoring({ logger: collectingLogger(), jsonApiPort: 0 })
    address = monitoring.addresses.json
    expect((await httpRequest(`${address}/api/v1/metrics`)).status).toBe(200)
  }
  await expect(httpRequest(`${address}/api/v1/metrics`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('close does not wait for an OTLP receiver that never answers, and logs that metrics may be lost', async () => {
  const silent = createTcpServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  const connected = new Promise<void>((resolve) => {
    silent.once('connection', (socket) => {
      onTestFinished(() => {
        socket.destroy()
      })
      resolve()
    })
  })
  onTestFinished(() => {
    silent.close()
  })
  await new Promise((resolve) => silent.once('listening', resolve))
  const logger = collectingLogger()
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/metrics`
  const monitoring = await started({ logger, closeTimeoutMs: 200, otlp: { url, timeoutMs: 5000 } })
  await Promise.all([connected, monitoring.close()])
  const fields = { reason: 'closing took longer than 200 ms' }
  expect(logger.lines.slice(1)).toEqual([{ level: 'warn', message: 'the last metrics may not have been sent', fields }])
})

test('nothing global is registered or replaced', async () => {
  const provider = api.getMeterProvider()
  const monitoring = await started({ prometheusEnabled: true })
  await httpRequest(`${monitoring.addresses.prometheus}/metrics`)
  await monitoring.fetch(new Request('http://localhost/metrics'))
  expect(api.getMeterProvider()).toBe(provider)
  // But the slot of the registry that all copies of the instrumentation share, until the monitoring is closed.
  const slot = Symbol.for('@wombat/instrumentation default registry 1')
  const now: Record<PropertyKey, PropertyDescriptor> = Object.getOwnPropertyDescriptors(globalThis)
  expect(now[slot]).toMatchObject({ enumerable: false, configurable: true })
  delete now[slot]
  expect(now).toEqual(globals)
  await monitoring.close()
  expect(Object.getOwnPropertyDescriptors(globalThis)).toEqual(globals)
})

test('all endpoints can be served by an existing server with a fetch handler', async () => {
  const { fetch, addresses } = await started({ jsonApiEnabled: false })
  expect(addresses).toEqual({})
  const text = await fetch(new Request('https://shop.example.org/metrics'))
  expect([text.status, text.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect((await fetch(new Request('https://shop.example.org/api/v1/metrics'))).status).toBe(200)
  expect((await fetch(new Request('https://shop.example.org/nothing'))).status).toBe(404)
})

test('all endpoints can be served by an existing server with a Node handler', async () => {
  const authToken = 'a-token-of-sixteen-or-more'
  const { handler } = await started({ jsonApiEnabled: false, authToken })
  const server = createServer((request, response) => {
    if (request.url === '/shop') response.end('welcome')
    else handler(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const headers = { authorization: `Bearer ${authToken}`, host: 'shop.example.org' }
  expect((await httpRequest(`${url}/shop`)).body.toString()).toBe('welcome')
  expect((await httpRequest(`${url}/metrics`)).status).toBe(401)
  expect((await httpRequest(`${url}/metrics`, { headers })).body.toString()).toContain(
    '# TYPE wombat_monitor_refused_values_total counter',
  )
  expect((await httpRequest(`${url}/api/v1/metrics`, { headers })).status).toBe(200)
})

test('with enableMetrics: false nothing is recorded, and the store works', async () => {
  const monitoring = await started({ enableMetrics: false })
  await use(monitoring.instrument(new MemoryLevel(), { name: 'orders' }))
  for (const metric of await monitoring.metrics()) {
    if (metric.type === 'counter') expect(metric.value, metric.name).toBe(0)
    if ('count' in metric) expect(metric.count, metric.name).toBe(0)
  }
  monitoring.registry.enabled = true
  await use(monitoring.instrument(new MemoryLevel(), { name: 'users' }))
  expect(operationsIn(await monitoring.metrics(), 'users')).toEqual(used)
})

/** Returns a port that was in use a moment ago and is free. */
async function freePort(): Promise<number> {
  const monitoring = await started()
  await monitoring.close()
  return parsePort(monitoring)
}

function parsePort({ addresses }: Monitoring): number {
  return Number(new URL(addresses.json ?? '').port)
}

test('if a port is in use, no server keeps running and nothing is exported', async () => {
  const receiver = await startOtlpReceiver()
  const [prometheusPort, jsonApiPort] = [await freePort(), parsePort(await started())]
  const config = { prometheusEnabled: true, prometheusPort, jsonApiPort, otlp: { url: receiver.url }, logMetricsEnabled: true }
  await expect(started(config)).rejects.toThrow(`jsonApiPort: cannot listen on 127.0.0.1:${jsonApiPort}: the port is in use.`)
  await expect(httpRequest(`http://127.0.0.1:${prometheusPort}/metrics`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(receiver.received).toEqual([])
})

test('with an invalid configuration no server starts', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc')
  const jsonApiPort = await freePort()
  await expect(started({ jsonApiPort, logLevel: 'loud' as never })).rejects.toThrow(ConfigError)
  await expect(started({ jsonApiPort, otlp: true })).rejects.toThrow(ConfigError)
  await expect(httpRequest(`http://127.0.0.1:${jsonApiPort}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('options that are not set in code come from the environment', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('WOMBAT_PROMETHEUS_ENABLED', 'true')
  vi.stubEnv('WOMBAT_JSON_API_ENABLED', 'false')
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint)
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json')
  const monitoring = await started()
  expect(Object.keys(monitoring.addresses)).toEqual(['prometheus'])
  await monitoring.close()
  expect(receiver.received).toMatchObject([{ path: '/v1/metrics', headers: { 'content-type': 'application/json' } }])
})

test('the resource identifies the process; the code has precedence over the environment', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_SERVICE_NAME', 'from-environment')
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test,service.namespace=from-environment')
  const resource = { 'service.namespace': 'from-code' }
  const monitoring = await started({ otlp: { url: receiver.url, protocol: 'http/json' }, resource })
  await monitoring.close()
  expect(otlpResource(receiver.received[0]?.body as Buffer)).toMatchObject({
    'service.name': 'from-environment',
    'service.namespace': 'from-code',
    'deployment.environment.name': 'test',
    'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'telemetry.sdk.language': 'nodejs',
  })
})

test('with semconv otel, endpoints and OTLP use the names of the semantic conventions', async () => {
  const receiver = await startOtlpReceiver()
  const monitoring = await started({ semconv: 'otel', otlp: { url: receiver.url, protocol: 'http/json' } })
  await use(monitoring.instrument(new MemoryLevel(), { name: 'orders' }))
  const inJson = (await monitoring.metrics()).map(({ name }) => name)
  await monitoring.close()
  const sent = otlpMetrics(receiver.received[0]?.body as Buffer).map(({ name }) => name)
  for (const names of [inJson, sent]) {
    expect(names).toContain('db.client.operation.duration')
    expect(names).toContain('db_queue_depth')
    expect(names.filter((name) => /^db_(get|set|delete|batch|scan)_(operations|latency|errors)/.test(name))).toEqual([])
  }
})

test('a metric has at most cardinalityLimit series', async () => {
  const { registry, metrics } = await started({ cardinalityLimit: 3 })
  for (const store of ['a', 'b', 'c', 'd', 'e']) registry.incrementCounter('db_get_operations_total', 1, { store })
  const gets = (await metrics()).filter(({ name }) => name === 'db_get_operations_total')
  expect(gets.map(({ labels }) => labels)).toEqual([{ store: 'a' }, { store: 'b' }, { otel_metric_overflow: 'true' }])
})

test('the counters of rejected values start at 0 for every reason', async () => {
  const { metrics, registry } = await started()
  const refused = async () =>
    Object.fromEntries(
      (await metrics()).flatMap((metric) =>
        metric.name === 'wombat_monitor_refused_values_total' && 'value' in metric
          ? [[metric.labels['reason'], metric.value]]
          : [],
      ),
    )
  expect(await refused()).toEqual({ negative: 0, not_finite: 0, undeclared: 0, wrong_kind: 0, labels: 0 })
  registry.incrementCounter('db_get_operations_total', -1, { store: 'orders' })
  expect(await refused()).toMatchObject({ negative: 1, not_finite: 0 })
})

describe('the stores of instrument() without a registry', () => {
  const sets = async (monitoring: Monitoring): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await monitoring.metrics())
        .filter(({ name }) => name === 'db_set_operations_total')
        .map((metric) => [metric.labels['store'], 'value' in metric ? metric.value : undefined]),
    )

  test('are monitored, whether instrumented before or after the start, also by the next monitoring', async () => {
    const before = instrument(new Map<string, number>(), { name: 'before' })
    before.set('a', 1)
    const monitoring = await started()
    const after = instrument(new Map<string, number>(), { name: 'after' })
    const own = monitoring.instrument(new Map<string, number>(), { name: 'own' })
    for (const store of [before, after, own]) store.set('b', 1)
    expect(await sets(monitoring)).toMatchObject({ before: 2, after: 1, own: 1 })
    await monitoring.close()
    after.set('c', 1)
    expect(await sets(await started())).toMatchObject({ before: 2, after: 2, own: 1 })
  })

  test('are in the first of two monitorings, and the second one says so', async () => {
    const first = await started()
    const logger = collectingLogger()
    const second = await started({ logger })
    instrument(new Map<string, number>(), { name: 'shared' }).set('a', 1)
    second.instrument(new Map<string, number>(), { name: 'own' }).set('a', 1)
    expect(await sets(first)).toMatchObject({ shared: 1 })
    expect(await sets(second)).toEqual({ own: 1 })
    expect(logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'another monitoring of this process covers the stores of instrument(); this one covers only those of its own instrument(): start one monitoring in a process',
    ])
  })

  test('decide on the names: other ones are rejected', async () => {
    instrument(new Map(), { name: 'named' })
    await expect(started({ semconv: 'otel' })).rejects.toThrow(/semconv is already "wombat"/)
    await expect(started({ semconv: 'wombat' })).resolves.toBeDefined()
  })

  test('are free for the next monitoring after a start that failed', async () => {
    await using taken = await started({ jsonApiPort: 0 })
    const { port } = new URL(taken.addresses.json as string)
    await taken.close()
    const server = createTcpServer().listen(Number(port), '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    await expect(started({ jsonApiPort: Number(port) })).rejects.toThrow('the port is in use')
    server.close()
    const logger = collectingLogger()
    await started({ logger })
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
  })
})

test('monitoring.instrument takes all options of a store, and rejects others', async () => {
  class Shelf {}
  const adapter: StoreAdapter<Shelf> = {
    name: 'shelf',
    operations: [],
    engineMetrics: {},
    errorCodes: new Set(),
    matches: (store) => store instanceof Shelf,
    engine: () => 'wood',
    instrument: () => ({ state: () => 'open', detach() {} }),
  }
  const monitoring = await started()
  const shelf = monitoring.instrument(new Shelf(), { name: 'novels', adapter })
  // The first call may return the collection that began with the monitoring.
  await monitoring.metrics()
  expect(await monitoring.metrics()).toContainEqual(
    expect.objectContaining({ name: 'db_store_info', labels: { store: 'novels', engine: 'wood', adapter: 'shelf' } }),
  )
  expect(shelf).toBeInstanceOf(Shelf)
  const wrong = (options: unknown) => () => monitoring.instrument(new Map(), options as never)
  expect(wrong('orders')).toThrow(
    /^monitoring.instrument\(\): the options must be an object such as \{ name: 'orders' \}, got "orders"$/,
  )
  expect(wrong({ registry: monitoring.registry })).toThrow(
    /^monitoring.instrument\(\): there is no option registry; the options are name, adapter/,
  )
})
