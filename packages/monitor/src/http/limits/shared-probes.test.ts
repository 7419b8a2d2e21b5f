import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { HealthMonitor } from '../../health/monitor.ts'
import { Authentication } from '../authentication.ts'
import { FirstRequest } from '../first-request.ts'
import { withMiddleware } from '../middleware.ts'
import { healthRoutes } from '../routes/health.ts'
import { listen } from '../servers.ts'
import { isProbe } from './shared-probes.ts'

/** A server of the health endpoints that counts the reports which are read. */
async function started(authToken?: string) {
  const health = new HealthMonitor({ intervalMs: 60_000, timeoutMs: 1000 })
  health.register({ name: 'memory_usage', run: () => ({ status: 'healthy', message: 'Memory is within its limit' }) })
  await health.runHealthChecks()
  let reports = 0
  const source = {
    report: () => {
      reports++
      return health.report()
    },
    liveness: () => health.liveness(),
  }
  const authentication = new Authentication({ authToken })
  const app = withMiddleware([], authentication, [healthRoutes(source, { authentication })])
  const listener = await listen(new FirstRequest(async () => app, collectingLogger()), '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(async () => {
    await listener.close()
    health.close()
  })
  return { url: listener.url, health, reports: () => reports }
}

const probe = (path: string, header = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`

/** Opens a connection. `received` returns all that has arrived. */
function openConnection(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  let text = ''
  socket.on('data', (data) => {
    text += data.toString()
  })
  return { socket, received: () => text }
}

/** Sends requests at once over one connection, and returns the status and the body of each answer. */
async function exchange(url: string, requests: readonly string[]): Promise<string[]> {
  const { socket, received } = openConnection(url)
  await once(socket, 'connect')
  socket.write(requests.join(''))
  const answers = () => [...received().matchAll(/HTTP\/1\.1 (\d{3}).*?\r\n\r\n(.*?)(?=HTTP\/1\.1|$)/gs)]
  await expect.poll(() => answers().filter(([, , body]) => body !== '').length).toBe(requests.length)
  return answers().map(([, status, body]) => `${status} ${body}`)
}

test('equal probes at the same time get the same answer, which is created once', async () => {
  const { url, reports } = await started()
  await exchange(url, [probe('/readyz')])
  const before = reports()
  expect(await exchange(url, Array(60).fill(probe('/readyz')))).toEqual(Array(60).fill('200 ok'))
  expect(reports() - before).toBeLessThan(30)
})

test('probes that ask for something else, or show something else, get their own answers', async () => {
  const { url } = await started('a-token-of-sixteen-or-more')
  const right = 'Authorization: Bearer a-token-of-sixteen-or-more\r\n'
  const wrong = 'Authorization: Bearer another-token-of-this-length\r\n'
  const paths = [probe('/readyz?verbose'), probe('/readyz?verbose', right), probe('/readyz?verbose', wrong), probe('/livez')]
  const answers = await exchange(url, [...paths, ...paths])
  expect(answers.slice(0, 4)).toEqual(['200 ok', '200 [+]memory_usage ok\nreadyz check passed\n', '401 Unauthorized', '200 ok'])
  expect(answers.slice(4)).toEqual(answers.slice(0, 4))
})

test('a shared answer has the headers of its own, and HEAD has no body', async () => {
  const { url } = await started()
  const { socket, received } = openConnection(url)
  const head = 'HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'
  socket.write(head + head + probe('/livez') + probe('/livez'))
  await expect.poll(() => received().match(/HTTP\/1\.1 200/g)).toHaveLength(4)
  await expect.poll(() => received().endsWith('ok')).toBe(true)
  expect(received().match(/cache-control: no-store/gi)).toHaveLength(4)
  expect(received().match(/x-content-type-options: nosniff/gi)).toHaveLength(4)
  expect(received().match(/\r\n\r\nok/g)).toHaveLength(2)
})

test('the next turn sees what has changed', async () => {
  const { url, health } = await started()
  expect((await httpRequest(`${url}/readyz`)).status).toBe(200)
  health.beginShutdown()
  expect((await httpRequest(`${url}/readyz`)).status).toBe(503)
})

test.each(['/api/v1/events/stream?since=/livez/', '/api/v1/events/stream?since=/health', '/api/v1/rules/health/values'])(
  'the answer to %s, which is no probe, is sent while it is created, and ends when its client leaves',
  async (path) => {
    let ended = 0
    const endless = () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('the first part')),
          cancel: () => {
            ended++
          },
        }),
      )
    const routes = new Hono().get('/api/v1/events/stream', endless).get('/api/v1/rules/:name/values', endless)
    const app = withMiddleware([routes], new Authentication({}))
    const listener = await listen(new FirstRequest(async () => app, collectingLogger()), '127.0.0.1', 0, 'jsonApiPort')
    onTestFinished(() => listener.close())
    const { body } = await fetch(`${listener.url}${path}`)
    const reader = body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('the first part')
    await reader?.cancel()
    await expect.poll(() => ended).toBe(1)
  },
)

test.each([
  ['/livez', true],
  ['/monitoring/readyz?verbose', true],
  ['/health/orders/disk_space', true],
  ['/api/v1/query_range?metric=/livez/', false],
  ['/livez/../api/v1/events/stream', false],
  ['/livez/../%61pi/v1/events/stream', false],
  ['/livez/%2E%2e/metrics', false],
  ['/livez\\..\\api\\v1\\events\\stream', false],
  ['/%61pi/v1/rules/health/values', false],
  ['/livez/a/b/c', false],
] as const)('%s is a probe: %s', (url, expected) => {
  expect(isProbe({ method: 'GET', url } as IncomingMessage)).toBe(expected)
})
