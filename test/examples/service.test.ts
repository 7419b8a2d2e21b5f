import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { scrape } from '@wombat/test-support/scrape'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { type RunningExample, startExample } from './running-example.ts'

interface Service extends RunningExample {
  readonly url: string
  /** Returns the status of a response. */
  status(path: string, init?: RequestInit): Promise<number>
}

async function startService(environment: Readonly<Record<string, string>> = {}): Promise<Service> {
  // Soon, so that it is ready soon.
  const quick = { PORT: '0', DRAIN_MS: '0', WOMBAT_HEALTH_CHECK_INTERVAL_MS: '300' }
  const service = await startExample(['service/dist/main.js'], { ...quick, ...environment })
  const [, port] = await service.waitForOutput(/listening at port (\d+)/)
  const url = `http://127.0.0.1:${port}`
  const status = async (path: string, init: RequestInit = {}): Promise<number> => {
    const response = await fetch(`${url}${path}`, init)
    await response.arrayBuffer()
    return response.status
  }
  return { ...service, url, status }
}

const order = (amount: number): RequestInit => ({ method: 'PUT', body: JSON.stringify({ amount }) })

test('orders are stored, read and listed, and invalid ones are rejected', async () => {
  const { url, status } = await startService()
  expect(await status('/orders/a', order(1))).toBe(204)
  expect(await status('/orders/b', order(2))).toBe(204)
  expect(await status('/orders/c', { method: 'PUT', body: '[1]' })).toBe(400)
  expect(await status('/orders/c')).toBe(404)
  expect(await (await fetch(`${url}/orders/b`)).json()).toEqual({ amount: 2 })
  expect(await (await fetch(`${url}/orders?after=a`)).json()).toEqual({ orders: [{ id: 'b', order: { amount: 2 } }] })

  const samples = await scrape(`${url}/metrics`)
  const counted = (name: string) => samples.find((sample) => sample.name === name && sample.labels['store'] === 'orders')?.value
  expect(['db_set_operations_total', 'db_get_operations_total', 'db_scan_operations_total'].map(counted)).toEqual([2, 2, 1])
})

test('health is served by the same server', async () => {
  const { status } = await startService()
  await expect.poll(() => status('/readyz'), { timeout: 15_000 }).toBe(200)
  const paths = ['/livez', '/health', '/readyz/orders/disk_space', '/api/v1/metrics', '/api/v1/alerts', '/metrics']
  expect(await Promise.all(paths.map((path) => status(path)))).toEqual(paths.map(() => 200))
})

test('with an authToken, metrics require it and the health status does not', async () => {
  const { status } = await startService({ WOMBAT_AUTH_TOKEN: 'a-secret-of-many-letters' })
  const authorized = { headers: { authorization: 'Bearer a-secret-of-many-letters' } }
  expect(await status('/metrics')).toBe(401)
  expect(await status('/api/v1/metrics')).toBe(401)
  expect(await status('/metrics', authorized)).toBe(200)
  expect(await status('/livez')).toBe(200)
  expect(await status('/orders')).toBe(200)
})

test('on SIGTERM it becomes unready, finishes open requests, sends the last metrics and closes the store', async () => {
  const receiver = await startOtlpReceiver()
  const service = await startService({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    // Longer than the test: what arrives was sent by closing.
    WOMBAT_METRICS_INTERVAL_MS: '60000',
    DRAIN_MS: '1500',
  })
  const { url, status, send, ended, folder } = service
  await expect.poll(() => status('/readyz'), { timeout: 15_000 }).toBe(200)
  expect(await status('/orders/early', order(1))).toBe(204)

  const slow = request(`${url}/orders/slow`, { method: 'PUT' })
  slow.write('{"amount":')
  send('SIGTERM')
  await expect.poll(() => status('/readyz')).toBe(503)
  expect(await status('/livez')).toBe(200)
  const late = await fetch(`${url}/orders/late`, order(2))
  expect([late.status, late.headers.get('connection')]).toEqual([204, 'close'])
  await expect.poll(() => status('/livez').catch(() => 'closed'), { timeout: 10_000 }).toBe('closed')
  slow.end('3}')
  const [answer] = await once(slow, 'response')
  expect(answer.statusCode).toBe(204)
  answer.resume()

  expect(await ended, service.output()).toBe(0)
  const bodies = receiver.received.map(({ body }) => body)
  expect(bodies.map((body) => otlpValue(body, 'db_set_operations_total', { store: 'orders' }))).toEqual([3])
  await using store = new ClassicLevel(join(folder, 'data/orders'))
  expect(await store.keys().all()).toEqual(['early', 'late', 'slow'])
})

test('Ctrl-C ends it as well, without waiting', async () => {
  const { send, ended, output } = await startService()
  send('SIGINT')
  expect(await ended, output()).toBe(0)
})
