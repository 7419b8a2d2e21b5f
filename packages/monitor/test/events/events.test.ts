import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ManualClock, type Monitoring, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { EventStreamClient } from '@wombat/test-support/event-stream'
import { httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import { opened, temporaryPath } from '../history/open-history.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

interface Event {
  readonly id: string
  readonly key: string
  readonly kind: string
  readonly startMs: number
  readonly endMs?: number
  readonly store?: string
  readonly title: string
  readonly details: Readonly<Record<string, unknown>>
}

interface Answer {
  readonly events: Event[]
  readonly lastId: string
  readonly missed: number
}

async function start(config: MonitoringConfig = {}): Promise<Monitoring> {
  const monitoring = await startMonitoring({
    logger: collectingLogger(),
    jsonApiPort: 0,
    historyIntervalMs: 100,
    alertRules: [],
    slowQueryThresholdMs: 10_000,
    ...config,
  })
  onTestFinished(() => monitoring.close())
  return monitoring
}

async function read({ addresses }: Monitoring, query = ''): Promise<Answer> {
  const response = await fetch(`${addresses.json}/api/v1/events${query}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

/** Without blocks of the event loop, which a busy machine may add at any time. */
async function readExpected(monitoring: Monitoring, query = ''): Promise<Answer> {
  const { events, ...rest } = await read(monitoring, query)
  return { ...rest, events: events.filter(({ kind }) => kind !== 'event_loop_block') }
}

function changes(client: EventStreamClient): unknown[] {
  return client.of('change').filter(({ kind }) => kind !== 'event_loop_block')
}

const streamOf = ({ addresses }: Monitoring, query = ''): string => `${addresses.json}/api/v1/events/stream${query}`
const kinds = (events: readonly Event[]): string[] => events.map(({ kind }) => kind)

test('the timeline has what happens: from the start of the monitoring to a store that closes', async () => {
  const monitoring = await start({
    adaptiveSlowThreshold: false,
    slowQueryThresholdMs: 0,
    alertEvaluationIntervalMs: 1000,
    alertRules: [
      { name: 'Used', severity: 'critical', condition: 'metric_above', metric: 'db_set_operations_total', threshold: 0 },
    ],
    health: { checks: [{ name: 'own', intervalMs: 100, run: () => ({ status: 'degraded', message: 'Behind' }) }] },
    healthCheckIntervalMs: 1000,
  })
  const db = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await db.put('secret key', 'secret value')
  for (const startMs = performance.now(); performance.now() - startMs < 250; );
  await vi.waitFor(
    async () => {
      const { events } = await read(monitoring)
      const expected = ['process', 'store_opened', 'slow_operations', 'event_loop_block', 'health_change', 'alert']
      expect(kinds(events)).toEqual(expect.arrayContaining(expected))
    },
    { timeout: 15_000, interval: 200 },
  )
  await db.close()
  const { events } = await read(monitoring)
  const find = (kind: string): Event | undefined => events.find((event) => event.kind === kind)
  expect(find('process')).toMatchObject({ title: 'Monitoring started', details: { change: 'started', pid: process.pid } })
  expect(find('store_opened')).toMatchObject({ store: 'orders', details: { engine: 'memory', adapter: 'abstract-level' } })
  expect(find('store_closed')).toMatchObject({ store: 'orders' })
  expect(find('slow_operations')).toMatchObject({
    store: 'orders',
    details: { count: expect.any(Number), operations: { set: 1 } },
  })
  const { details, startMs = 0, endMs = 0 } = find('event_loop_block') ?? {}
  expect(details?.['durationSeconds']).toBeGreaterThan(0.15)
  expect(endMs - startMs).toBeGreaterThan(150)
  expect(find('health_change')).toMatchObject({
    severity: 'warning',
    details: { check: 'own', to: 'degraded', message: 'Behind' },
  })
  expect(find('alert')).toMatchObject({
    severity: 'critical',
    store: 'orders',
    details: { rule: 'Used', to: 'firing', value: 1 },
  })
  expect(JSON.stringify(events)).not.toContain('secret')
})

test('events are selected, and a wrong parameter is an error with the nearest name', async () => {
  const monitoring = await start()
  for (const name of ['a', 'b']) await monitoring.instrument(new MemoryLevel(), { name }).open()
  expect(kinds((await readExpected(monitoring, '?kind=process')).events)).toEqual(['process'])
  expect((await readExpected(monitoring, '?kind=store_opened,process&store=b')).events).toMatchObject([{ store: 'b' }])
  expect((await readExpected(monitoring, '?start=now')).events).toEqual([])
  const all = await readExpected(monitoring)
  const [first, ...others] = all.events
  expect(await readExpected(monitoring, `?since=${first?.id}`)).toEqual({ events: others, lastId: all.lastId, missed: 0 })
  for (const [query, error] of [
    ['?kind=store_open', 'kind "store_open" is unknown: did you mean store_opened?'],
    ['?limit=0', 'limit must be a whole number from 1 to 10000, got "0"'],
    ['?until=1', 'until: unknown parameter'],
    ['/stream?kind=flush', 'kind: unknown parameter'],
  ]) {
    const response = await fetch(`${monitoring.addresses.json}/api/v1/events${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringContaining(error as string) })
  }
})

test('a stream sends events and samples as they happen, uncompressed, and continues after the last id', async () => {
  const monitoring = await start()
  const client = await EventStreamClient.connect(streamOf(monitoring), { 'accept-encoding': 'gzip' })
  onTestFinished(() => client.close())
  expect(client.response.status).toBe(200)
  const { headers } = client.response
  expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(headers.get('content-encoding')).toBeNull()
  await monitoring.instrument(new MemoryLevel(), { name: 'orders' }).open()
  await vi.waitFor(() => expect(changes(client)).toMatchObject([{ kind: 'process' }, { kind: 'store_opened' }]))
  await vi.waitFor(() => expect(client.of('sample').length).toBeGreaterThan(2))
  // When the notice comes, the sample can be queried.
  const { timeMs } = client.of('sample').at(-1) ?? {}
  const query = `metric=wombat_monitor_points&time=${timeMs}`
  const answer = (await (await fetch(`${monitoring.addresses.json}/api/v1/query?${query}`)).json()) as { series: unknown[] }
  expect(answer.series).toHaveLength(1)
  await client.close()

  await monitoring.instrument(new MemoryLevel(), { name: 'users' }).open()
  const next = await EventStreamClient.connect(streamOf(monitoring, '?since=other-1'), { 'last-event-id': client.lastId ?? '' })
  onTestFinished(() => next.close())
  await vi.waitFor(() => expect(changes(next)).toMatchObject([{ kind: 'store_opened', store: 'users' }]))
  expect(next.of('missed')).toEqual([])
})

test('a HEAD request opens no stream, and the token is required', async () => {
  const monitoring = await start({ authToken: 'token-of-the-test' })
  const url = streamOf(monitoring)
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(`${monitoring.addresses.json}/api/v1/events`)).status).toBe(401)
  const headers = { authorization: 'Bearer token-of-the-test' }
  for (let request = 0; request < 101; request++) expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200)
  const client = await EventStreamClient.connect(url, headers)
  expect(client.response.status).toBe(200)
  await client.close()
})

test('the hundredth stream is the last one, and one that ends makes room', async () => {
  const monitoring = await start()
  const clients: EventStreamClient[] = []
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))))
  for (let count = 0; count < 100; count++) clients.push(await EventStreamClient.connect(streamOf(monitoring)))
  expect(clients.every(({ response }) => response.status === 200)).toBe(true)
  const refused = await fetch(streamOf(monitoring))
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('10')
  expect(await refused.json()).toEqual({ error: expect.stringContaining('100 streams are open') })
  await clients.pop()?.close()
  await vi.waitFor(async () => {
    const client = await EventStreamClient.connect(streamOf(monitoring))
    clients.push(client)
    expect(client.response.status).toBe(200)
  })
})

test('open streams end when the monitoring closes, and delay nothing', async () => {
  const monitoring = await start()
  const client = await EventStreamClient.connect(streamOf(monitoring))
  await vi.waitFor(() => expect(client.lastId).toBeDefined())
  const startMs = performance.now()
  await monitoring.close()
  // Without the end of the streams, the servers would wait a second for running responses.
  expect(performance.now() - startMs).toBeLessThan(900)
  await client.ended()
  expect(client.isEnded).toBe(true)
})

test('a client that does not read costs a bounded amount of memory', async () => {
  const monitoring = await start()
  const { port } = new URL(monitoring.addresses.json ?? '')
  const socket = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('GET /api/v1/events/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  socket.pause()
  const heapBytes = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const before = heapBytes()
  for (let round = 0; round < 100; round++) {
    for (let index = 0; index < 100; index++) monitoring.annotate(`${index} ${'x'.repeat(100)}`)()
    await sleep(1)
  }
  expect(heapBytes() - before).toBeLessThan(5_000_000)
  const { status } = await httpRequest(`${monitoring.addresses.json}/api/v1/events?limit=1`)
  expect(status).toBe(200)
})

test('with a history file, the timeline continues after a restart', async () => {
  const historyPath = await temporaryPath()
  const first = await start({ historyPath })
  await first.instrument(new MemoryLevel(), { name: 'orders' }).open()
  first.annotate('Import')
  const before = await readExpected(first)
  await first.close()
  const second = await start({ historyPath })
  const after = await readExpected(second)
  expect(kinds(after.events)).toEqual([...kinds(before.events), 'process'])
  expect(after.events.map(({ key }) => key).slice(0, -1)).toEqual(before.events.map(({ key }) => key))
  expect(after.events[0]?.startMs).toBe(before.events[0]?.startMs)
  // It lasted, and ended with its process at the latest.
  expect(before.events.at(-1)).not.toHaveProperty('endMs')
  expect(after.events.at(-2)).toHaveProperty('endMs')
  // A client of the first process hears that ids have changed.
  const client = await EventStreamClient.connect(streamOf(second), { 'last-event-id': before.lastId })
  onTestFinished(() => client.close())
  await vi.waitFor(() => expect(changes(client)).toHaveLength(after.events.length))
  expect(client.of('missed')).toEqual([{ missed: 0 }])
})

test('stored events that cannot be read are reported, and the timeline begins anew', async () => {
  const historyPath = await temporaryPath()
  const { file } = await opened(historyPath)
  file.setMetadata('events', '{"atMs": 5')
  file.close()
  const logger = collectingLogger()
  const monitoring = await start({ historyPath, logger })
  expect(kinds((await readExpected(monitoring)).events)).toEqual(['process'])
  expect(logger.lines.some(({ message }) => message.includes('the stored events could not be restored'))).toBe(true)
})

test('when the system clock is set, the past is dated by the new setting, and the step is an event', async () => {
  const clock = new ManualClock()
  const monitoring = await start({ clock })
  const [before] = (await readExpected(monitoring)).events
  clock.advance(10_000)
  clock.step(3_600_000)
  const { events } = await readExpected(monitoring)
  expect(events).toMatchObject([
    { kind: 'process', startMs: (before?.startMs ?? 0) + 3_600_000 },
    { kind: 'clock', title: 'System clock set forward', details: { seconds: 3600 }, startMs: clock.nowMs() },
  ])
})
