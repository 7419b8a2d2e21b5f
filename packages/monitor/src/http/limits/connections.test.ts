import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { type ConnectionBounds, ConnectionLimits, type NodeHandler, ServerConnections } from './connections.ts'
import { type RefusalReason, RequestLimits } from './request-limits.ts'

/** A server with limits. */
async function started(handle: NodeHandler, bounds: Partial<ConnectionBounds> = {}, maxConnections?: number) {
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  const limits = new RequestLimits({ registry })
  const server = createServer(new ConnectionLimits(limits, bounds).wrap(handle))
  const connections = new ServerConnections(server, limits, maxConnections)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const open = async (): Promise<Client> => {
    const client = new Client(connect((server.address() as AddressInfo).port, '127.0.0.1'))
    await once(client.socket, 'connect')
    return client
  }
  const refused = (reason: RefusalReason) => registry.counter('wombat_monitor_requests_refused_total', { reason }).value
  return { open, refused, warnings, connections }
}

/** A client that sends requests without waiting for answers. */
class Client {
  readonly socket: Socket
  text = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
    })
  }

  /** Reads what comes from now on. */
  read(): this {
    this.socket.on('data', (data) => {
      this.text += data.toString('latin1')
    })
    return this
  }

  send(count: number, path = '/'): this {
    this.socket.write(
      Array.from({ length: count }, (_, index) => `GET ${path}${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''),
    )
    return this
  }

  /** The status of each answer. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
  }
}

test('a connection is answered one request after the other, in order', async () => {
  let running = 0
  let most = 0
  const { open } = await started(async ({ url }, response) => {
    most = Math.max(most, ++running)
    await sleep(5)
    running--
    response.end(url)
  })
  const clients = [(await open()).read().send(20), (await open()).read().send(20)]
  for (const client of clients) {
    await expect.poll(() => client.statuses).toHaveLength(20)
    expect(client.text.match(/^\/\d+/gm)).toEqual(Array.from({ length: 20 }, (_, index) => `/${index}`))
  }
  expect(most).toBe(2)
})

test('of many requests on one connection some are answered, further ones get 503 in their turn', async () => {
  const { open, refused, warnings } = await started(async (_, response) => void response.end('ok'), { pipelined: 10 })
  const client = (await open()).read().send(100)
  await expect.poll(() => client.statuses).toHaveLength(100)
  expect(client.statuses.slice(0, 11)).toEqual(Array(11).fill(200))
  expect(client.statuses.at(-1)).toBe(503)
  expect(client.text).toMatch(/retry-after: 1/i)
  expect(client.text).toContain(
    '{"error":"10 requests waited on this connection already: wait for answers before you send more"}',
  )
  expect(refused('pipelined')).toBe(client.statuses.filter((status) => status === 503).length)
  expect(warnings).toEqual([expect.stringMatching(/^a request was answered with 503: 10 requests waited .* only counted/)])
  // The connection is as good as before.
  client.send(1)
  await expect.poll(() => client.statuses.at(100)).toBe(200)
})

test('probes are answered, however many wait before them', async () => {
  const { open, refused } = await started(async (_, response) => void response.end('ok'), { pipelined: 10 })
  const client = (await open()).read().send(50, '/livez?')
  await expect.poll(() => client.statuses).toEqual(Array(50).fill(200))
  expect(refused('pipelined')).toBe(0)
})

test('a connection with very many requests is ended, and so is one if very many wait on all', async () => {
  let answered = 0
  const { open, refused } = await started(
    async (_, response) => {
      answered++
      await sleep(50)
      response.end('ok')
    },
    { queuedPipelined: 50, allPipelined: 100 },
  )
  const greedy = (await open()).send(1000)
  await once(greedy.socket, 'close')
  const others = await Promise.all(Array.from({ length: 4 }, open))
  for (const client of others) client.send(40)
  await expect.poll(() => others.filter(({ socket }) => socket.destroyed).length).toBe(2)
  expect(refused('pipelined')).toBe(3)
  expect(answered).toBeLessThan(100)
})

test('a client that does not read its answer is disconnected, one that waits for it is not', async () => {
  const large = 'x'.repeat(2 ** 20)
  const isGone: string[] = []
  const { open, refused, warnings } = await started(
    async ({ url = '' }, response) => {
      response.once('close', () => isGone.push(url))
      if (url.startsWith('/late')) await sleep(500)
      const write = (): void => {
        while (url.startsWith('/endless') && !response.destroyed) if (!response.write(large)) return
        response.end('ok')
      }
      response.on('drain', write)
      write()
    },
    { patienceMs: 200, patienceCheckMs: 50 },
  )
  const slow = (await open()).send(1, '/endless')
  const patient = (await open()).read().send(1, '/late')
  const busy = (await open()).send(1, '/endless')
  let bytes = 0
  busy.socket.on('data', (data) => {
    bytes += data.length
  })
  await expect.poll(() => refused('slow')).toBe(1)
  await once(slow.socket.resume(), 'close')
  await expect.poll(() => patient.statuses).toEqual([200])
  expect(busy.socket.destroyed).toBe(false)
  expect(bytes).toBeGreaterThan(2 ** 20)
  busy.socket.destroy()
  await expect.poll(() => isGone).toHaveLength(3)
  expect(refused('slow')).toBe(1)
  expect(warnings).toEqual([expect.stringContaining('it read less than 16384 bytes of its answer in 0.2 s')])
})

test('if clients leave too much unread, the one with most is disconnected', async () => {
  const { open, refused } = await started(
    async ({ url = '' }, response) => void response.end(Buffer.alloc(url.startsWith('/large') ? 2 ** 26 : 2 ** 23)),
    { unreadBytes: 2 ** 25 },
  )
  const small = (await open()).send(1, '/small')
  await sleep(50)
  const large = (await open()).send(1, '/large')
  await sleep(50)
  await open().then((client) => client.send(1, '/small'))
  await expect.poll(() => refused('unread')).toBe(1)
  await once(large.socket.resume(), 'close')
  expect([small.socket.destroyed, refused('unread')]).toEqual([false, 1])
})

test('a new connection ends the one that is idle for longest, or itself if none is', async () => {
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  const { open, refused, warnings } = await started(
    async ({ url = '' }, response) => {
      if (url.startsWith('/held')) await promise
      response.end('ok')
    },
    {},
    3,
  )
  const [first, second, third] = [await open(), await open(), await open()]
  first.read().send(1)
  await expect.poll(() => first.statuses).toEqual([200])
  const fourth = (await open()).read().send(1, '/held')
  await once(second.socket, 'close')
  first.send(1, '/held')
  third.send(1, '/held')
  await sleep(50)
  await once((await open()).socket, 'close')
  expect([first, third, fourth].map(({ socket }) => socket.destroyed)).toEqual([false, false, false])
  answer()
  await expect.poll(() => fourth.statuses).toEqual([200])
  const fifth = (await open()).read().send(1)
  await expect.poll(() => fifth.statuses).toEqual([200])
  expect(refused('connections')).toBe(3)
  expect(warnings).toEqual([expect.stringContaining('3 connections are open')])
})

test('close ends idle connections at once, and the others when everything on them is answered', async () => {
  const { promise, resolve: answer } = Promise.withResolvers<void>()
  const { open, connections } = await started(async (_, response) => {
    await promise
    response.end('ok')
  })
  const [idle, busy] = [await open(), (await open()).read().send(3)]
  await sleep(50)
  connections.close()
  await once(idle.socket, 'close')
  answer()
  await once(busy.socket, 'close')
  expect(busy.statuses).toEqual([200, 200, 200])
})

test('a client that waits for an answer of the application before ours is not disconnected', async () => {
  const limits = new RequestLimits()
  const handle = new ConnectionLimits(limits, { patienceMs: 100, patienceCheckMs: 20 }).wrap(async (_, response) => {
    response.end('ours')
  })
  const server = createServer(async (request, response) => {
    if (request.url !== '/application0') return handle(request, response)
    await sleep(500)
    response.end('of the application')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const client = new Client(connect((server.address() as AddressInfo).port, '127.0.0.1')).read()
  client.send(1, '/application').send(2)
  await expect.poll(() => client.text.match(/ours|of the application/g)).toEqual(['of the application', 'ours', 'ours'])
})
