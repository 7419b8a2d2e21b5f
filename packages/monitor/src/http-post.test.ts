import { Agent } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { post } from './http-post.ts'

/** Starts a server that answers each request with what `answer` writes. */
async function startServer(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), sockets }
}

/** Writes a text one character at a time, for as long as the connection lasts. */
function drip(socket: Socket, text: string): void {
  let position = 0
  const timer = setInterval(() => socket.write(text[position++ % text.length] ?? ''), 5)
  socket.on('close', () => clearInterval(timer))
}

const request = { headers: {}, body: '{}', timeoutMs: 150, signal: new AbortController().signal }

test.each([
  ['no answer', () => {}, 'no answer within 150 ms'],
  ['drips its headers', (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-header: value'), 'no answer within 150 ms'],
  [
    'drips the answer',
    (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
      drip(socket, 'x')
    },
    'the answer was not complete after 150 ms',
  ],
] as const)(
  'with a receiver that has %s, the deadline is the time limit, and the connection is closed',
  async (_, answer, message) => {
    const { url, sockets } = await startServer(answer)
    const agent = new Agent({ keepAlive: true })
    const startMs = performance.now()
    await expect(post(url, { ...request, agent })).rejects.toThrow(message)
    expect(performance.now() - startMs).toBeLessThan(1500)
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  },
)

test('an answer without an end is not read beyond 1 MiB', async () => {
  let written = 0
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const { url, sockets } = await startServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const write = (): void => {
      while (!socket.destroyed && socket.write(chunk)) written += chunk.length
    }
    socket.on('drain', write)
    write()
  })
  await expect(post(url, { ...request, timeoutMs: 5000 })).rejects.toThrow('the answer is longer than 1 MiB')
  await vi.waitFor(() => expect(sockets.size).toBe(0))
  expect(written).toBeLessThan(32 * 1024 * 1024)
})

test('an answer that breaks off is an error', async () => {
  const { url } = await startServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
  await expect(post(url, request)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('a request that is aborted closes its connection', async () => {
  const { url, sockets } = await startServer(() => {})
  const stop = new AbortController()
  const posted = post(url, { ...request, timeoutMs: 5000, signal: stop.signal })
  await vi.waitFor(() => expect(sockets.size).toBe(1))
  stop.abort()
  await expect(posted).rejects.toMatchObject({ name: 'AbortError' })
  await vi.waitFor(() => expect(sockets.size).toBe(0))
})
