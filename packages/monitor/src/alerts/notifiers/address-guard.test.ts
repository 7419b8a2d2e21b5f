import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, onTestFinished, test } from 'vitest'
import { isPrivateHost } from './address-guard.ts'
import { postJson } from './post-json.ts'

test.each([
  ...['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '169.254.169.254', '172.31.0.1'],
  ...['192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['[::]', '[::1]', '[::7f00:1]', '[::8.8.8.8]', '[::ffff:127.0.0.1]', '[::ffff:10.0.0.1]', '[::ffff:0:7f00:1]'],
  ...['[64:ff9b::7f00:1]', '[64:ff9b::8.8.8.8]', '[64:ff9b:1::7f00:1]', '[100::1]', '[100:0:0:1::1]', '[2001:0:1:2::1]'],
  ...['[2001:2::1]', '[2001:db8::1]', '[2001:20::1]', '[2002:7f00:1::]', '[2002:808:808::]', '[3fff::1]', '[5f00::1]'],
  ...['[4000::1]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[feff::1]', '[ff02::1]'],
])('%s is no address of the public internet', (host) => {
  expect(isPrivateHost(host)).toBe(true)
})

test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '[::ffff:8.8.8.8]', '[2606:4700::1111]', '[2a00:1450:4001::200e]', 'example.com'])(
  '%s may be one of the public internet',
  (host) => {
    expect(isPrivateHost(host)).toBe(false)
  },
)

/** Starts a server on loopback that answers every request. */
async function startServer() {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    request.resume()
    if (request.url === '/moved') response.writeHead(307, { location: '/internal' })
    response.end()
  })
  let connections = 0
  server.on('connection', () => connections++)
  server.on('connect', (request, socket) => {
    requests.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 200 OK\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { requests, port, connections: () => connections }
}

const options = { allowPrivate: false, timeoutMs: 2000, signal: new AbortController().signal }

test.each(['localhost', '127.1', '2130706433', '0x7f000001', '127。0。0。1', '[::ffff:7f00:1]', 'user:secret@127.0.0.1'])(
  'a request to %s opens no connection',
  async (host) => {
    const { port, connections } = await startServer()
    await expect(postJson(`http://${host}:${port}/`, {}, options)).rejects.toThrow(/private, loopback or link-local address/)
    expect(connections()).toBe(0)
    await postJson(`http://127.0.0.1:${port}/`, {}, { ...options, allowPrivate: true })
    expect(connections()).toBe(1)
  },
)

test('a redirect is not followed', async () => {
  const { port, requests } = await startServer()
  await expect(postJson(`http://127.0.0.1:${port}/moved`, {}, { ...options, allowPrivate: true })).rejects.toThrow(/status 307/)
  expect(requests).toEqual(['POST /moved'])
})

/** Posts to a name from a process of its own, and returns what became of it. */
async function postFromProcess(prelude: string, env: Readonly<Record<string, string>>, url: string, allowPrivate = false) {
  const module = pathToFileURL(new URL('./post-json.ts', import.meta.url).pathname).href
  const program = `${prelude}
    const { postJson } = await import(${JSON.stringify(module)})
    const options = { allowPrivate: ${allowPrivate}, timeoutMs: 2000, signal: new AbortController().signal }
    console.log(await postJson(${JSON.stringify(url)}, {}, options).then(() => 'sent', (error) => error.message))`
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeFlags, '--input-type=module', '-e', program], {
    env: { ...process.env, NO_PROXY: '', no_proxy: '', ...env },
  })
  return stdout.trim()
}

const hasEnvironmentProxy = Number(process.versions.node.split('.')[0]) >= 24

test.runIf(hasEnvironmentProxy)('a proxy of the environment gets no request that must lead to a public address', async () => {
  const { port, requests, connections } = await startServer()
  const proxy = `http://127.0.0.1:${port}`
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy }
  for (const url of ['http://metadata.invalid/', 'https://metadata.invalid/', 'http://localhost:1/']) {
    expect(await postFromProcess('', env, url)).toMatch(/private, loopback|proxy could lead to any address: set allowPrivate/)
  }
  expect(connections()).toBe(0)
  expect(await postFromProcess('', env, 'http://metadata.invalid/', true)).toBe('sent')
  expect(requests).toEqual(['POST http://metadata.invalid/'])
})

test('an agent that the application sets for all requests gets none that must lead to a public address', async () => {
  const { port, requests } = await startServer()
  const agent = `
    import http from 'node:http'
    import net from 'node:net'
    class Proxy extends http.Agent {
      createConnection(_, done) { return net.connect(${port}, '127.0.0.1', done) }
    }
    http.globalAgent = new Proxy()`
  expect(await postFromProcess(agent, {}, 'http://metadata.invalid/')).toMatch(/ENOTFOUND|EAI_AGAIN/)
  const forced = `${agent}
    const { request } = http
    http.request = (url, options, done) => request(url, { ...options, createConnection: undefined, agent: http.globalAgent }, done)`
  expect(await postFromProcess(forced, {}, 'http://metadata.invalid/')).toMatch(/another agent, which may be a proxy/)
  expect(requests).toEqual([])
})
