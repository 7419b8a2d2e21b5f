import { pbkdf2 } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { parsePrometheusText } from '@wombat/test-support/prometheus-text'
import { readProtobufPage, samplesOfFamilies } from '@wombat/test-support/protobuf-page'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { Authentication } from './authentication.ts'
import { prometheusRoutes } from './routes/metrics.ts'
import { HttpServers } from './servers.ts'

/** Starts a server with the page of a registry with so many series beside those of the application. */
async function started(seriesCount = 10) {
  const registry = new MetricsRegistry({ cardinalityLimit: 1_000_000 })
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  for (let index = 0; index < seriesCount; index++)
    registry.incrementCounter('db_get_operations_total', index, { store: `store-${index}` })
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const prometheus = prometheusRoutes(reader, registry, { nativeHistograms: true })
  const options = {
    host: '127.0.0.1',
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiEnabled: false,
    jsonApiPort: 0,
    chosenOptions: new Set<string>(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  }
  const authentication = new Authentication({})
  const servers = new HttpServers(options, async () => ({ prometheus, json: new Hono(), authentication }))
  onTestFinished(() => servers.close())
  await servers.start()
  const url = `${servers.addresses.prometheus}/metrics`
  const scrape = (headers: Record<string, string> = {}, method = 'GET') => fetch(url, { headers, method })
  const dropped = (reason: string) => registry.counter('wombat_monitor_scrapes_dropped_total', { reason }).value
  return { registry, meter: provider.getMeter('application'), url, scrape, dropped, warnings }
}

/** Opens a connection that asks for the page and reads nothing. */
async function openSlowly(url: string): Promise<Socket> {
  const { port, host, pathname } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1').pause()
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  return socket
}

const openMetrics = 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8'
const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'

test('each format is a whole page with its content type, and says on what it depends', async () => {
  const { scrape, meter } = await started(3000)
  meter.createCounter('app.requests').add(3)
  const text = await scrape()
  expect(text.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(text.headers.get('vary')).toBe('Accept, Accept-Encoding')
  const samples = parsePrometheusText(await text.text()).filter(({ name }) => name.startsWith('db_') || name.startsWith('app_'))
  expect(samples).toHaveLength(3001)

  const open = await scrape({ accept: openMetrics })
  expect(open.headers.get('content-type')).toBe(
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  )
  const page = await open.text()
  expect(page).toMatch(
    /# TYPE db_get_operations counter\n(# UNIT .*\n)?db_get_operations_total\{store="store-0"\} 0\ndb_get_operations_created\{/,
  )
  expect(page).toMatch(/\n# TYPE app_requests counter\napp_requests_total 3\napp_requests_created [\d.]+\n# EOF\n$/)

  const binary = await scrape({ accept: protobuf })
  expect(binary.headers.get('content-type')).toBe(
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  )
  const families = await readProtobufPage(new Uint8Array(await binary.arrayBuffer()))
  const read = samplesOfFamilies(families).filter(({ name }) => name.startsWith('db_') || name.startsWith('app_'))
  expect(read).toEqual(samples)
})

test('a page is compressed if the client asks for it, whatever its format', async () => {
  const { url } = await started(3000)
  for (const accept of ['*/*', openMetrics, protobuf]) {
    const plain = Buffer.from(await (await fetch(url, { headers: { accept, 'accept-encoding': 'identity' } })).arrayBuffer())
    let response: IncomingMessage | undefined
    // On a busy machine there may be no thread that compresses.
    await expect
      .poll(async () => {
        response?.resume()
        const [next] = await once(request(url, { headers: { accept, 'accept-encoding': 'gzip' } }).end(), 'response')
        response = next as IncomingMessage
        return response.headers['content-encoding']
      })
      .toBe('gzip')
    const chunks: Buffer[] = []
    for await (const chunk of response ?? []) chunks.push(chunk)
    const compressed = Buffer.concat(chunks)
    expect(compressed.length).toBeLessThan(plain.length / 4)
    const series = (page: Buffer): number => page.toString('latin1').split('store-').length
    expect(series(gunzipSync(compressed))).toBe(series(plain))
  }
})

test('HEAD answers with the headers, and collects nothing', async () => {
  const { scrape, registry } = await started()
  const response = await scrape({ accept: openMetrics }, 'HEAD')
  expect([response.status, await response.text()]).toEqual([200, ''])
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text')
  expect(response.headers.get('vary')).toBe('Accept, Accept-Encoding')
  expect(registry.gauge('wombat_monitor_points').value).toBeUndefined()
})

test('a client that closes the connection ends the work, and is counted and reported', async () => {
  const { url, dropped, warnings, registry } = await started(100_000)
  const socket = await openSlowly(url)
  await expect.poll(() => registry.counter('wombat_monitor_busy_seconds_total', { part: 'serving' }).value).toBeGreaterThan(0)
  socket.destroy()
  await expect.poll(() => dropped('gone')).toBe(1)
  expect(warnings).toEqual([expect.stringContaining('closed the connection before it had the whole page')])
  // A whole page would have recorded its points.
  expect(registry.gauge('wombat_monitor_points').value).toBeUndefined()
})

test('for a client that does not read, only what the connection takes is created', async () => {
  const { url, registry, scrape } = await started(200_000)
  const busy = () => registry.counter('wombat_monitor_busy_seconds_total', { part: 'serving' }).value
  await openSlowly(url)
  await expect.poll(busy).toBeGreaterThan(0)
  const isIdle = async (): Promise<boolean> => {
    const before = busy()
    await sleep(200)
    return busy() === before
  }
  await expect.poll(isIdle, { timeout: 10_000 }).toBe(true)
  expect(registry.gauge('wombat_monitor_points').value).toBeUndefined()
  // Another client gets its page meanwhile.
  expect((await (await scrape()).text()).split('\n').length).toBeGreaterThan(200_000)
})

test('more than 32 waiting clients get 503', async () => {
  const { url, scrape, dropped } = await started(100_000)
  const sockets = await Promise.all(Array.from({ length: 32 }, () => openSlowly(url)))
  await expect.poll(async () => (await scrape({}, 'GET')).status, { timeout: 10_000 }).toBe(503)
  expect(dropped('limit')).toBeGreaterThan(0)
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await scrape()).status).toBe(200)
}, 20_000)

test('a page is not compressed while all threads of the pool are busy', async () => {
  const { url } = await started()
  const work = Array.from({ length: 16 }, () => promisify(pbkdf2)('password', 'salt', 300_000, 64, 'sha512'))
  const [response] = await once(request(url, { headers: { 'accept-encoding': 'gzip' } }).end(), 'response')
  expect([response.statusCode, response.headers['content-encoding']]).toEqual([200, undefined])
  await Promise.all(work)
})
