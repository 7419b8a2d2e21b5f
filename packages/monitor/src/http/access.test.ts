import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { createAdaptorServer, getRequestListener } from '@hono/node-server'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { createHealthSource, createReport, createResult, replaceResults } from '../../test/health-reports.ts'
import { Authentication } from './authentication.ts'
import { FirstRequest } from './first-request.ts'
import { withMiddleware } from './middleware.ts'
import { healthRoutes } from './routes/health.ts'
import { listen } from './servers.ts'

const token = 'a-token-of-sixteen-or-more'
const source = createHealthSource(
  createReport(replaceResults(createResult('critical', 'disk_space', 'orders', 'Insufficient disk space'))),
)
const other = new Hono().get('/metrics', (context) => context.text('db_get_operations_total 1'))

function app(authToken?: string): Hono {
  const authentication = new Authentication({ authToken })
  return withMiddleware([other], authentication, [healthRoutes(source, { authentication })])
}

async function serving(authToken?: string, host = '127.0.0.1'): Promise<string> {
  const listener = await listen(new FirstRequest(async () => app(authToken), collectingLogger()), host, 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  return `http://127.0.0.1:${new URL(listener.url).port}`
}

type Headers = Readonly<Record<string, string>>

const paths = ['/health', '/health?format=json', '/readyz', '/readyz?verbose', '/health/disk_space', '/readyz/orders/disk_space']
const statusOnly = ['{"status":"fail"}', '{"status":"critical"}', 'failed', 'failed', '{"status":"fail"}', 'failed']

/** Returns the body of every path, after checking that each is a 503. */
async function bodies(url: string, headers: Headers = {}): Promise<string[]> {
  const answers = await Promise.all(paths.map((path) => httpRequest(`${url}${path}`, { headers })))
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 503))
  return answers.map(({ body }) => body.toString())
}

async function expectDetails(url: string, headers?: Headers): Promise<void> {
  for (const text of await bodies(url, headers)) expect(text).toContain('Insufficient disk space')
}

async function expectStatusOnly(url: string, headers?: Headers): Promise<void> {
  expect(await bodies(url, headers)).toEqual(statusOnly)
}

test('if no token is set, requests from this machine get details', async () => {
  await expectDetails(await serving())
  await expectDetails(await serving(), { host: 'localhost:8080' })
})

const proxyHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'via',
  'cf-connecting-ip',
]
for (const header of [...proxyHeaders, 'true-client-ip', 'x-original-url']) {
  test(`a request with the proxy header ${header} gets only a status`, async () => {
    await expectStatusOnly(await serving(), { [header]: '127.0.0.1' })
  })
}

test('a request of HTTP/1.0, as nginx sends those of others, gets only a status', async () => {
  const { port } = new URL(await serving())
  const answer = (version: string): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.end(`GET /health?format=json HTTP/${version}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    return text(socket)
  }
  expect(await answer('1.0')).toMatch(/\r\n\r\n\{"status":"critical"\}$/)
  expect(await answer('1.1')).toContain('Insufficient disk space')
})

test('requests with the token get details', async () => {
  await expectDetails(await serving(token), { authorization: `Bearer ${token}` })
  await expectDetails(await serving(token, '0.0.0.0'), { authorization: `Bearer ${token}`, host: 'orders.example.org' })
})

test('if a token is set, requests without it get only a status, even from this machine', async () => {
  await expectStatusOnly(await serving(token))
  await expectStatusOnly(await serving(token, '0.0.0.0'), { host: '10.0.0.7:8080' })
})

test('a request without the token does not see the names of checks', async () => {
  const { status, body } = await httpRequest(`${await serving(token)}/health/disk_spase`)
  expect([status, JSON.parse(body.toString())]).toEqual([
    404,
    { error: '/health/disk_spase does not exist: unknown health check' },
  ])
})

test('a wrong token is a 401 on every path', async () => {
  const url = await serving(token)
  for (const authorization of ['Bearer another-token-of-sixteen', `Bearer ${token}x`]) {
    for (const path of [...paths, '/livez', '/metrics']) {
      const answer = await httpRequest(`${url}${path}`, { headers: { authorization } })
      expect([answer.status, answer.body.toString()], path).toEqual([401, 'Unauthorized'])
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
    }
  }
})

test('an authorization without a bearer token is rejected', async () => {
  for (const authorization of [token, `Basic ${token}`, 'Bearer ']) {
    const answer = await httpRequest(`${await serving(token)}/health`, { headers: { authorization } })
    expect(answer.status, authorization).toBe(400)
    expect(answer.body.toString()).not.toContain('disk')
  }
})

test('only health endpoints are public, all other paths require the token', async () => {
  const url = await serving(token)
  for (const path of ['/metrics', '/', '/healthz', '/health/a/b/c', '/nothing']) {
    expect((await httpRequest(`${url}${path}`)).status, path).toBe(401)
  }
  const authorization = `Bearer ${token}`
  expect((await httpRequest(`${url}/metrics`, { headers: { authorization } })).status).toBe(200)
  expect((await httpRequest(`${url}/healthz`, { headers: { authorization } })).status).toBe(404)
})

test('a server on loopback rejects foreign names on health endpoints, too', async () => {
  const answer = await httpRequest(`${await serving()}/livez`, { headers: { host: 'rebound.example.org' } })
  expect(answer.status).toBe(403)
})

/** Starts a server of the application. */
async function ownServer(handler: Parameters<typeof createServer>[1], host = '127.0.0.1'): Promise<string> {
  const server = createServer(handler)
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('as a Node handler in another server, health recognizes requests from this machine', async () => {
  const url = await ownServer(getRequestListener(app().fetch, { overrideGlobalObjects: false }))
  await expectDetails(url)
  await expectStatusOnly(url, { 'x-forwarded-for': '198.51.100.7' })
  await expectStatusOnly(url, { host: 'rebound.example.org' })
  const urlWithToken = await ownServer(getRequestListener(app(token).fetch, { overrideGlobalObjects: false }))
  await expectStatusOnly(urlWithToken)
  await expectDetails(urlWithToken, { authorization: `Bearer ${token}` })
})

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))

test.runIf(hasIPv6)('on a socket of both IP versions, IPv4 loopback is this machine, too', async () => {
  const url = await ownServer(getRequestListener(app().fetch, { overrideGlobalObjects: false }), '::')
  await expectDetails(url)
})

test('as a fetch handler, which does not know the connection, health returns only a status', async () => {
  const { fetch } = app()
  const own = new Hono().all('/*', (context) => fetch(context.req.raw))
  const server = createAdaptorServer({ fetch: own.fetch, overrideGlobalObjects: false })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expectStatusOnly(url)
  expect((await httpRequest(`${url}/livez`)).body.toString()).toBe('ok')
})

test('as a fetch handler, health returns details with the token', async () => {
  const { fetch } = app(token)
  const answer = await fetch(new Request('http://localhost/health', { headers: { authorization: `Bearer ${token}` } }))
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('Insufficient disk space')])
  const withoutToken = await fetch(new Request('http://localhost/health'))
  expect([withoutToken.status, await withoutToken.text()]).toEqual([503, '{"status":"fail"}'])
})
