import { gunzipSync } from 'node:zlib'
import { consoleFiles } from '@wombat/console'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { type HttpResponse, httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { Authentication } from '../authentication.ts'
import { FirstRequest } from '../first-request.ts'
import { withMiddleware } from '../middleware.ts'
import { listen } from '../servers.ts'
import { type ConsoleRoutesOptions, consoleRoutes } from './console.ts'

const authToken = 'a-token-of-sixteen-or-more'
const data = new Hono().get('/api/v1/data', (context) => context.json({ data: true }))

/** Starts a server with the console and data that needs the token. Returns a function that asks it. */
async function serving(options: Partial<ConsoleRoutesOptions> = {}, token: string | undefined = authToken) {
  const logger = collectingLogger()
  const routes = consoleRoutes({ isEnabled: true, logger, ...options })
  const app = new FirstRequest(async () => withMiddleware([data], new Authentication({ authToken: token }), [routes]), logger)
  const listener = await listen(app, '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<HttpResponse> =>
    httpRequest(`${listener.url}${path}`, { headers, method })
  return { get, logger }
}

test('the page is served at the root without the token, and data is not', async () => {
  const { get } = await serving()
  const { status, headers, body } = await get('/')
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(body.toString()).toContain('<div id="app">')
  expect((await get('/api/v1/data')).status).toBe(401)
})

test('every file of the page is served with its type, and files whose names contain their hash are kept for a year', async () => {
  const { get } = await serving()
  const files = consoleFiles()
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['', 'icon.svg', 'licenses.txt']))
  expect(files.some(({ isImmutable }) => isImmutable)).toBe(true)
  for (const { path, contentType, isImmutable } of files) {
    const { status, headers, body } = await get(`/${path}`)
    expect([status, headers['content-type']], path).toEqual([200, contentType])
    expect(headers['cache-control'], path).toBe(isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    expect(body.length, path).toBeGreaterThan(0)
  }
})

test('the page may load nothing from elsewhere, run no code of its own and be framed by no one', async () => {
  const { get } = await serving()
  const { headers, body } = await get('/')
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  )
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(headers).not.toHaveProperty('access-control-allow-origin')
  expect(body.toString()).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|https?:\/\//)
})

test('a browser that has the newest page gets 304', async () => {
  const { get } = await serving()
  const { headers } = await get('/')
  const { etag = '' } = headers
  for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
    const answer = await get('/', { 'if-none-match': known })
    expect([answer.status, answer.body.length, answer.headers.etag], known).toEqual([304, 0, etag])
    expect(answer.headers).toHaveProperty('content-security-policy')
  }
  expect((await get('/', { 'if-none-match': 'W/"older"' })).status).toBe(200)
})

test('files are compressed for clients that accept it', async () => {
  const { get } = await serving()
  const plain = await get('/')
  const packed = await get('/', { 'accept-encoding': 'gzip, deflate, br' })
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: plain.headers.etag })
  expect(gunzipSync(packed.body)).toEqual(plain.body)
  expect(plain.headers).not.toHaveProperty('content-encoding')
  expect((await get('/', { 'accept-encoding': 'gzip;q=0' })).headers).not.toHaveProperty('content-encoding')
})

test('HEAD has no body', async () => {
  const { get } = await serving()
  const { status, body } = await get('/', {}, 'HEAD')
  expect([status, body.length]).toEqual([200, 0])
})

test('no other file can be read', async () => {
  const { get } = await serving()
  const paths = [
    '/assets/',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/index.html',
    '/package.json',
    '/index.html',
    '/..%5cpackage.json',
    '/__proto__.js',
  ]
  for (const path of paths) expect([401, 404], path).toContain((await get(path)).status)
})

test('if the console is off, the root is a 404 that says how to turn it on', async () => {
  const { get } = await serving({ isEnabled: false })
  const { status, headers, body } = await get('/')
  expect([status, headers['content-type']]).toEqual([404, 'text/plain; charset=UTF-8'])
  expect(body.toString()).toContain('set consoleEnabled: true, or WOMBAT_CONSOLE_ENABLED=true')
  expect((await get('/icon.svg')).status).toBe(401)
})

test('if the package is missing, the root is a 503 with the remedy, which is logged once', async () => {
  const { get, logger } = await serving({
    loadFiles: async () => {
      throw new Error("Cannot find package '@wombat/console'\nRequire stack:")
    },
  })
  for (const path of ['/', '/', '/icon.svg']) {
    const { status, body } = await get(path)
    expect(status).toBe(503)
    expect(body.toString()).toContain('Install @wombat/console beside the application')
  }
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'the console cannot be served: install @wombat/console beside the application',
      fields: { reason: "Cannot find package '@wombat/console'" },
    },
  ])
})
