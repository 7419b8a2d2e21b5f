import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random-choice.ts'

/** Clients that do what clients should not do. Each returns a function that ends it. */
export const hostileClients: Readonly<Record<string, (url: string, token: string, random: Random) => Promise<() => void>>> = {
  /** Ask, and read nothing. */
  'slow readers': async (url, token) => {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = await open(url)
        socket.pause()
        for (let index = 0; index < 20; index++) socket.write(request('/metrics', token))
        return socket
      }),
    )
    return () => end(sockets)
  },
  /** Send many requests over one connection without waiting for an answer. */
  pipelining: async (url, token) => {
    const sockets = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = await open(url)
        socket.resume()
        socket.write(request('/api/v1/metrics', token).repeat(1500))
        return socket
      }),
    )
    return () => end(sockets)
  },
  /** Begin a request and never end it. */
  'half requests': async (url) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => open(url)))
    for (const socket of sockets) socket.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ')
    return () => end(sockets)
  },
  /** Send what is no request. */
  'wrong framing': async (url, token, random) => {
    const texts = [
      'GET /metrics HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      `POST /api/v1/silences HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
      'GET /livez HTTP/1.1\r\n\r\n',
      '\r\n\r\n\r\n',
    ]
    const sockets: Socket[] = []
    for (let index = 0; index < 100; index++) {
      const socket = await open(url)
      socket.resume()
      socket.write(random.pick(texts))
      sockets.push(socket)
    }
    return () => end(sockets)
  },
  /** Ask for much at once, and leave before the answer. */
  'impatient clients': async (url, token) => {
    const range = '/api/v1/query_range?metric=db_get_latency_seconds&function=rate&window=1h&start=-31d&step=1m'
    const stop = new AbortController()
    const ask = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const socket = await open(url).catch(() => undefined)
        socket?.write(request(range, token))
        await sleep(30)
        socket?.destroy()
      }
    }
    for (let index = 0; index < 8; index++) void ask()
    return () => stop.abort()
  },
  /** Connect, and say nothing. */
  'idle connections': async (url) => {
    const sockets = await Promise.all(Array.from({ length: 500 }, () => open(url)))
    return () => end(sockets)
  },
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // It may be refused or closed at any time.
  socket.on('error', () => {})
  await Promise.race([once(socket, 'connect').catch(() => {}), sleep(5000, undefined, { ref: false })])
  return socket
}

function request(path: string, token: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`
}

function end(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}
