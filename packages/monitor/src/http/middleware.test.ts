import { gunzipSync } from 'node:zlib'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { Authentication } from './authentication.ts'
import { FirstRequest } from './first-request.ts'
import { withMiddleware } from './middleware.ts'
import { listen } from './servers.ts'

const longText = 'a line of text\n'.repeat(200)
const token = 'a-token-of-sixteen-or-more'

/** Starts a server with a page, a page that fails, and the middleware. */
async function serving(authToken?: string, host = '127.0.0.1'): Promise<string> {
  const routes = new Hono()
    .get('/page', (context) => context.text(longText))
    .get('/broken', () => {
      throw new Error('cannot read /srv/orders')
    })
  const listener = await listen(
    new FirstRequest(async () => withMiddleware([routes], new Authentication({ authToken })), collectingLogger()),
    host,
    0,
    'jsonApiPort',
  )
  onTestFinished(() => listener.close())
  return listener.url
}

test('only GET and HEAD are allowed', async () => {
  const url = await serving()
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers, body } = await httpRequest(`${url}/page`, { method })
    expect([status, headers.allow], method).toEqual([405, 'GET, HEAD'])
    expect(JSON.parse(body.toString())).toEqual({ error: `${method} is not allowed: use GET or HEAD` })
  }
})

test('HEAD is GET without the body', async () => {
  const url = await serving()
  const head = await httpRequest(`${url}/page`, { method: 'HEAD' })
  const get = await httpRequest(`${url}/page`)
  expect([head.status, head.headers['content-type']]).toEqual([200, get.headers['content-type']])
  expect(head.body).toHaveLength(0)
  expect(get.body.toString()).toBe(longText)
  expect((await httpRequest(`${url}/nothing`, { method: 'HEAD' })).status).toBe(404)
})

test('an unknown path is a 404 in JSON', async () => {
  const { status, body } = await httpRequest(`${await serving()}/nothing/here`)
  expect([status, JSON.parse(body.toString())]).toEqual([404, { error: '/nothing/here does not exist' }])
})

test('an internal error is a 500 without details', async () => {
  const { status, body } = await httpRequest(`${await serving()}/broken`)
  expect([status, JSON.parse(body.toString())]).toEqual([500, { error: 'internal error' }])
})

test('long answers are compressed if the client accepts it', async () => {
  const url = await serving()
  const packed = await httpRequest(`${url}/page`, { headers: { 'accept-encoding': 'gzip' } })
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  expect(gunzipSync(packed.body).toString()).toBe(longText)
  for (const headers of [{}, { 'accept-encoding': 'identity' }, { 'accept-encoding': 'gzip;q=0' }]) {
    const plain = await httpRequest(`${url}/page`, { headers })
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.body.toString()).toBe(longText)
  }
})

test('every answer has secure headers', async () => {
  const url = await serving(token)
  const authorization = `Bearer ${token}`
  const answers = await Promise.all([
    httpRequest(`${url}/page`, { headers: { authorization } }),
    httpRequest(`${url}/nothing`, { headers: { authorization } }),
    httpRequest(`${url}/broken`, { headers: { authorization } }),
    httpRequest(`${url}/page`, { method: 'POST' }),
    httpRequest(`${url}/page`),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 500, 405, 401])
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers).not.toHaveProperty('x-powered-by')
  }
})

test('if a token is set, requests without it are rejected', async () => {
  const url = await serving(token)
  const rejected = [{}, { authorization: 'Bearer another-token-of-sixteen' }, { authorization: `Bearer ${token}x` }]
  for (const headers of rejected) {
    for (const path of ['/page', '/nothing', '/broken']) {
      const answer = await httpRequest(`${url}${path}`, { headers })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
      expect(answer.body.toString()).toBe('Unauthorized')
    }
  }
  for (const authorization of [token, `Basic ${token}`, 'Bearer ', 'Bearer two words']) {
    const answer = await httpRequest(`${url}/page`, { headers: { authorization } })
    expect(answer.status, authorization).toBeGreaterThanOrEqual(400)
    expect(answer.status, authorization).toBeLessThan(500)
    expect(answer.body.toString()).not.toContain('a line of text')
  }
})

test('requests with the token are served', async () => {
  const url = await serving(token)
  const answer = await httpRequest(`${url}/page`, { headers: { authorization: `Bearer ${token}` } })
  expect([answer.status, answer.body.toString()]).toEqual([200, longText])
})

for (const name of ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '[::1]']) {
  test(`a server on loopback answers to the name ${name}`, async () => {
    const url = await serving()
    const { port } = new URL(url)
    for (const host of [name, `${name}:${port}`]) {
      expect((await httpRequest(`${url}/page`, { headers: { host } })).status, host).toBe(200)
    }
  })
}

const others = [
  'example.org',
  'localhost.example.org',
  '127.0.0.1.example.org',
  'example.org:127',
  '0.0.0.0',
  '10.0.0.1',
  '[::2]',
]
for (const host of others) {
  test(`a server on loopback rejects the name ${host}, which a web page could resolve to it`, async () => {
    const { status, body } = await httpRequest(`${await serving()}/page`, { headers: { host } })
    expect([status, JSON.parse(body.toString())]).toEqual([
      403,
      { error: `host "${host}" is not a loopback name: use localhost or 127.0.0.1` },
    ])
  })
}

test('a server on all addresses answers to every name, and requires the token', async () => {
  const { port } = new URL(await serving(token, '0.0.0.0'))
  const url = `http://127.0.0.1:${port}/page`
  const host = 'metrics.example.org'
  expect((await httpRequest(url, { headers: { host } })).status).toBe(401)
  expect((await httpRequest(url, { headers: { host, authorization: `Bearer ${token}` } })).status).toBe(200)
})
