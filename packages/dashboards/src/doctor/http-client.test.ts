import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { fetchText, redactUrl } from './http-client.ts'

const timeoutMs = 2000

async function listen(server: Server, close = () => server.close()): Promise<URL> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void close())
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

function startServer(listener: RequestListener): Promise<URL> {
  const server = createServer(listener)
  return listen(server, () => {
    server.closeAllConnections()
    return server.close()
  })
}

const errorMessage = async (url: URL, headers = {}): Promise<string> => {
  const error: unknown = await fetchText(url, { headers, timeoutMs: 300 }).catch((thrown: unknown) => thrown)
  return error instanceof Error ? error.message : `no error: ${JSON.stringify(error)}`
}

test('the body is returned as text', async () => {
  const url = await startServer((_request, response) => response.end('body'))
  expect(await fetchText(url, { timeoutMs })).toBe('body')
})

test('credentials in a URL are sent as a Basic authorization header, beside the given headers', async () => {
  const url = await startServer(({ headers }, response) => response.end(`${headers.authorization} ${headers['x-tenant']}`))
  url.username = 'reader'
  url.password = 'p@ss'
  const basic = Buffer.from('reader:p@ss').toString('base64')
  expect(await fetchText(url, { headers: { 'x-tenant': 'a' }, timeoutMs })).toBe(`Basic ${basic} a`)
  expect(redactUrl(url)).toBe(url.origin)
})

test('a server that never responds is a timeout', async () => {
  expect(await errorMessage(await startServer(() => {}))).toContain('no response within 0.3 s')
})

test('closed connections, other protocols and unknown hosts have different messages', async () => {
  expect(await errorMessage(await listen(createTcpServer((socket) => socket.destroy())))).toContain('the connection was closed')
  const smtpServer = createTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'))
  expect(await errorMessage(await listen(smtpServer))).toContain('the response is not HTTP')
  expect(await errorMessage(new URL('http://no-such-host.invalid/'))).toMatch(/unknown host name|cannot be resolved/)
})

test('redirects are not followed: they would pass the headers on', async () => {
  let redirectedRequests = 0
  const target = await startServer((_request, response) => {
    redirectedRequests++
    response.end()
  })
  const url = await startServer((_request, response) => response.writeHead(302, { location: target.href }).end())
  expect(await errorMessage(url, { authorization: 'Bearer secret' })).toContain('HTTP status 302, redirects are not followed')
  expect(redirectedRequests).toBe(0)
})

test.each([
  [401, 'not authorized'],
  [404, 'no such endpoint; check the path of the URL'],
  [429, 'the server is overloaded or not ready'],
  [422, 'the request was rejected: "because"'],
  [500, 'the server failed: "because"'],
])('HTTP status %i is explained', async (status, explanation) => {
  const url = await startServer((_request, response) => response.writeHead(status).end('because'))
  expect(await errorMessage(url)).toContain(`HTTP status ${status}, `)
  expect(await errorMessage(url)).toContain(explanation)
})

test('an answer that does not end is read to a limit, and not into memory until it is full', async () => {
  const piece = Buffer.alloc(2 ** 20, ' ')
  const url = await startServer((_request, response) => {
    const send = (): void => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', send)
    send()
  })
  await expect(fetchText(url, { timeoutMs: 60_000 })).rejects.toThrow(`${url.origin}: the answer is longer than 256 MiB`)
}, 60_000)
