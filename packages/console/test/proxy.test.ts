import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Monitoring, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { freePort } from '@wombat/test-support/free-port'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { startProxyServer } from '../src/proxy/proxy-server.ts'

async function startProcess(config: MonitoringConfig = {}): Promise<Monitoring> {
  const monitoring = await startMonitoring({ jsonApiPort: 0, logger: collectingLogger(), ...config })
  onTestFinished(() => monitoring.close())
  const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await store.put('a', '1')
  return monitoring
}

/** Starts a console of the process at this address. */
async function startConsole(address = ''): Promise<string> {
  return (await startConsoleWithToken(address, undefined)).url
}

/** Starts a console that has the token of the process, and returns its address and a function that creates a link to it. */
async function startConsoleWithToken(address = '', token: string | undefined) {
  const proxy = await startProxyServer({ url: new URL(`${address}/`), token }, 0)
  onTestFinished(() => proxy.close())
  return { url: proxy.url, createLink: proxy.createLink }
}

/** Opens a link as a browser does, and returns the cookie that it gets; undefined if it gets none. */
async function openLink(link: string): Promise<string | undefined> {
  const answer = await fetch(link, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([302, './'])
  const [cookie] = answer.headers.getSetCookie()
  if (cookie !== undefined) expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  return cookie?.split(';')[0]
}

/** Starts a server that is not the process: it shows what arrives there. */
async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<[string, Server]> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server]
}

/** Sends a request with these headers. `fetch` may not set all of them. */
async function send(url: string, headers: Record<string, string>, method = 'GET'): Promise<[status: number, body: string]> {
  const sent = request(url, { method, headers }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks = await response.toArray()
  return [response.statusCode ?? 0, Buffer.concat(chunks).toString()]
}

test('the page is served with its files, and nothing but itself may run in it', async () => {
  const monitoring = await startProcess()
  const url = await startConsole(monitoring.addresses.json)
  const page = await fetch(url)
  const html = await page.text()
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  )
  const [, script = ''] = /src="([^"]+)"/.exec(html) ?? []
  const file = await fetch(new URL(script, url))
  expect([file.status, file.headers.get('content-type'), file.headers.get('cache-control')]).toEqual([
    200,
    'text/javascript; charset=utf-8',
    'public, max-age=31536000, immutable',
  ])
})

test('the endpoints of the process answer through the console', async () => {
  const monitoring = await startProcess()
  await monitoring.healthMonitor.runHealthChecks()
  const url = await startConsole(monitoring.addresses.json)
  const metrics = await fetch(`${url}api/v1/query?metric=db_store_info`)
  expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, 'application/json'])
  const health = (await (await fetch(`${url}health?format=json`)).json()) as { checks?: unknown[] }
  // Details: the process answers as it would answer this machine.
  expect(health.checks?.length).toBeGreaterThan(0)
  expect(await (await fetch(`${url}livez`)).text()).toBe('ok')
  expect(await (await fetch(`${url}runbook`)).text()).toMatch(/^# /)
  const missing = await fetch(`${url}api/v1/nothing`)
  expect([missing.status, await missing.json()]).toEqual([404, { error: '/api/v1/nothing does not exist' }])
})

test('the token of the environment is added to each request of a browser that has opened the link, and never shown', async () => {
  const authToken = 'a-secret-of-the-process'
  const monitoring = await startProcess({ authToken })
  const { url: withToken, createLink } = await startConsoleWithToken(monitoring.addresses.json, authToken)
  const link = createLink()
  const cookie = (await openLink(link)) ?? expect.fail('no cookie')
  const answer = await fetch(`${withToken}api/v1/alerts`, { headers: { cookie } })
  expect(answer.status).toBe(200)
  expect(`${await answer.text()}${JSON.stringify([...answer.headers])}`).not.toContain(authToken)
  const without = await startConsole(monitoring.addresses.json)
  expect((await fetch(`${without}api/v1/alerts`)).status).toBe(401)
})

test('another user of the machine, who can connect to the console, too, acts without its token', async () => {
  const authToken = 'a-secret-of-the-process'
  const monitoring = await startProcess({ authToken })
  const { url, createLink } = await startConsoleWithToken(monitoring.addresses.json, authToken)
  const status = async (headers: Record<string, string>) => (await fetch(`${url}api/v1/alerts`, { headers })).status
  const link = createLink()
  const cookie = (await openLink(link)) ?? expect.fail('no cookie')
  // Others may see a link in a list of processes.
  expect(await openLink(link)).toBeUndefined()
  expect(await openLink(`${url}?key=guessed`)).toBeUndefined()
  for (const other of ['', cookie.replace(/=.*/, '=x'), `${cookie}x`, cookie.slice(0, -1)])
    expect(await status({ cookie: other })).toBe(401)
  expect(await status({ cookie })).toBe(200)
  expect(await status({ authorization: `Bearer ${authToken}` })).toBe(200)
  // The program makes two of them: one to print, one to open.
  expect(await openLink(createLink())).toBe(cookie)
})

test('the page signs in, changes something and signs out through the console', async () => {
  const authToken = 'a-secret-of-the-process'
  const monitoring = await startProcess({ authToken })
  const url = await startConsole(monitoring.addresses.json)
  const headers: Record<string, string> = { origin: new URL(url).origin, 'content-type': 'application/json' }
  const send = (path: string, init: RequestInit = {}) => fetch(`${url}api/v1/${path}`, { ...init, headers })
  const readSession = async () => (await (await send('session')).json()) as { signedIn: boolean; csrfToken?: string }
  expect((await send('session', { method: 'POST', body: '{"token":"a-wrong-token-of-it"}' })).status).toBe(401)
  const signedIn = await send('session', { method: 'POST', body: JSON.stringify({ token: authToken }) })
  expect(signedIn.status).toBe(204)
  headers['cookie'] = signedIn.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
  const { csrfToken = '', ...session } = await readSession()
  expect(session).toMatchObject({ authentication: 'token', signedIn: true, canChange: true })
  const change = { method: 'POST', body: '{"slowQueryThresholdMs":1234}' }
  expect((await send('settings', change)).status).toBe(403)
  headers['x-wombat-csrf'] = csrfToken
  expect((await send('settings', change)).status).toBe(200)
  expect((await send('session', { method: 'DELETE' })).status).toBe(204)
  expect((await readSession()).signedIn).toBe(false)
})

test('the samples of the process arrive as they are taken', async () => {
  const monitoring = await startProcess({ historyIntervalMs: 200 })
  const url = await startConsole(monitoring.addresses.json)
  const browser = new AbortController()
  const response = await fetch(`${url}api/v1/events/stream`, { signal: browser.signal })
  const samples: number[] = []
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const [, sampleMs] = /event: sample\ndata: \{"timeMs":(\d+)\}/.exec(text) ?? []
    if (sampleMs !== undefined) samples.push(Date.now() - Number(sampleMs))
    if (samples.length === 3) break
  }
  browser.abort()
  // On a busy machine a sample may be late, but a stream that waits for more would be as late as the next sample at least.
  expect(Math.min(...samples)).toBeLessThan(150)
})

test('events arrive when they are sent, and the stream ends at the process when the browser closes it', async () => {
  let stream: ServerResponse | undefined
  const [address] = await startServer((request, response) => {
    expect(request.headers['last-event-id']).toBe('7')
    stream = response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': hello\n\n')
  })
  const url = await startConsole(address)
  const browser = new AbortController()
  const response = await fetch(`${url}api/v1/events/stream`, { headers: { 'last-event-id': '7' }, signal: browser.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  expect(await reader?.read()).toEqual({ done: false, value: ': hello\n\n' })
  for (const id of [8, 9]) {
    stream?.write(`id: ${id}\n\n`)
    expect(await reader?.read()).toEqual({ done: false, value: `id: ${id}\n\n` })
  }
  const ended = once(stream ?? expect.fail(), 'close')
  browser.abort()
  await ended
})

test('without the process its endpoints answer 502 with what to do, and again when it is back', async () => {
  const port = await freePort()
  const url = await startConsole(`http://127.0.0.1:${port}`)
  for (let life = 0; life < 2; life++) {
    const away = await fetch(`${url}api/v1/alerts`)
    expect([away.status, await away.json()]).toEqual([
      502,
      {
        error: `http://127.0.0.1:${port} does not answer: connection refused; check that the process runs and that the port is that of its JSON API (jsonApiPort)`,
      },
    ])
    expect((await fetch(url)).status).toBe(200)
    const monitoring = await startProcess({ jsonApiPort: port })
    expect((await fetch(`${url}api/v1/alerts`)).status).toBe(200)
    await monitoring.close()
  }
})

test('a process that ends in the middle of a stream ends the stream', async () => {
  const [address, server] = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\n\n')
  })
  const url = await startConsole(address)
  const response = await fetch(`${url}api/v1/events/stream`)
  const body = response.text()
  server.closeAllConnections()
  // A browser connects again after both.
  expect(await body.catch((error: Error) => error.message)).toMatch(/^id: 1\n\n$|^terminated$/)
  expect((await fetch(url)).status).toBe(200)
})

test('requests of other pages and of other names are refused', async () => {
  const [address] = await startServer((_, response) => response.end('arrived'))
  const url = await startConsole(address)
  const { host, origin } = new URL(url)
  const api = `${url}api/v1/settings`
  const refused: Array<[Record<string, string>, string, RegExp]> = [
    [{ host: 'evil.example' }, 'GET', /not a loopback name/],
    [{ host: 'evil.example:80' }, 'POST', /not a loopback name/],
    [{ host, origin: 'https://evil.example' }, 'GET', /may not use this console/],
    [{ host, origin: 'http://127.0.0.1:1' }, 'POST', /may not use this console/],
    [{ host, origin: 'null' }, 'POST', /may not use this console/],
    [{ host, 'sec-fetch-site': 'cross-site' }, 'GET', /may not use this console/],
    [{ host, 'sec-fetch-site': 'same-site', origin }, 'POST', /may not use this console/],
    [{ host, 'sec-fetch-site': 'none' }, 'POST', /may not use this console/],
    [{ host }, 'POST', /only the page of the console may send POST: send it to http:\/\/127\.0\.0\.1:\d+ itself/],
    [{ host }, 'DELETE', /only the page of the console may send DELETE/],
  ]
  for (const [headers, method, reason] of refused) {
    const [status, body] = await send(api, headers, method)
    expect([status, body], JSON.stringify([headers, method])).toEqual([403, expect.stringMatching(reason)])
  }
  // The page and its files have no data.
  expect(await send(url, { host, 'sec-fetch-site': 'cross-site' })).toEqual([200, expect.stringContaining('<html')])
  const allowed: Array<[Record<string, string>, string]> = [
    [{ host }, 'GET'],
    [{ host: `localhost:${new URL(url).port}` }, 'GET'],
    [{ host, 'sec-fetch-site': 'none' }, 'GET'],
    [{ host, 'sec-fetch-site': 'same-origin', origin }, 'POST'],
    [{ host, origin }, 'POST'],
  ]
  for (const [headers, method] of allowed) expect(await send(api, headers, method)).toEqual([200, 'arrived'])
})

test('the process gets its own origin, the body, and only the cookies that it has set', async () => {
  let got: IncomingMessage | undefined
  let body = ''
  const [address] = await startServer(async (request, response) => {
    got = request
    body = Buffer.concat(await request.toArray()).toString()
    response.setHeader('set-cookie', [
      'wombat_session=s1=; Path=/monitoring; HttpOnly; Secure; SameSite=Strict',
      'other=2; Domain=a',
    ])
    response.writeHead(204).end()
  })
  const url = await startConsole(`${address}/monitoring`)
  const { host, origin, port } = new URL(url)
  const response = await fetch(`${url}api/v1/session?a=1`, {
    method: 'POST',
    headers: {
      origin,
      'content-type': 'application/json',
      'x-wombat-csrf': 'c',
      'x-forwarded-for': '10.0.0.1',
      cookie: `app=secret; wombat_session=no; wombat_session_${port}=s1=; wombat_session_1=no`,
    },
    body: '{"token":"t"}',
  })
  expect(response.status).toBe(204)
  expect(response.headers.getSetCookie()).toEqual([
    `wombat_session_${port}=s1=; Path=/; HttpOnly; SameSite=Strict`,
    `other_${port}=2; Path=/`,
  ])
  expect([got?.method, got?.url, body]).toEqual(['POST', '/monitoring/api/v1/session?a=1', '{"token":"t"}'])
  expect(got?.headers).toMatchObject({
    host: new URL(address).host,
    origin: address,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    'x-wombat-csrf': 'c',
    cookie: 'wombat_session=s1=',
  })
  expect(Object.keys(got?.headers ?? {})).not.toContain('x-forwarded-for')
  expect(host).toMatch(/^127\.0\.0\.1:/)
})

test('only a body of a known and small size is passed on', async () => {
  const [address] = await startServer((_, response) => response.end('arrived'))
  const url = await startConsole(address)
  const headers = { origin: new URL(url).origin }
  const large = await fetch(`${url}api/v1/settings`, { method: 'POST', headers, body: 'x'.repeat(2 ** 20 + 1) })
  expect(large.status).toBe(413)
  const body = new Blob(['x']).stream()
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' }
  expect((await fetch(`${url}api/v1/settings`, init)).status).toBe(411)
})

test('a redirect of the process is not followed: it would send the token elsewhere', async () => {
  const [other] = await startServer((_, response) => response.end('arrived'))
  const [address] = await startServer((_, response) => response.writeHead(302, { location: other }).end())
  const { url, createLink } = await startConsoleWithToken(address, 'a-secret-of-the-process')
  const cookie = (await openLink(createLink())) ?? expect.fail('no cookie')
  expect((await fetch(`${url}api/v1/alerts`, { redirect: 'manual', headers: { cookie } })).status).toBe(302)
})

test('a port that is in use is an error that names it', async () => {
  const [address] = await startServer((_, response) => response.end())
  const port = Number(new URL(address).port)
  await expect(startProxyServer({ url: new URL('http://127.0.0.1:1/'), token: undefined }, port)).rejects.toThrow(
    `cannot listen on port ${port}: it is in use. Choose another one with --port, or leave it out for any free port.`,
  )
})
