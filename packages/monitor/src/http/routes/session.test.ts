import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { type HttpResponse, httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../time/clock.ts'
import type { Access } from '../access.ts'
import { Authentication } from '../authentication.ts'
import { FirstRequest } from '../first-request.ts'
import { readObject } from '../json-body.ts'
import { withMiddleware } from '../middleware.ts'
import { createNodeHandler } from '../node-handler.ts'
import { listen } from '../servers.ts'
import { sessionLifetimeMs } from '../sessions.ts'
import { sessionRoutes } from './session.ts'

const token = 'a-token-of-sixteen-or-more'
const info = { service: async () => ({ name: 'orders', version: '3' }), startedAtMs: () => 1_790_000_000_000 }

interface Options {
  readonly authToken?: string | undefined
  readonly clock?: ManualClock
  readonly basePath?: string
}

/** Creates the endpoints with data and a change that counts how often it was made. */
function createApp({ authToken, clock = new ManualClock(), basePath }: Options = {}) {
  const logger = collectingLogger()
  const registry = new MetricsRegistry()
  const counter = registry.counter('wombat_monitor_login_failures_total')
  const authentication = new Authentication({ authToken, clock, registry, logger, basePath })
  const changes: unknown[] = []
  const routes = new Hono<Access>()
    .get('/api/v1/data', (context) => context.json({ data: true }))
    .post('/api/v1/change', async (context) => {
      const read = await readObject(context)
      if ('refusal' in read) return read.refusal
      changes.push(read.body)
      return context.json({ changed: true })
    })
    .delete('/api/v1/items/:id', (context) => {
      changes.push(context.req.param('id'))
      return context.body(null, 204)
    }) as unknown as Hono
  const app = withMiddleware([routes], authentication, [sessionRoutes(authentication, info)], { basePath })
  return { app, changes, logger, clock, failures: () => counter.value }
}

interface Request {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

type Ask = (path: string, request?: Request) => Promise<HttpResponse>

async function serving(options: Options = {}, host = '127.0.0.1') {
  const created = createApp(options)
  const listener = await listen(new FirstRequest(async () => created.app, created.logger), host, 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  const url = `http://127.0.0.1:${new URL(listener.url).port}`
  const ask: Ask = (path, request) => httpRequest(`${url}${path}`, request)
  return { ...created, ask, url }
}

const json = { 'content-type': 'application/json' }

function login(ask: Ask, value: unknown = token, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> {
  return ask('/api/v1/session', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ token: value }) })
}

/** Returns the cookie of a login as the browser sends it back. */
function cookieOf({ headers }: HttpResponse): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? ''
}

async function signedIn(ask: Ask) {
  const cookie = cookieOf(await login(ask))
  const { csrfToken } = JSON.parse((await ask('/api/v1/session', { headers: { cookie } })).body.toString()) as {
    csrfToken: string
  }
  return { cookie, csrfToken }
}

const change = (headers: Readonly<Record<string, string>>, body = '{"a":1}'): Request => ({
  method: 'POST',
  headers: { ...json, ...headers },
  body,
})

function errorOf({ body }: HttpResponse): string {
  return (JSON.parse(body.toString()) as { error: string }).error
}

test('with a token, a client that is not signed in learns only that', async () => {
  const { ask } = await serving({ authToken: token })
  const { status, headers, body } = await ask('/api/v1/session')
  expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
  expect(JSON.parse(body.toString())).toEqual({ authentication: 'token', signedIn: false, canChange: false })
})

test('a login with the token starts a session, which replaces the token', async () => {
  const { ask } = await serving({ authToken: token })
  const answer = await login(ask)
  expect([answer.status, answer.body.length]).toEqual([204, 0])
  expect(answer.headers['set-cookie']).toEqual([
    expect.stringMatching(
      /^wombat_session_[\w-]{8}=\d+\.[\w-]{22}\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    ),
  ])
  const { cookie, csrfToken } = await signedIn(ask)
  expect((await ask('/api/v1/data', { headers: { cookie } })).status).toBe(200)
  expect((await ask('/api/v1/data')).status).toBe(401)
  const session = JSON.parse((await ask('/api/v1/session', { headers: { cookie } })).body.toString())
  expect(session).toEqual({
    authentication: 'token',
    signedIn: true,
    canChange: true,
    user: 'authToken',
    scope: 'admin',
    csrfToken,
    service: { name: 'orders', version: '3' },
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    startedAtMs: 1_790_000_000_000,
  })
})

test('the cookie is found among others of the same name, which other paths may have set', async () => {
  const { ask } = await serving({ authToken: token })
  const { cookie } = await signedIn(ask)
  const [name = ''] = cookie.split('=')
  expect((await ask('/api/v1/data', { headers: { cookie: `a=b; ${name}=old; ${cookie}` } })).status).toBe(200)
})

test('over TLS, directly or behind a proxy, the cookie is sent over TLS only', async () => {
  const { ask, app } = await serving({ authToken: token })
  for (const proto of ['https', 'https, http']) {
    expect((await login(ask, token, { 'x-forwarded-proto': proto })).headers['set-cookie']?.[0]).toMatch(/; Secure;/)
  }
  expect((await login(ask, token, { 'x-forwarded-proto': 'http' })).headers['set-cookie']?.[0]).not.toContain('Secure')
  const body = JSON.stringify({ token })
  const direct = await app.fetch(
    new Request('https://monitor.example.org/api/v1/session', { method: 'POST', headers: json, body }),
  )
  expect(direct.headers.get('set-cookie')).toMatch(/; Secure;/)
})

test('the path of the cookie is that of the mount, unless a proxy may have cut off more', async () => {
  const { app } = createApp({ authToken: token, basePath: '/base' })
  const handler = createNodeHandler(app, { isLoopbackOnly: false })
  const server = createServer((request, response) => {
    const { url = '' } = request
    if (url.startsWith('/mount')) Object.assign(request, { originalUrl: url, url: url.slice('/mount'.length) })
    void handler(request, response)
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pathFor = async (prefix: string, headers = {}): Promise<string | undefined> => {
    const answer = await login((path, request) => httpRequest(`${url}${prefix}${path}`, request), token, headers)
    return /Path=([^;]*)/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[1]
  }
  expect(await pathFor('')).toBe('/')
  expect(await pathFor('/mount')).toBe('/mount')
  expect(await pathFor('/base')).toBe('/base')
  expect(await pathFor('/mount/base')).toBe('/mount/base')
  expect(await pathFor('/mount', { 'x-forwarded-for': '198.51.100.7' })).toBe('/')
})

test('a session of a process is one of every process with the same token, also after a restart', async () => {
  const clock = new ManualClock()
  const one = await serving({ authToken: token, clock })
  const other = await serving({ authToken: token, clock })
  const { cookie, csrfToken } = await signedIn(one.ask)
  expect((await other.ask('/api/v1/data', { headers: { cookie } })).status).toBe(200)
  const headers = { cookie, 'x-wombat-csrf': csrfToken, origin: other.url }
  expect((await other.ask('/api/v1/change', change(headers))).status).toBe(200)
})

test('a session of another token, a changed one and an expired one are rejected', async () => {
  const { ask, clock } = await serving({ authToken: token })
  const other = await serving({ authToken: `${token}-of-another-service`, clock })
  const { cookie } = await signedIn(ask)
  const foreign = (await signedIn(other.ask)).cookie
  const [name = '', value = ''] = cookie.split('=')
  const [expires = '', id = '', signature = ''] = value.split('.')
  const forged = [
    foreign,
    `${name}=${foreign.split('=')[1]}`,
    `${name}=${Number(expires) + 1}.${id}.${signature}`,
    `${name}=${expires}.${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}.${signature}`,
    `${name}=${expires}.${id}.${'A'.repeat(43)}`,
    `${name}=${expires}.${id}.`,
    `${name}=${expires}.${id}`,
    `${name}=`,
    `${name}=${value}x`,
    `${name}=__proto__`,
  ]
  for (const one of forged) expect((await ask('/api/v1/data', { headers: { cookie: one } })).status, one).toBe(401)
  clock.advance(sessionLifetimeMs - 1)
  expect((await ask('/api/v1/data', { headers: { cookie } })).status).toBe(200)
  clock.advance(1)
  expect((await ask('/api/v1/data', { headers: { cookie } })).status).toBe(401)
})

test('after signing out the session is rejected, even if someone has kept the cookie, and others are not', async () => {
  const { ask, url } = await serving({ authToken: token })
  const { cookie, csrfToken } = await signedIn(ask)
  const other = await signedIn(ask)
  const answer = await ask('/api/v1/session', { method: 'DELETE', headers: { cookie, 'x-wombat-csrf': csrfToken, origin: url } })
  expect(answer.status).toBe(204)
  expect(answer.headers['set-cookie']?.[0]).toMatch(/^wombat_session_[\w-]{8}=; Max-Age=0; Path=\//)
  expect((await ask('/api/v1/data', { headers: { cookie } })).status).toBe(401)
  expect((await ask('/api/v1/data', { headers: { cookie: other.cookie } })).status).toBe(200)
  // Again, without a session.
  expect((await ask('/api/v1/session', { method: 'DELETE', headers: { cookie } })).status).toBe(204)
})

test('nobody is signed out by a page of another origin', async () => {
  const { ask, url } = await serving({ authToken: token })
  const { cookie } = await signedIn(ask)
  const attempts: ReadonlyArray<Readonly<Record<string, string>>> = [
    { cookie },
    { cookie, origin: 'https://example.org' },
    { cookie, origin: url },
    { cookie, 'sec-fetch-site': 'cross-site' },
  ]
  for (const headers of attempts) expect((await ask('/api/v1/session', { method: 'DELETE', headers })).status).toBe(403)
  expect((await ask('/api/v1/data', { headers: { cookie } })).status).toBe(200)
})

test('failed logins are limited for each client, counted, and logged once without the token', async () => {
  const { ask, clock, logger, failures } = await serving({ authToken: token })
  for (let attempt = 0; attempt < 5; attempt++) {
    const { status, headers, body } = await login(ask, 'wrong-token-of-someone')
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"'])
    expect(body.toString()).not.toContain('wrong-token')
  }
  const limited = await login(ask)
  expect([limited.status, limited.headers['retry-after']]).toEqual([429, '12'])
  expect(errorOf(limited)).toBe('too many logins have failed: try again in 12 s')
  expect(failures()).toBe(6)
  clock.advance(12_000)
  expect((await login(ask)).status).toBe(204)
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message:
        'a login failed because the token or the password was wrong; further ones are only counted, in wombat_monitor_login_failures_total',
      fields: { address: '127.0.0.1' },
    },
    {
      level: 'info',
      message: 'a client has signed in to the console',
      fields: { who: 'authToken', scope: 'admin', address: '127.0.0.1' },
    },
  ])
})

test('failed logins of many clients are limited together', async () => {
  const { app, clock } = createApp({ authToken: token })
  const loginFrom = (address: string, value: string) => {
    const body = JSON.stringify({ token: value })
    const request = new Request('http://localhost/api/v1/session', { method: 'POST', headers: json, body })
    return app.fetch(request, { incoming: { socket: { remoteAddress: address } } })
  }
  for (let client = 0; client < 50; client++) expect((await loginFrom(`10.0.0.${client}`, 'wrong')).status).toBe(401)
  expect((await loginFrom('10.0.1.1', token)).status).toBe(429)
  clock.advance(1000)
  expect((await loginFrom('10.0.1.1', token)).status).toBe(204)
})

test('the addresses of one IPv6 network are one client', async () => {
  const { app } = createApp({ authToken: token })
  const loginFrom = async (remoteAddress: string, value = 'wrong') => {
    const body = JSON.stringify({ token: value })
    const request = new Request('http://localhost/api/v1/session', { method: 'POST', headers: json, body })
    return (await app.fetch(request, { incoming: { socket: { remoteAddress } } })).status
  }
  for (let attempt = 1; attempt <= 5; attempt++) expect(await loginFrom(`2001:db8:0:1::${attempt}`)).toBe(401)
  expect(await loginFrom('2001:db8:0:1:a:b:c:d', token)).toBe(429)
  expect(await loginFrom('2001:db8:0:2::1', token)).toBe(204)
  expect(await loginFrom('::ffff:10.0.0.1', token)).toBe(204)
})

test('the limit of a client whose address is unknown is that of all such clients', async () => {
  const { app } = createApp({ authToken: token })
  const loginWith = (value: string) =>
    app.fetch(
      new Request('http://localhost/api/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ token: value }) }),
    )
  for (let attempt = 0; attempt < 5; attempt++) expect((await loginWith('wrong')).status).toBe(401)
  expect((await loginWith(token)).status).toBe(429)
})

test('a page of another origin cannot sign in, or try tokens', async () => {
  const { ask, failures } = await serving({ authToken: token })
  for (const headers of [
    { origin: 'https://example.org' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    const answer = await login(ask, 'wrong', headers)
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined])
  }
  expect(failures()).toBe(0)
})

test.each([
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, `token=${token}`, 415],
  ['plain text', { 'content-type': 'text/plain' }, JSON.stringify({ token }), 415],
  ['no type', {}, JSON.stringify({ token }), 415],
  ['no body', json, '', 400],
  ['no JSON', json, '{', 400],
  ['a list', json, '[]', 400],
  ['null', json, 'null', 400],
  ['no token', json, '{}', 400],
  ['a number as token', json, '{"token":1}', 400],
  ['a prototype', json, `{"__proto__":{"token":"${token}"}}`, 400],
  ['a prototype beside the token', json, `{"token":"${token}","__proto__":{"a":1}}`, 400],
  ['a constructor beside the token', json, `{"token":"${token}","constructor":{"prototype":{"a":1}}}`, 400],
  ['a long body', json, JSON.stringify({ token: 'x'.repeat(100_000) }), 413],
] as const)('a login with %s is rejected with the reason', async (_name, headers, body, status) => {
  const { ask } = await serving({ authToken: token })
  const answer = await ask('/api/v1/session', { method: 'POST', headers, body })
  expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined])
  expect(errorOf(answer)).not.toContain(token)
  expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
})

test('a long body without its length is not read to its end', async () => {
  const { ask } = await serving({ authToken: token })
  const headers = { ...json, 'transfer-encoding': 'chunked' }
  const answer = await ask('/api/v1/session', { method: 'POST', headers, body: 'x'.repeat(1_000_000) })
  expect([answer.status, errorOf(answer)]).toEqual([413, 'the body must have at most 65536 bytes'])
})

test('a body that the application has parsed is read, too', async () => {
  const { app } = createApp({ authToken: token })
  const handler = createNodeHandler(app, { isLoopbackOnly: false })
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) })
    await handler(request, response)
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect((await login((path, request) => httpRequest(`${url}${path}`, request))).status).toBe(204)
})

test('a change with a session needs its CSRF token and the same origin', async () => {
  const { ask, url, changes, clock } = await serving({ authToken: token })
  const { cookie, csrfToken } = await signedIn(ask)
  const other = await signedIn((await serving({ authToken: token, clock })).ask)
  const valid = { cookie, 'x-wombat-csrf': csrfToken }
  const refused: ReadonlyArray<readonly [Readonly<Record<string, string>>, RegExp]> = [
    [{ cookie, origin: url }, /X-Wombat-Csrf is missing: send the csrfToken of GET api\/v1\/session/],
    [{ ...valid, 'x-wombat-csrf': `${csrfToken}x`, origin: url }, /X-Wombat-Csrf is wrong/],
    [{ ...valid, 'x-wombat-csrf': '', origin: url }, /X-Wombat-Csrf is wrong/],
    [{ ...valid, 'x-wombat-csrf': other.csrfToken, origin: url }, /X-Wombat-Csrf is wrong/],
    [valid, /Origin is missing/],
    [{ ...valid, origin: 'https://example.org' }, /another origin \("https:\/\/example.org"\)/],
    [{ ...valid, origin: 'null' }, /another origin/],
    [{ ...valid, origin: `${url}.example.org` }, /another origin/],
    [{ ...valid, origin: url, 'sec-fetch-site': 'cross-site' }, /Sec-Fetch-Site: "cross-site"/],
    [{ ...valid, origin: url, 'sec-fetch-site': 'same-site' }, /Sec-Fetch-Site/],
    [{ ...valid, origin: url, 'sec-fetch-site': 'none' }, /Sec-Fetch-Site/],
  ]
  for (const [headers, problem] of refused) {
    const answer = await ask('/api/v1/change', change(headers))
    expect([answer.status, errorOf(answer)], JSON.stringify(headers)).toEqual([403, expect.stringMatching(problem)])
  }
  expect(changes).toEqual([])
  const accepted = [
    { ...valid, origin: url },
    { ...valid, 'sec-fetch-site': 'same-origin' },
    { ...valid, origin: 'https://monitor.example.org', 'x-forwarded-host': 'monitor.example.org' },
  ]
  for (const headers of accepted) expect((await ask('/api/v1/change', change(headers))).status).toBe(200)
  expect(changes).toHaveLength(3)
})

test('a change with the token needs nothing else, but a wrong token is a 401', async () => {
  const { ask, changes } = await serving({ authToken: token })
  expect((await ask('/api/v1/change', change({ authorization: `Bearer ${token}` }))).status).toBe(200)
  expect((await ask('/api/v1/items/7', { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })).status).toBe(204)
  expect((await ask('/api/v1/change', change({ authorization: `Bearer ${token}x` }))).status).toBe(401)
  expect((await ask('/api/v1/change', change({}))).status).toBe(401)
  const { cookie, csrfToken } = await signedIn(ask)
  const both = { cookie, 'x-wombat-csrf': csrfToken, authorization: `Bearer ${token}x` }
  expect((await ask('/api/v1/change', change(both))).status).toBe(401)
  expect(changes).toEqual([{ a: 1 }, '7'])
})

test('a change must be JSON of a bounded size, with the token, too', async () => {
  const { ask, changes } = await serving({ authToken: token })
  const authorization = `Bearer ${token}`
  const form = await ask('/api/v1/change', {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: '{}',
  })
  expect([form.status, errorOf(form)]).toEqual([415, 'the header Content-Type must be application/json, got "text/plain"'])
  expect((await ask('/api/v1/change', change({ authorization }, `"${'x'.repeat(70_000)}"`))).status).toBe(413)
  expect(changes).toEqual([])
})

test('GET and HEAD change nothing, and other methods are not allowed', async () => {
  const { ask, changes, url } = await serving({ authToken: token })
  const { cookie, csrfToken } = await signedIn(ask)
  const headers = { cookie, 'x-wombat-csrf': csrfToken, origin: url }
  const allowed: ReadonlyArray<readonly [method: string, path: string, allow: string]> = [
    ['GET', '/api/v1/change', 'POST'],
    ['HEAD', '/api/v1/change', 'POST'],
    ['PUT', '/api/v1/change', 'POST'],
    ['OPTIONS', '/api/v1/change', 'POST'],
    ['GET', '/api/v1/items/7', 'DELETE'],
    ['POST', '/api/v1/items/7', 'DELETE'],
    ['POST', '/api/v1/data', 'GET, HEAD'],
    ['DELETE', '/api/v1/items', 'GET, HEAD'],
    ['PUT', '/api/v1/session', 'GET, HEAD, POST, DELETE'],
  ]
  for (const [method, path, allow] of allowed) {
    const answer = await ask(path, { method, headers })
    expect([answer.status, answer.headers.allow], `${method} ${path}`).toEqual([405, allow])
  }
  expect(errorOf(await ask('/api/v1/session', { method: 'PUT' }))).toBe('PUT is not allowed: use GET, HEAD, POST or DELETE')
  const override = { ...headers, 'x-http-method-override': 'POST' }
  expect((await ask('/api/v1/change?_method=POST', { headers: override })).status).toBe(405)
  expect(changes).toEqual([])
})

test('without a token, this machine is signed in and may change something with the CSRF token of the process', async () => {
  const { ask, url, changes } = await serving()
  const session = JSON.parse((await ask('/api/v1/session')).body.toString())
  expect(session).toMatchObject({ authentication: 'none', signedIn: true, canChange: true, csrfToken: expect.any(String) })
  const valid = { 'x-wombat-csrf': session.csrfToken, origin: url }
  expect((await ask('/api/v1/change', change(valid))).status).toBe(200)
  expect((await ask('/api/v1/change', change({ origin: url }))).status).toBe(403)
  expect((await ask('/api/v1/change', change({ ...valid, origin: 'https://example.org' }))).status).toBe(403)
  const other = await serving()
  expect((await other.ask('/api/v1/change', change({ ...valid, origin: other.url }))).status).toBe(403)
  const answer = await login(ask)
  expect([answer.status, errorOf(answer)]).toEqual([400, 'no authToken is set, so that there is nothing to sign in to'])
  expect(changes).toHaveLength(1)
})

test('without a token, requests of others may change nothing: through a proxy, by another name or of an unknown client', async () => {
  const { app, changes, url, ask } = await serving()
  const { csrfToken } = JSON.parse((await ask('/api/v1/session')).body.toString()) as { csrfToken: string }
  const handler = createNodeHandler(app, { isLoopbackOnly: false })
  const server = createServer((request, response) => void handler(request, response))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const strangers: ReadonlyArray<Readonly<Record<string, string>>> = [
    { 'x-forwarded-for': '127.0.0.1', origin: own },
    { forwarded: 'for=127.0.0.1', origin: own },
    // A page whose name was resolved to this machine afterwards.
    { host: 'rebound.example.org', origin: 'http://rebound.example.org' },
  ]
  for (const headers of strangers) {
    const session = JSON.parse((await httpRequest(`${own}/api/v1/session`, { headers })).body.toString())
    expect([session.signedIn, session.canChange, session.csrfToken]).toEqual([true, false, undefined])
    const answer = await httpRequest(`${own}/api/v1/change`, change({ ...headers, 'x-wombat-csrf': csrfToken }))
    expect([answer.status, errorOf(answer)]).toEqual([403, expect.stringContaining('only requests from this machine')])
  }
  const rebound = await ask('/api/v1/change', change({ host: 'rebound.example.org', 'x-wombat-csrf': csrfToken }))
  expect([rebound.status, errorOf(rebound)]).toEqual([403, expect.stringContaining('is not a loopback name')])
  const headers = { ...json, 'x-wombat-csrf': csrfToken, origin: url }
  expect((await app.fetch(new Request(`${url}/api/v1/change`, { method: 'POST', headers, body: '{}' }))).status).toBe(403)
  expect(changes).toEqual([])
})

test('of very many unknown fields, which anybody may send, only the first are named', async () => {
  const { app } = createApp({ authToken: token })
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`field${index}`, 1])))
  const answer = await app.request('http://localhost/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const { error } = (await answer.json()) as { error: string }
  expect([answer.status, error.length < 1000]).toEqual([400, true])
  expect(error).toMatch(/^"field0" is not a field.*; and 2990 more$/)
})
