import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import type { MonitoringConfig } from '../config/resolve-config.ts'
import type { Monitoring } from '../monitoring.ts'
import { startMonitoring } from '../start-monitoring.ts'

async function monitor(config: MonitoringConfig = {}): Promise<Monitoring> {
  const monitoring = await startMonitoring({ jsonApiEnabled: false, logger: collectingLogger(), ...config })
  onTestFinished(() => monitoring.close())
  return monitoring
}

async function listening(server: ReturnType<typeof createAdaptorServer>): Promise<string> {
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** Calls a handler as Express and Connect do that have mounted it: they cut off the path and keep the whole in `originalUrl`. */
function mounted(mountPath: string, handler: Handler): Handler {
  return (request, response) => {
    const { url = '' } = request
    const [path = '', query] = url.split('?')
    if (path !== mountPath && !path.startsWith(`${mountPath}/`)) return response.writeHead(404).end()
    const rest = url.slice(mountPath.length)
    Object.assign(request, { originalUrl: url, url: rest.startsWith('/') ? rest : `/${query === undefined ? '' : `?${query}`}` })
    return handler(request, response)
  }
}

/** Checks that the page, its icon and the API are served below a path. */
async function expectServed(url: string): Promise<void> {
  const page = await httpRequest(`${url}/`)
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect((await httpRequest(`${url}/icon.svg`)).status).toBe(200)
  expect((await httpRequest(`${url}/api/v1/alerts`)).status).toBe(200)
  expect((await httpRequest(`${url}/livez`)).status).toBe(200)
  expect((await httpRequest(`${url}/nothing`)).status).toBe(404)
}

/** Checks that the path without a slash leads to the page. */
async function expectRedirect(url: string): Promise<void> {
  for (const query of ['', '?a=b']) {
    const { status, headers } = await httpRequest(`${url}${query}`)
    expect(status).toBe(308)
    expect(new URL(headers.location ?? '', `${url}${query}`).href).toBe(`${url}/${query}`)
    expect(headers.location).toMatch(/^\.\//)
  }
}

test('Express and Connect can mount the handler below a path', async () => {
  const { handler } = await monitor()
  const url = await listening(createServer(mounted('/internal/monitoring', handler)))
  await expectServed(`${url}/internal/monitoring`)
  await expectRedirect(`${url}/internal/monitoring`)
})

test('Hono can mount the fetch handler below a path', async () => {
  const { fetch } = await monitor()
  const app = new Hono().mount('/monitoring', fetch)
  await expectServed(`${await listening(createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }))}/monitoring`)
})

test('a server that passes on the whole path needs the base path', async () => {
  const monitoring = await monitor({ basePath: '/monitoring' })
  const app = new Hono().all('/monitoring/*', (context) => monitoring.fetch(context.req.raw))
  const url = await listening(createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }))
  await expectServed(`${url}/monitoring`)
  await expectRedirect(`${url}/monitoring`)
  const nodeUrl = await listening(createServer(monitoring.handler))
  await expectServed(`${nodeUrl}/monitoring`)
  await expectRedirect(`${nodeUrl}/monitoring`)
})

test('with a base path, requests without it are answered, too: probes of the same process', async () => {
  const { addresses, handler } = await monitor({ basePath: '/monitoring', jsonApiEnabled: true, jsonApiPort: 0 })
  for (const url of [addresses.json ?? '', await listening(createServer(handler))]) {
    await expectServed(url)
    await expectServed(`${url}/monitoring`)
    expect((await httpRequest(`${url}/monitoringx/livez`)).status).toBe(404)
  }
})

test('a path that looks like another host is never the target of a redirect', async () => {
  const { handler } = await monitor()
  const evil: Handler = (request, response) => {
    Object.assign(request, { originalUrl: request.url, url: '/' })
    return handler(request, response)
  }
  const url = await listening(createServer(evil))
  for (const path of ['//example.org', '/\\example.org', '//example.org/x']) {
    const { headers } = await httpRequest(`${url}${path}`)
    const target = new URL(headers.location ?? '/', url)
    expect(target.host, path).toBe(new URL(url).host)
  }
})

test('the console of a server that other machines can reach is off by default', async () => {
  const authToken = 'a-token-of-sixteen-or-more'
  const off = await monitor({ authToken, host: '0.0.0.0', jsonApiEnabled: true, jsonApiPort: 0 })
  const port = new URL(off.addresses.json ?? '').port
  expect((await httpRequest(`http://127.0.0.1:${port}/`)).status).toBe(404)
  await off.close()
  const on = await monitor({ authToken, host: '0.0.0.0', consoleEnabled: true, jsonApiEnabled: true, jsonApiPort: 0 })
  expect((await httpRequest(`http://127.0.0.1:${new URL(on.addresses.json ?? '').port}/`)).status).toBe(200)
})

test.each(['monitoring', '/monitoring/', '/', '//example.org', '/a b'])(
  'the base path %s is rejected with what is allowed',
  async (basePath) => {
    await expect(monitor({ basePath })).rejects.toThrow(/basePath must be a path that begins with a slash/)
  },
)
