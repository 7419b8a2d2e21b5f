import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { type MonitoringConfig, resolveConfig } from '../config/resolve-config.ts'
import { Authentication } from './authentication.ts'
import { FirstRequest } from './first-request.ts'
import { HttpServers, type Listener, listen } from './servers.ts'

// Read before the first server starts, which could replace them.
const { Request: request, Response: response } = globalThis

const routes = {
  prometheus: new Hono().get('/metrics', (context) => context.text('text')),
  json: new Hono().get('/api/v1/metrics', (context) => context.json([])),
}

async function started(config: MonitoringConfig, health?: Hono, logger = collectingLogger()): Promise<HttpServers> {
  const options = { ...resolveConfig(config, {}), chosenOptions: new Set(Object.keys(config)), logger }
  const authentication = new Authentication(options)
  const servers = new HttpServers(options, async () => ({ ...routes, authentication, ...(health !== undefined && { health }) }))
  onTestFinished(() => servers.close())
  await servers.start()
  return servers
}

/** Returns a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const servers = await started({ jsonApiPort: 0 })
  await servers.close()
  return parsePort(servers.addresses.json)
}

function parsePort(url: string | undefined): number {
  return Number(new URL(url ?? '').port)
}

async function fetchStatus(url: string | undefined): Promise<number> {
  return (await httpRequest(url ?? '')).status
}

test('Prometheus and the JSON API have their own servers and routes', async () => {
  const { addresses } = await started({ prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  expect(addresses.prometheus).not.toBe(addresses.json)
  expect(await fetchStatus(`${addresses.prometheus}/metrics`)).toBe(200)
  expect(await fetchStatus(`${addresses.prometheus}/api/v1/metrics`)).toBe(404)
  expect(await fetchStatus(`${addresses.json}/api/v1/metrics`)).toBe(200)
  expect(await fetchStatus(`${addresses.json}/metrics`)).toBe(404)
})

test('a server that is disabled has no address', async () => {
  expect((await started({ jsonApiEnabled: false })).addresses).toEqual({})
  const { addresses } = await started({ prometheusEnabled: true, prometheusPort: 0, jsonApiEnabled: false })
  expect(Object.keys(addresses)).toEqual(['prometheus'])
})

test('Prometheus and the JSON API share a server if they have the same port', async () => {
  const port = await freePort()
  const { addresses } = await started({ prometheusEnabled: true, prometheusPort: port, jsonApiPort: port })
  expect(addresses).toEqual({ prometheus: `http://127.0.0.1:${port}`, json: `http://127.0.0.1:${port}` })
  expect(await fetchStatus(`${addresses.json}/metrics`)).toBe(200)
  expect(await fetchStatus(`${addresses.json}/api/v1/metrics`)).toBe(200)
})

test('every server requires the token', async () => {
  const authToken = 'a-token-of-sixteen-or-more'
  const { addresses } = await started({ authToken, prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  expect(await fetchStatus(`${addresses.prometheus}/metrics`)).toBe(401)
  expect(await fetchStatus(`${addresses.json}/api/v1/metrics`)).toBe(401)
})

test('every server serves the health endpoints, without a token', async () => {
  const health = new Hono().get('/livez', (context) => context.text('ok'))
  const authToken = 'a-token-of-sixteen-or-more'
  const config = { authToken, prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 }
  const { addresses } = await started(config, health)
  for (const url of Object.values(addresses)) {
    expect(await fetchStatus(`${url}/livez`)).toBe(200)
    expect(await fetchStatus(`${url}/metrics`)).toBe(401)
  }
})

test('if one server cannot start, the other is closed', async () => {
  const taken = parsePort((await started({ jsonApiPort: 0 })).addresses.json)
  const prometheusPort = await freePort()
  const failure = started({ prometheusEnabled: true, prometheusPort, jsonApiPort: taken })
  await expect(failure).rejects.toThrow(`jsonApiPort: cannot listen on 127.0.0.1:${taken}: the port is in use.`)
  await expect(httpRequest(`http://127.0.0.1:${prometheusPort}/metrics`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('the error for a shared port in use names both options', async () => {
  const taken = parsePort((await started({ jsonApiPort: 0 })).addresses.json)
  const failure = started({ prometheusEnabled: true, prometheusPort: taken, jsonApiPort: taken })
  await expect(failure).rejects.toThrow(/^prometheusPort and jsonApiPort: cannot listen on/)
})

test('if a default port is in use, the next free one is used, and a warning names the option', async () => {
  const taken = await listening(8080).catch(() => undefined)
  const logger = collectingLogger()
  const { addresses } = await started({}, undefined, logger)
  expect(parsePort(addresses.json)).toBeGreaterThan(8080)
  expect(await fetchStatus(`${addresses.json}/api/v1/metrics`)).toBe(200)
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'the default port 8080 is in use: set jsonApiPort to choose another one',
      fields: { option: 'jsonApiPort', port: 8080, url: addresses.json },
    },
  ])
  await taken?.close()
})

/** Sends plain text to a server, and returns its answer. */
async function exchange(url: string, text: string): Promise<string> {
  const socket = connect(parsePort(url), '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString('latin1')
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test.each([
  ['HTTP/1.0 without a Host header', 'GET / HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0 with one', 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'],
  ['an empty Host header', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
  ['the name of the root domain', 'GET / HTTP/1.1\r\nHost: localhost.\r\nConnection: close\r\n\r\n'],
  ['the name of the root domain and a port', 'GET / HTTP/1.1\r\nHost: localhost.:80\r\nConnection: close\r\n\r\n'],
])('a server on loopback answers a request with %s', async (_, text) => {
  const { url } = await listening()
  expect(await exchange(url, text)).toMatch(/^HTTP\/1\.1 200 .*here/s)
})

test('close lets a running response finish', async () => {
  const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>()
  const { promise: answer, resolve: sendAnswer } = Promise.withResolvers<void>()
  const slow = new Hono().get('/', async (context) => {
    tellAsked()
    await answer
    return context.text('all of it'.repeat(100_000))
  })
  const listener = await listen(new FirstRequest(async () => slow, collectingLogger()), '127.0.0.1', 0, 'jsonApiPort')
  const response = httpRequest(listener.url)
  await asked
  const closing = listener.close()
  sendAnswer()
  expect((await response).body.toString()).toBe('all of it'.repeat(100_000))
  await closing
})

test('close stops every server', async () => {
  const servers = await started({ prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  await servers.close()
  for (const url of Object.values(servers.addresses))
    await expect(httpRequest(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

async function listening(port = 0, host = '127.0.0.1', option = 'prometheusPort'): Promise<Listener> {
  const listener = await listen(
    new FirstRequest(async () => new Hono().get('/', (context) => context.text('here')), collectingLogger()),
    host,
    port,
    option,
  )
  onTestFinished(() => listener.close())
  return listener
}

test('port 0 takes any free port, which the address contains', async () => {
  const [one, other] = [await listening(), await listening()]
  expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(parsePort(one.url)).not.toBe(parsePort(other.url))
  for (const { url } of [one, other]) expect((await httpRequest(url)).body.toString()).toBe('here')
})

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))

test.runIf(hasIPv6)('an IPv6 address is in brackets', async () => {
  const { url } = await listening(0, '::1')
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect((await httpRequest(url)).status).toBe(200)
})

test('the error for a port in use names the option and what to do', async () => {
  const port = parsePort((await listening()).url)
  const failure = listening(port, '127.0.0.1', 'jsonApiPort')
  await expect(failure).rejects.toThrow(
    `jsonApiPort: cannot listen on 127.0.0.1:${port}: the port is in use. Set jsonApiPort to another port, or to 0 for any free port.`,
  )
  await expect(failure).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } })
})

test('the error for an address of another machine is about the host, not the port', async () => {
  // Reserved for documentation (RFC 5737): no machine has this address.
  const failure = listening(0, '192.0.2.1')
  await expect(failure).rejects.toThrow(/this machine does not have that address. Set host to an address of this machine.$/)
  await expect(failure).rejects.not.toThrow(/Set prometheusPort/)
})

test('close frees the port, and a second close does nothing', async () => {
  const listener = await listening()
  await listener.close()
  await listener.close()
  await expect(httpRequest(listener.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect((await listening(parsePort(listener.url))).url).toBe(listener.url)
})

test('close does not wait for idle connections or incomplete requests', async () => {
  const listener = await listening()
  const stopped = connect(parsePort(listener.url), '127.0.0.1')
  const gone = once(stopped, 'close')
  stopped.on('error', () => {})
  await once(stopped, 'connect')
  stopped.write('GET / HTTP/1.1\r\nHost: loc')
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  await new Promise<void>((resolve) => {
    get(listener.url, { agent }, (response) => response.resume().once('end', resolve))
  })
  await listener.close()
  await gone
})

test('a server does not replace globals', async () => {
  const { url } = await listening()
  await httpRequest(url)
  expect(globalThis.Request).toBe(request)
  expect(globalThis.Response).toBe(response)
})

test('endpoints that cannot be loaded answer with 500, and the reason is logged once', async () => {
  const logger = collectingLogger()
  const app = new FirstRequest(() => import('a-package-that-is-not-installed' as string), logger)
  const listener = await listen(app, '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  for (const path of ['/livez', '/metrics']) expect(await fetchStatus(`${listener.url}${path}`)).toBe(500)
  const { status } = await app.fetch(new Request('http://localhost/livez'))
  expect(status).toBe(500)
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'the HTTP endpoints cannot be loaded and answer with 500: install the package again',
  ])
})
