import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { getJson, redactUrl } from './http-client.ts'

const timeoutMs = 2000

async function opened(server: Server, close = () => server.close()): Promise<URL> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void close())
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

function serving(listener: RequestListener): Promise<URL> {
  const server = createServer(listener)
  return opened(server, () => {
    server.closeAllConnections()
    return server.close()
  })
}

const complaint = async (url: URL, headers = {}): Promise<string> => {
  const error: unknown = await getJson(url, { headers, timeoutMs: 300 }).catch((thrown: unknown) => thrown)
  return error instanceof Error ? error.message : `answered ${JSON.stringify(error)}`
}

test('an answer is its text', async () => {
  const url = await serving((_request, response) => response.end('well'))
  expect(await getJson(url, { timeoutMs })).toBe('well')
})

test('name and password in an address are sent as a header, and headers beside them', async () => {
  const url = await serving(({ headers }, response) => response.end(`${headers.authorization} ${headers['x-tenant']}`))
  url.username = 'reader'
  url.password = 'p@ss'
  const basic = Buffer.from('reader:p@ss').toString('base64')
  expect(await getJson(url, { headers: { 'x-tenant': 'a' }, timeoutMs })).toBe(`Basic ${basic} a`)
  expect(redactUrl(url)).toBe(url.origin)
})

test('who never answers is given up', async () => {
  expect(await complaint(await serving(() => {}))).toContain('no answer within 0.3 s')
})

test('who cuts the connection, speaks something else or is not there is told apart', async () => {
  expect(await complaint(await opened(createTcpServer((socket) => socket.destroy())))).toContain('the connection was cut')
  const chatty = createTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'))
  expect(await complaint(await opened(chatty))).toContain('is not HTTP')
  expect(await complaint(new URL('http://no-such-host.invalid/'))).toMatch(/no host of that name|cannot be looked up/)
})

test('nobody is followed elsewhere: the headers would go along', async () => {
  let visitors = 0
  const elsewhere = await serving((_request, response) => {
    visitors++
    response.end()
  })
  const url = await serving((_request, response) => response.writeHead(302, { location: elsewhere.href }).end())
  expect(await complaint(url, { authorization: 'Bearer secret' })).toContain('answers 302: it sends us elsewhere')
  expect(visitors).toBe(0)
})

test.each([
  [401, 'it does not know us'],
  [404, 'is the path right?'],
  [429, 'too much to do'],
  [422, 'it refuses, and says "because"'],
  [500, 'it has failed, and says "because"'],
])('a status of %i is put in words', async (status, words) => {
  const url = await serving((_request, response) => response.writeHead(status).end('because'))
  expect(await complaint(url)).toContain(`answers ${status}: `)
  expect(await complaint(url)).toContain(words)
})
