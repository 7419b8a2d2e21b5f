import { setTimeout as sleep } from 'node:timers/promises'
import { EventStreamClient } from '@wombat/test-support/event-stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { RunningService } from './running-service.ts'

interface Event {
  readonly id: string
  readonly key: string
  readonly kind: string
  readonly worker?: string
  readonly details: Readonly<Record<string, unknown>>
}

async function readEvents(service: RunningService, query = ''): Promise<Event[]> {
  return JSON.parse(await service.scrape(`/api/v1/events${query}`)).events
}

/** Returns the processes or threads in which a store was opened. */
async function openedIn(service: RunningService): Promise<Array<string | undefined>> {
  return (await readEvents(service, '?kind=store_opened')).map(({ worker }) => worker).sort()
}

const patience = { timeout: 15_000, interval: 100 }

test('the process that collects has the events of all, each with its process, and tells of those that join and end', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c'])
  await vi.waitFor(async () => expect(await openedIn(service)).toEqual(['1', '2', '3']), patience)
  await service.endWorker('b', 'close')
  await service.endWorker('c', 'kill')
  await vi.waitFor(async () => {
    const events = await readEvents(service)
    expect(events.filter(({ kind }) => kind === 'store_closed').map(({ worker }) => worker)).toEqual(['2'])
    const changes = events.filter(({ kind, worker }) => kind === 'process' && worker === '1').map(({ details }) => details)
    expect(changes).toMatchObject([
      { change: 'started' },
      { change: 'joined', worker: '2' },
      { change: 'joined', worker: '3' },
      { change: 'closed', worker: '2' },
      { change: 'lost', worker: '3' },
    ])
  }, patience)
  const keys = (await readEvents(service)).map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
})

test('when another process takes over, it has everything that living processes have kept', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c'])
  await vi.waitFor(async () => expect(await openedIn(service)).toEqual(['1', '2', '3']), patience)
  const before = (await readEvents(service)).filter(({ worker }) => worker !== '1')
  const { lastId } = JSON.parse(await service.scrape('/api/v1/events'))
  await sleep(500)
  await service.endWorker('a', 'kill')
  await vi.waitFor(async () => {
    const keys = new Set((await readEvents(service)).map(({ key }) => key))
    expect(before.filter(({ key }) => !keys.has(key))).toEqual([])
  }, patience)
  // Ids are those of another process life: a client hears that, and gets everything.
  const client = await EventStreamClient.connect(`http://127.0.0.1:${service.port}/api/v1/events/stream`, {
    'last-event-id': lastId,
  })
  onTestFinished(() => client.close())
  await vi.waitFor(() => expect(client.of('change').length).toBeGreaterThanOrEqual(before.length), patience)
  expect(client.received[1]?.event).toBe('missed')
})

test('a stream through the server of any process of the application gets every event once', async () => {
  const service = await RunningService.start('cluster-app.mjs', { TEST_MOUNT: 'true' })
  await service.startWorkers(['a', 'b'])
  await vi.waitFor(async () => expect(await openedIn(service)).toEqual(['1', '2']), patience)
  const received: unknown[] = []
  let polls = 0
  let lastId: string | undefined
  /** Connects as a browser does, to one of the processes after the other. */
  const connect = async (): Promise<void> => {
    const headers = { connection: 'close', ...(lastId !== undefined && { 'last-event-id': lastId }) }
    const client = await EventStreamClient.connect(`http://127.0.0.1:${service.port + 1}/api/v1/events/stream`, headers)
    expect(client.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    await Promise.race([client.ended(), sleep(400)])
    if (client.isEnded) polls++
    await client.close()
    received.push(...client.of('change').map(({ key }) => key))
    lastId = client.lastId ?? lastId
  }
  for (let round = 0; round < 4; round++) {
    await connect()
    if (round === 1) await service.startWorkers(['c'])
  }
  await vi.waitFor(async () => {
    await connect()
    expect(new Set(received)).toEqual(new Set((await readEvents(service)).map(({ key }) => key)))
  }, patience)
  expect(received).toHaveLength(new Set(received).size)
  expect(polls).toBeGreaterThan(0)
})

test('the main thread has the events of its threads', async () => {
  const service = await RunningService.start('thread-app.mjs')
  await service.startWorkers(['a', 'b'], { way: 'instrument' })
  await vi.waitFor(async () => expect(await openedIn(service)).toEqual(['2', '3']), patience)
  const events = await readEvents(service, '?kind=process')
  expect(events[0]).toMatchObject({ worker: '1', details: { change: 'started' } })
  await service.endWorker('a', 'kill')
  await vi.waitFor(async () => {
    const [last] = (await readEvents(service, '?kind=process')).slice(-1)
    expect(last).toMatchObject({ worker: '1', details: { change: 'lost', worker: '2', thread: expect.any(Number) } })
  }, patience)
})
