import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test, vi } from 'vitest'
import { eventLimits } from '../events/event.ts'
import { EventLog } from '../events/event-log.ts'
import { ManualClock } from '../time/clock.ts'
import { EventStreams, type EventStreamsOptions } from './event-streams.ts'

interface Block {
  readonly event: string | undefined
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>> | undefined
}

/** Reads server-sent events as a browser does: what follows the last blank line is not complete. */
class Client {
  readonly blocks: Block[] = []
  lastId: string | undefined
  isEnded = false
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #rest = ''

  constructor(stream: ReturnType<EventStreams['open']>) {
    if ('error' in stream) throw new Error(stream.error)
    this.#reader = stream.getReader()
  }

  /** Reads one part of the stream. */
  async read(): Promise<void> {
    const { value, done } = await this.#reader.read()
    this.isEnded = done
    const parts = (this.#rest + new TextDecoder().decode(value)).split('\n\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.#add(part)
  }

  /** Reads until all is there. */
  async readUntil(isDone: () => boolean): Promise<void> {
    while (!isDone() && !this.isEnded) await this.read()
  }

  readToEnd(): Promise<void> {
    return this.readUntil(() => false)
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }

  of(event: string): unknown[] {
    return this.blocks.filter((block) => block.event === event).map(({ data }) => data)
  }

  #add(part: string): void {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
    const data = field('data')
    this.blocks.push({ event: field('event'), id: field('id'), data: data === undefined ? undefined : JSON.parse(data) })
    this.lastId = field('id') ?? this.lastId
  }
}

function createStreams(options: Partial<EventStreamsOptions> = {}, limit = 1000) {
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  const limits = { ...eventLimits, annotation: limit }
  const events = new EventLog({ clock: new ManualClock(), registry, epoch: 'life', limits })
  const streams = new EventStreams({ events, registry, delayMs: 1, ...options })
  onTestFinished(() => streams.close())
  let added = 0
  const add = (count = 1): void => {
    for (let index = 0; index < count; index++) {
      events.add({ kind: 'annotation', severity: 'info', title: String(added++), details: {} })
    }
  }
  const dropped = (reason: string): number => registry.counter('wombat_monitor_event_streams_dropped_total', { reason }).value
  return { registry, warnings, events, streams, add, dropped }
}

const titles = (client: Client): unknown[] => client.of('change').map((event) => (event as { title: string }).title)
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index))

test('a stream sends all that is kept, then each further event', async () => {
  const { streams, add } = createStreams()
  add(3)
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.of('change').length === 3)
  add(2)
  await client.readUntil(() => client.of('change').length === 5)
  expect(titles(client)).toEqual(numbers(5))
  expect(client.of('missed')).toEqual([])
  expect(client.blocks.filter(({ event }) => event === 'change')[0]).toMatchObject({ id: 'life-1000001' })
})

test('a stream names the place where it is, also to a client that has received no event', async () => {
  const { streams, events } = createStreams()
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.lastId !== undefined)
  expect(client.lastId).toBe(events.lastId)
})

test('a client that connects again at any place loses nothing and gets nothing twice', async () => {
  let seed = 7
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed % below
  }
  for (let run = 0; run < 25; run++) {
    const { streams, events, add } = createStreams({}, 10_000)
    const received: unknown[] = []
    let lastId: string | undefined
    add(random(500))
    for (let connection = 0; connection < 6; connection++) {
      const client = new Client(streams.open(lastId))
      client.lastId = lastId
      for (let reads = random(4); reads > 0; reads--) {
        add(1 + random(300))
        await client.read()
      }
      await client.close()
      received.push(...titles(client))
      expect(client.of('missed')).toEqual([])
      lastId = client.lastId
      add(random(50))
    }
    const last = new Client(streams.open(lastId))
    last.lastId = lastId
    await last.readUntil(() => last.lastId === events.lastId)
    received.push(...titles(last))
    expect(received).toEqual(events.query().events.map(({ title }) => title))
    await last.close()
    expect(streams.size).toBe(0)
  }
})

test('a client hears first how many events it has missed, then all that is kept', async () => {
  const { streams, events, add } = createStreams({}, 10)
  add()
  const { lastId } = events
  add(15)
  for (const [since, missed] of [
    [lastId, 5],
    ['other-1000003', 6],
  ] as const) {
    const client = new Client(streams.open(since))
    await client.readUntil(() => client.lastId === events.lastId)
    expect(client.blocks.map(({ event }) => event).slice(0, 2)).toEqual([undefined, 'missed'])
    expect(client.of('missed')).toEqual([{ missed }])
    expect(titles(client)).toEqual(numbers(16).slice(6))
  }
})

test('a slow client gets what is kept and hears what it has missed meanwhile', async () => {
  const { streams, events, add } = createStreams({}, 300)
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.lastId !== undefined)
  add(1000)
  await client.readUntil(() => client.lastId === events.lastId)
  expect(titles(client)).toEqual(numbers(1000).slice(700))
  expect(client.of('missed')).toEqual([{ missed: 700 }])
})

test('each sample is a notice; several within a moment are one', async () => {
  const { streams } = createStreams()
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.lastId !== undefined)
  streams.sendSample(1000)
  streams.sendSample(2000)
  await client.readUntil(() => client.of('sample').length === 1)
  streams.sendSample(3000)
  await client.readUntil(() => client.of('sample').length === 2)
  expect(client.of('sample')).toEqual([{ timeMs: 2000 }, { timeMs: 3000 }])
})

test('an event that is replaced while a client reads arrives as it is now', async () => {
  const { streams, events } = createStreams()
  const stall = { kind: 'annotation', severity: 'info', details: {}, key: 'a' } as const
  events.add({ ...stall, title: 'begins', isOngoing: true })
  events.add({ ...stall, title: 'ended' })
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.lastId === events.lastId)
  expect(titles(client)).toEqual(['ended'])
})

test('there is a bound on the number of streams', async () => {
  const { streams, dropped, warnings } = createStreams({ maxStreams: 2 })
  const first = new Client(streams.open(undefined))
  streams.open(undefined)
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(streams.open(undefined)).toEqual({ error: expect.stringContaining('2 streams are open already') })
  }
  expect(dropped('limit')).toBe(2)
  expect(warnings).toHaveLength(1)
  await first.close()
  expect(streams.open(undefined)).not.toHaveProperty('error')
})

test('a comment shows that the connection is alive', async () => {
  const { streams } = createStreams({ heartbeatMs: 20 })
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.blocks.filter(({ event, id }) => event === undefined && id === undefined).length >= 4)
  expect(client.isEnded).toBe(false)
})

test('a reader that takes nothing is disconnected, counted and logged once, and can continue where it was', async () => {
  const { streams, events, add, dropped, warnings } = createStreams({ heartbeatMs: 10 })
  const disconnect = vi.fn()
  add(3)
  for (const _ of [1, 2]) streams.open(undefined, { disconnect })
  await vi.waitFor(() => expect(dropped('slow')).toBe(2))
  expect(disconnect).toHaveBeenCalledTimes(2)
  expect(warnings).toHaveLength(1)
  expect(streams.size).toBe(0)
  const client = new Client(streams.open('life-1000001'))
  await client.readUntil(() => client.lastId === events.lastId)
  expect(titles(client)).toEqual(['1', '2'])
})

test('the stream of a client that has signed out ends', async () => {
  const { streams } = createStreams({ heartbeatMs: 10 })
  let isAllowed = true
  const client = new Client(streams.open(undefined, { isAllowed: () => isAllowed }))
  await client.readUntil(() => client.lastId !== undefined)
  isAllowed = false
  await client.readToEnd()
  expect(streams.size).toBe(0)
})

test('closing ends all streams, and opens no more', async () => {
  const { streams } = createStreams()
  const client = new Client(streams.open(undefined))
  await client.readUntil(() => client.lastId !== undefined)
  streams.close()
  await client.readToEnd()
  expect(streams.open(undefined)).toEqual({ error: expect.stringContaining('closing') })
})

test('a client that polls gets each event and each sample once', () => {
  const { streams, events, add } = createStreams()
  const poll = (since: string | undefined) => {
    const blocks = streams.poll(since).split('\n\n')
    const id = blocks.findLast((block) => block.startsWith('id: '))?.slice(4)
    return { id, kinds: blocks.flatMap((block) => /^event: (.*)$/m.exec(block)?.[1] ?? []) }
  }
  add(450)
  const first = poll(undefined)
  expect(first).toEqual({ id: events.lastId, kinds: Array.from({ length: 450 }, () => 'change') })
  expect(poll(first.id).kinds).toEqual([])
  streams.sendSample(5000)
  add()
  const second = poll(first.id)
  expect(second).toEqual({ id: `${events.lastId}.5000`, kinds: ['change', 'sample'] })
  expect(poll(second.id)).toEqual({ id: second.id, kinds: [] })
  expect(poll('other-3.5000').kinds[0]).toBe('missed')
})
