import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { Authentication } from '../authentication.ts'
import { FirstRequest } from '../first-request.ts'
import { withMiddleware } from '../middleware.ts'
import { listen } from '../servers.ts'
import { RequestLimits } from './request-limits.ts'
import { RequestsInFlight } from './requests-in-flight.ts'

/** A server of which most endpoints answer when they may. */
async function started(maxRequests: number) {
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  const limits = new RequestLimits({ registry, maxRequests })
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  let running = 0
  const routes = new Hono().get('/api/v1/:name', async (context) => {
    running++
    await promise
    return context.text('here')
  })
  for (const path of ['/other', '/another', '/further', '/last']) {
    routes.get(path, async (context) => {
      running++
      await promise
      return context.text('here')
    })
  }
  const health = new Hono().get('/livez', (context) => context.text('ok')).get('/readyz', (context) => context.text('ok'))
  const requests = new RequestsInFlight(limits)
  const app = withMiddleware([routes], new Authentication(), [health], { requests })
  const listener = await listen(new FirstRequest(async () => app, collectingLogger()), '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  const ask = (path: string): ClientRequest => {
    const asked = request(`${listener.url}${path}`, { agent: false })
    asked.on('error', () => {}).end()
    onTestFinished(() => {
      asked.destroy()
    })
    return asked
  }
  const refused = () => registry.counter('wombat_monitor_requests_refused_total', { reason: 'busy' }).value
  return { url: listener.url, ask, answer, refused, running: () => running, limits }
}

test('so many requests of one endpoint are answered at the same time, further ones get 503 with Retry-After', async () => {
  const { url, ask, answer, refused, running } = await started(16)
  const asked = Array.from({ length: 4 }, (_, index) => ask(`/api/v1/${index}`))
  await expect.poll(running).toBe(4)
  const { status, headers, body } = await httpRequest(`${url}/api/v1/one`)
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  expect(JSON.parse(body.toString())).toEqual({ error: '4 requests of /api/v1/:name are answered already: try again' })
  expect(refused()).toBe(1)
  const other = ask('/other')
  await expect.poll(running).toBe(5)
  answer()
  for (const one of [...asked, other]) expect((await once(one, 'response'))[0].statusCode).toBe(200)
  expect((await httpRequest(`${url}/api/v1/one`)).status).toBe(200)
})

test('so many requests are answered in all, and probes besides', async () => {
  const { url, ask, refused, running } = await started(4)
  for (const path of ['/api/v1/one', '/other', '/another', '/further']) ask(path)
  await expect.poll(running).toBe(4)
  const { status, body } = await httpRequest(`${url}/last`)
  expect([status, body.toString()]).toEqual([503, '{"error":"4 requests are answered already: try again"}'])
  for (const path of ['/livez', '/readyz']) expect((await httpRequest(`${url}${path}`)).status).toBe(200)
  expect(refused()).toBe(1)
})

test('the place of a client that leaves is free again', async () => {
  const { url, ask, running, answer } = await started(4)
  const gone = ask('/other')
  await expect.poll(running).toBe(1)
  expect((await httpRequest(`${url}/other`)).status).toBe(503)
  gone.destroy()
  const isAdmitted = async (): Promise<boolean> => {
    const before = running()
    const asked = ask('/other')
    await Promise.race([once(asked, 'response'), expect.poll(running).toBe(before + 1)])
    return running() > before
  }
  await expect.poll(isAdmitted).toBe(true)
  answer()
})

test('a fetch handler has places, too', async () => {
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  const routes = new Hono().get('/one', async (context) => {
    await promise
    return context.text('here')
  })
  const app = withMiddleware([routes], new Authentication(), [], {
    requests: new RequestsInFlight(new RequestLimits({ maxRequests: 4 })),
  })
  const held = app.request('/one')
  expect((await app.request('/one')).status).toBe(503)
  answer()
  expect((await held).status).toBe(200)
  expect((await app.request('/one')).status).toBe(200)
})
