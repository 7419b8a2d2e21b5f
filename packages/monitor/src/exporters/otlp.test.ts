import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Histogram, MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { otlpMetrics, otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { RegistryProducer } from '../collection/registry-producer.ts'
import { otlpSettings } from '../config/otlp-settings.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import { type OtlpOptions, type OtlpSettings, otlpReader } from './otlp.ts'

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A registry that is exported with these options when `send` is called; its own interval is a day. */
function exporting(otlp: OtlpOptions) {
  const registry = new MetricsRegistry()
  const logger = collectingLogger()
  const settings = otlpSettings(resolveConfig({ otlp: { intervalMs: 86_400_000, timeoutMs: 500, ...otlp } }, {}))
  const provider = new MeterProvider({ readers: [otlpReader(registry, settings as OtlpSettings, logger)] })
  onTestFinished(() => provider.shutdown())
  return { registry, logger, send: () => provider.forceFlush() }
}

test('with a batch size, the requests of one interval contain every series once', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json', batchSize: 10 })
  recordMixedLoad(registry, 1)
  await send()
  const series = receiver.received.map(({ body }) =>
    otlpMetrics(body).flatMap(({ name, sum, gauge, histogram }) =>
      ((sum ?? gauge ?? histogram)?.dataPoints ?? []).map(({ attributes }) => JSON.stringify([name, attributes])),
    ),
  )
  expect(series.length).toBeGreaterThan(2)
  for (const one of series) expect(one.length).toBeLessThanOrEqual(10)
  const all = series.flat()
  expect(new Set(all).size).toBe(all.length)
  expect(all.length).toBe([...registry.families()].reduce((count, family) => count + family.series.size, 0))
})

test('OTLP in JSON has every value of the registry', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json' })
  recordMixedLoad(registry, 1)
  await send()
  const [request] = receiver.received
  expect(request).toMatchObject({ path: '/v1/metrics', headers: { 'content-type': 'application/json' } })
  const sent = new Map(otlpMetrics(request?.body ?? Buffer.alloc(0)).map((metric) => [metric.name, metric]))
  const { resourceMetrics } = await new RegistryProducer(registry).collect()
  const own = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  expect([...sent.keys()]).toEqual(own.map(({ descriptor }) => descriptor.name))
  for (const { descriptor, dataPoints } of own) {
    const metric = sent.get(descriptor.name)
    expect(metric).toMatchObject({ unit: descriptor.unit, description: descriptor.description })
    const points = (metric?.sum ?? metric?.gauge ?? metric?.histogram)?.dataPoints.map((point) => ({
      attributes: Object.fromEntries(point.attributes.map(({ key, value }) => [key, value.stringValue])),
      value: point.asDouble ?? [point.count, point.sum, point.min, point.max, point.explicitBounds, point.bucketCounts],
    }))
    // Counted when the export starts, after the registry was read.
    if (['wombat_monitor_exports_total', 'wombat_monitor_busy_seconds_total'].includes(descriptor.name)) continue
    expect(points, descriptor.name).toEqual(
      (dataPoints as ReadonlyArray<{ attributes: object; value: number | Histogram }>).map(({ attributes, value }) => ({
        attributes,
        value: typeof value === 'number' ? value : readValues(value),
      })),
    )
  }
})

function readValues({ count, sum, min, max, buckets }: Histogram) {
  return [count, sum, min, max, buckets.boundaries, buckets.counts]
}

test('the default protocol is protobuf', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, send } = exporting({ url: receiver.url })
  registry.incrementCounter('db_batch_entries_total', 1234.5, { store: 'orders' })
  await send()
  const [request] = receiver.received
  expect(request?.headers).toMatchObject({ 'content-type': 'application/x-protobuf' })
  expect(request?.headers).not.toHaveProperty('content-encoding')
  expect(request?.body.includes('db_batch_entries_total')).toBe(true)
  const double = Buffer.alloc(8)
  double.writeDoubleLE(1234.5)
  expect(request?.body.includes(double)).toBe(true)
})

test('requests are compressed if configured', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json', compression: 'gzip' })
  registry.incrementCounter('db_get_operations_total', 3, { store: 'orders' })
  await send()
  const [request] = receiver.received
  expect(request?.headers).toMatchObject({ 'content-encoding': 'gzip' })
  expect(otlpValue(request?.body as Buffer, 'db_get_operations_total', { store: 'orders' })).toBe(3)
})

test('headers and URL are used as configured', async () => {
  const receiver = await startOtlpReceiver()
  const { send } = exporting({ url: `${receiver.endpoint}/a/path?tenant=1`, headers: { authorization: 'Bearer of-news' } })
  await send()
  expect(receiver.received).toMatchObject([{ path: '/a/path?tenant=1', headers: { authorization: 'Bearer of-news' } }])
})

test('OpenTelemetry variables set endpoint, headers and compression', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `${receiver.endpoint}/base`)
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=eu%20west')
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json')
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip')
  await exporting({}).send()
  const headers = { 'x-tenant': 'eu west', 'content-type': 'application/json', 'content-encoding': 'gzip' }
  expect(receiver.received).toMatchObject([{ path: '/base/v1/metrics', headers }])
})

test('the variable for metrics has precedence over the one for all signals, and the code over both', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
  vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', `${receiver.endpoint}/metrics-only`)
  vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_HEADERS', 'x-tenant=eu')
  await exporting({}).send()
  await exporting({ url: receiver.url, headers: { 'x-tenant': 'us' } }).send()
  expect(receiver.received).toMatchObject([
    { path: '/metrics-only', headers: { 'x-tenant': 'eu' } },
    { path: '/v1/metrics', headers: { 'x-tenant': 'us' } },
  ])
})

test('the temporality preference delta exports deltas', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'delta')
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json' })
  for (const amount of [5, 3, 2]) {
    registry.incrementCounter('db_get_operations_total', amount, { store: 'orders' })
    await send()
  }
  const gets = receiver.received.map(({ body }) => otlpMetrics(body).find(({ name }) => name === 'db_get_operations_total')?.sum)
  expect(gets.map((sum) => sum?.aggregationTemporality)).toEqual([1, 1, 1])
  expect(gets.map((sum) => sum?.dataPoints[0]?.asDouble)).toEqual([5, 3, 2])
  const times = gets.flatMap((sum) => sum?.dataPoints.map((point) => [point.startTimeUnixNano, point.timeUnixNano]) ?? [])
  expect(times[1]?.[0]).toBe(times[0]?.[1])
  expect(times[2]?.[0]).toBe(times[1]?.[1])
})

test('the default temporality is cumulative', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json' })
  for (const amount of [5, 3]) {
    registry.incrementCounter('db_get_operations_total', amount, { store: 'orders' })
    await send()
  }
  const gets = receiver.received.map(({ body }) => otlpMetrics(body).find(({ name }) => name === 'db_get_operations_total')?.sum)
  expect(gets).toMatchObject([
    { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asDouble: 5 }] },
    { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asDouble: 8 }] },
  ])
})

test('the default aggregation variable makes histograms exponential', async () => {
  const receiver = await startOtlpReceiver()
  vi.stubEnv('OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', 'base2_exponential_bucket_histogram')
  const { registry, send } = exporting({ url: receiver.url, protocol: 'http/json' })
  for (const value of [0, 0.25, 0.5]) registry.recordHistogram('db_get_latency_seconds', value, { store: 'orders' })
  await send()
  const [latency] = receiver.received.flatMap(({ body }) =>
    otlpMetrics(body).filter(({ name }) => name === 'db_get_latency_seconds'),
  )
  expect(latency).not.toHaveProperty('histogram')
  const [point] = latency?.exponentialHistogram?.dataPoints ?? []
  expect(point).toMatchObject({ count: 3, sum: 0.75, min: 0, max: 0.5, scale: 4, zeroCount: 1 })
  expect(point?.positive?.bucketCounts.reduce((all, one) => all + one)).toBe(2)
})

const failures = { exporter: 'otlp' }

test('a receiver that answers 500 is counted and logged once, and its recovery is logged', async () => {
  const receiver = await startOtlpReceiver()
  const { registry, logger, send } = exporting({ url: receiver.url, protocol: 'http/json' })
  receiver.status = 500
  for (let time = 1; time <= 3; time++) {
    registry.incrementCounter('db_get_operations_total', 10, { store: 'orders' })
    await send()
    expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(time)
  }
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'OTLP export failed; the next export carries the same totals',
      fields: { exporter: 'otlp', failed: 1, reason: 'Internal Server Error' },
    },
  ])
  receiver.status = 200
  await send()
  await send()
  expect(logger.lines.slice(1)).toEqual([
    { level: 'info', message: 'OTLP export succeeded again', fields: { exporter: 'otlp', failed: 3 } },
  ])
  const last = receiver.received.at(-1)?.body as Buffer
  expect(otlpValue(last, 'db_get_operations_total', { store: 'orders' })).toBe(30)
  expect(otlpValue(last, 'wombat_monitor_export_failures_total', failures)).toBe(3)
  expect(otlpValue(last, 'wombat_monitor_exports_total', failures)).toBe(4)
})

test('the next failure after a recovery is logged again', async () => {
  const receiver = await startOtlpReceiver()
  const { logger, send } = exporting({ url: receiver.url })
  for (const status of [500, 200, 500]) {
    receiver.status = status
    await send()
  }
  expect(logger.lines.map(({ level, fields }) => [level, fields])).toMatchObject([
    ['warn', { failed: 1 }],
    ['info', { failed: 1 }],
    ['warn', { failed: 1 }],
  ])
})

test('a failure that continues is logged again after a minute', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const receiver = await startOtlpReceiver()
  const { logger, send } = exporting({ url: receiver.url })
  receiver.status = 500
  await send()
  vi.advanceTimersByTime(59_999)
  await send()
  expect(logger.lines).toHaveLength(1)
  vi.advanceTimersByTime(1)
  await send()
  expect(logger.lines.map(({ fields }) => fields)).toMatchObject([{ failed: 1 }, { failed: 3 }])
})

test('a receiver that refuses connections is counted and logged', async () => {
  const { registry, logger, send } = exporting({ url: 'http://127.0.0.1:1/v1/metrics' })
  await send()
  await send()
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(2)
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { reason: expect.stringContaining('ECONNREFUSED') } }])
})

test('with delta temporality the log states that the values are lost', async () => {
  const receiver = await startOtlpReceiver()
  const { logger, send } = exporting({ url: receiver.url, temporality: 'delta' })
  receiver.status = 500
  await send()
  const message = 'OTLP export failed; with delta temporality its values are lost'
  expect(logger.lines).toMatchObject([{ level: 'warn', message }])
})

test('the counters of exports, failures and self time start at 0', async () => {
  const { registry } = exporting({ url: 'http://127.0.0.1:1/v1/metrics' })
  expect(registry.getAllMetrics()).toMatchObject([
    { name: 'wombat_monitor_exports_total', labels: failures, value: 0 },
    { name: 'wombat_monitor_export_failures_total', labels: failures, value: 0 },
    { name: 'wombat_monitor_rejected_points_total', labels: failures, value: 0 },
    { name: 'wombat_monitor_busy_seconds_total', labels: { part: 'collection' }, value: 0 },
    { name: 'wombat_monitor_busy_seconds_total', labels: { part: 'export' }, value: 0 },
  ])
})

/** The answer of a receiver that rejects seven points, in protobuf. */
function partialSuccess(message: string): Buffer {
  const text = Buffer.from(message)
  const inner = Buffer.concat([Buffer.from([0x08, 7, 0x12, text.length]), text])
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner])
}

test.each([
  ['http/json', JSON.stringify({ partialSuccess: { rejectedDataPoints: '7', errorMessage: 'out of order' } })],
  ['http/protobuf', partialSuccess('out of order')],
] as const)('points that a receiver rejects are counted, and logged once a minute (%s)', async (protocol, answer) => {
  const receiver = await startOtlpReceiver()
  receiver.answer = answer
  const { registry, logger, send } = exporting({ url: receiver.url, protocol })
  await send()
  await send()
  expect(registry.counter('wombat_monitor_rejected_points_total', failures).value).toBe(14)
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(0)
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { rejectedPoints: 7, reason: 'out of order' } }])
})

test.each(['http/json', 'http/protobuf'] as const)('an empty answer in JSON is a success (%s)', async (protocol) => {
  const receiver = await startOtlpReceiver()
  receiver.answer = '{}'
  const { registry, logger, send } = exporting({ url: receiver.url, protocol })
  await send()
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(0)
  expect(logger.lines).toEqual([])
})

test.each(['http/json', 'http/protobuf'] as const)('a page of a proxy with status 200 is a failure (%s)', async (protocol) => {
  const receiver = await startOtlpReceiver()
  receiver.answer = '<html>please log in</html>'
  const { registry, logger, send } = exporting({ url: receiver.url, protocol })
  await send()
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(1)
  const reason = 'the answer is not that of an OTLP receiver: "<html>please log in</html>"'
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { reason } }])
  receiver.answer = ''
  await send()
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(1)
  expect(logger.lines.at(-1)).toMatchObject({ message: 'OTLP export succeeded again' })
})

/** Starts a receiver that answers with what `answer` writes, and returns its open connections. */
async function startBadReceiver(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`, sockets }
}

function dripAnswer(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
  const timer = setInterval(() => socket.write('x'), 10)
  socket.on('close', () => clearInterval(timer))
}

test.each([
  ['drips its answer', dripAnswer, /the answer was not complete after \d+ ms/],
  [
    'breaks off its answer',
    (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    /aborted|ECONNRESET/,
  ],
  ['sends another one to an address', (socket: Socket) => socket.end('HTTP/1.1 307 Moved\r\nlocation: /\r\n\r\n'), /Moved/],
] as const)('a receiver that %s is counted as failed in time, and keeps no connection', async (_, answer, reason) => {
  const { url, sockets } = await startBadReceiver(answer)
  const { registry, logger, send } = exporting({ url, timeoutMs: 300 })
  const startMs = performance.now()
  await send()
  expect(performance.now() - startMs).toBeLessThan(2000)
  expect(registry.counter('wombat_monitor_export_failures_total', failures).value).toBe(1)
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { reason: expect.stringMatching(reason) } }])
  await vi.waitFor(() => expect(sockets.size).toBe(0))
})

test('the last export waits only a second for a receiver that failed before', async () => {
  let answer = (socket: Socket): unknown => socket.end('HTTP/1.1 500 Broken\r\n\r\n')
  const { url } = await startBadReceiver((socket) => void answer(socket))
  const settings = otlpSettings(resolveConfig({ otlp: { url, intervalMs: 86_400_000, timeoutMs: 30_000 } }, {}))
  const logger = collectingLogger()
  const provider = new MeterProvider({ readers: [otlpReader(new MetricsRegistry(), settings as OtlpSettings, logger)] })
  await provider.forceFlush()
  answer = dripAnswer
  const startMs = performance.now()
  await provider.shutdown()
  expect(performance.now() - startMs).toBeLessThan(10_000)
})
