import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { eventLimits, type TimelineEvent } from './event.ts'
import { EventLog, type EventLogOptions } from './event-log.ts'

const startMs = 1_800_000_000_000

function createLog(options: Partial<EventLogOptions> = {}) {
  const clock = new ManualClock(startMs)
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  return { clock, registry, log: new EventLog({ clock, registry, epoch: 'life', ...options }) }
}

const block = (seconds: number) =>
  ({ kind: 'event_loop_block', severity: 'warning', title: 'Event loop blocked', details: { durationSeconds: seconds } }) as const

const seconds = (events: readonly TimelineEvent[]): unknown[] =>
  events.map(({ details }) => ('durationSeconds' in details ? details.durationSeconds : details))

test('an event has an id that grows, a key, and the time of now', () => {
  const { log } = createLog()
  log.add(block(0.1))
  log.add(block(0.2))
  const { events, lastId, missed } = log.query()
  expect(events).toMatchObject([
    {
      id: 'life-1000001',
      key: 'life:1000001',
      kind: 'event_loop_block',
      startMs,
      endMs: startMs,
      details: { durationSeconds: 0.1 },
    },
    { id: 'life-1000002' },
  ])
  expect(events[0]).not.toHaveProperty('worker')
  expect({ lastId, missed }).toEqual({ lastId: 'life-1000002', missed: 0 })
})

test('an event that lasts has no end, until one with the same key replaces it', () => {
  const { clock, log } = createLog()
  const stall = {
    kind: 'write_stall',
    store: 'orders',
    severity: 'warning',
    title: 'Writes stalled',
    key: 'stall 1',
    startMs,
  } as const
  log.add({ ...stall, isOngoing: true, details: { cause: 'level0', durationSeconds: undefined } })
  expect(log.query().events).toMatchObject([{ id: 'life-1000001', startMs }])
  expect(log.query().events[0]).not.toHaveProperty('endMs')
  clock.advance(5000)
  log.add({ ...stall, endMs: startMs + 3000, details: { cause: 'level0', durationSeconds: 3 } })
  expect(log.query().events).toMatchObject([{ id: 'life-1000002', key: 'life:stall 1', startMs, endMs: startMs + 3000 }])
  expect(log.query({ since: 'life-1000001' })).toMatchObject({ events: [{ id: 'life-1000002' }], missed: 0 })
})

test('many events of one kind displace none of another kind', () => {
  const { log } = createLog()
  log.add({ kind: 'process', severity: 'info', title: 'Monitoring started', details: { change: 'started', pid: 1 } })
  for (let index = 0; index < 10_000; index++) log.add(block(index))
  expect(log.size).toBe(eventLimits.event_loop_block + 1)
  expect(log.query().events[0]).toMatchObject({ kind: 'process' })
  expect(log.query({ kinds: new Set(['event_loop_block']), limit: 2 }).events).toMatchObject([
    { details: { durationSeconds: 9998 } },
    { details: { durationSeconds: 9999 } },
  ])
})

test('all kinds together keep about 2000 events', () => {
  const total = Object.values(eventLimits).reduce((sum, limit) => sum + limit, 0)
  expect(total).toBeGreaterThan(1900)
  expect(total).toBeLessThan(2100)
})

test('a reader that was away too long hears how many events it has missed', () => {
  const { log } = createLog({ limits: { ...eventLimits, event_loop_block: 3 } })
  log.add(block(0))
  const { lastId } = log.query()
  for (let index = 1; index <= 5; index++) log.add(block(index))
  const answer = log.query({ since: lastId })
  expect(seconds(answer.events)).toEqual([3, 4, 5])
  expect(answer.missed).toBe(2)
  expect(log.query({ since: answer.lastId })).toEqual({ events: [], lastId: answer.lastId, missed: 0 })
})

test('an id of another process life, or one that never was, gets everything', () => {
  const { log } = createLog({ limits: { ...eventLimits, event_loop_block: 2 } })
  for (let index = 0; index < 3; index++) log.add(block(index))
  for (const since of ['other-1000003', 'life-9000000', 'nonsense', '']) {
    expect(log.query({ since })).toMatchObject({ events: [{}, {}], missed: 1 })
  }
})

test('a limit returns the last events, and after an id the next ones', () => {
  const { log } = createLog()
  for (let index = 0; index < 5; index++) log.add(block(index))
  expect(seconds(log.query({ limit: 2 }).events)).toEqual([3, 4])
  const first = log.query({ since: 'life-1000000', limit: 2 })
  expect(seconds(first.events)).toEqual([0, 1])
  const second = log.query({ since: first.lastId, limit: 2 })
  expect(seconds(second.events)).toEqual([2, 3])
  expect(seconds(log.query({ since: second.lastId, limit: 2 }).events)).toEqual([4])
})

test('events are selected by store and by time', () => {
  const { clock, log } = createLog()
  const opened = {
    kind: 'store_opened',
    severity: 'info',
    title: 'Store opened',
    details: { engine: 'map', adapter: 'map' },
  } as const
  log.add({ ...opened, store: 'a' })
  clock.advance(1000)
  log.add({ ...opened, store: 'b' })
  log.add(block(1))
  const stores = (events: readonly TimelineEvent[]): unknown[] => events.map(({ store }) => store)
  expect(stores(log.query({ stores: new Set(['a']) }).events)).toEqual(['a'])
  expect(stores(log.query({ startMs: startMs + 1000 }).events)).toEqual(['b', undefined])
  expect(stores(log.query({ endMs: startMs + 999 }).events)).toEqual(['a'])
})

test('when the clock is set, all times move with it, and none is later than now', () => {
  const { clock, log } = createLog()
  log.add(block(1))
  clock.step(-3_600_000)
  log.add({ ...block(2), startMs: startMs + 5 })
  expect(log.query().events).toMatchObject([{ startMs: startMs - 3_600_000 }, { startMs: startMs - 3_600_000 }])
})

test('an event that is too large is dropped and counted', () => {
  const { log, registry } = createLog()
  log.add({
    kind: 'settings',
    severity: 'info',
    title: 'Settings changed',
    details: { changes: [{ setting: 'logLevel', from: 'x'.repeat(10_000) }] },
  })
  expect(log.size).toBe(0)
  expect(registry.counter('wombat_monitor_events_dropped_total').value).toBe(1)
})

test('a listener that throws is counted, and the others hear the event', () => {
  const { log, registry } = createLog()
  const heard: string[] = []
  log.onEvent(() => {
    throw new Error('broken')
  })
  const unsubscribe = log.onEvent(({ id }) => heard.push(id))
  log.add(block(1))
  unsubscribe()
  log.add(block(2))
  expect(heard).toEqual(['life-1000001'])
  expect(registry.counter('wombat_monitor_callout_failures_total', { target: 'listener' }).value).toBe(2)
})

test('events of another process keep their key, get the name of that process, and are received once', () => {
  const member = createLog({ epoch: 'member' }).log
  const { log } = createLog({ findWorker: () => '1' })
  member.add(block(1))
  log.add(block(2))
  log.receive('2', member.ownEvents(), 'process')
  log.receive('2', member.ownEvents(), 'process')
  expect(log.query().events).toMatchObject([
    { key: 'life:1000001', worker: '1' },
    { key: 'member:1000001', worker: '2', id: 'life-1000002' },
  ])
  expect(log.ownEvents()).toHaveLength(1)
})

test('many events of one process displace none of another process', () => {
  const member = createLog({ epoch: 'member' }).log
  const { log } = createLog({ limits: { ...eventLimits, event_loop_block: 2 } })
  log.add(block(1))
  for (let index = 0; index < 9; index++) member.add(block(index))
  log.receive('2', member.ownEvents(), 'process')
  expect(seconds(log.query().events)).toEqual([1, 7, 8])
})

test('the next process has the events of the one before, before its own, and what lasted has ended', () => {
  const { clock, log } = createLog()
  log.add(block(1))
  log.add({
    kind: 'write_stall',
    severity: 'warning',
    title: 'Writes stalled',
    isOngoing: true,
    details: { cause: 'level0', durationSeconds: undefined },
  })
  clock.advance(1000)
  const saved = JSON.parse(JSON.stringify(log.save()))
  const next = createLog({ epoch: 'next' })
  next.clock.advance(60_000)
  next.log.add(block(2))
  next.log.restore(saved)
  const expected = [
    { id: 'next-999999', key: 'life:1000001', startMs },
    { id: 'next-1000000', key: 'life:1000002', startMs, endMs: startMs + 1000 },
    { id: 'next-1000001', startMs: startMs + 60_000 },
  ]
  expect(next.log.query().events).toMatchObject(expected)
  next.log.restore(saved)
  expect(next.log.query().events).toMatchObject(expected)
  expect(next.log.ownEvents()).toHaveLength(1)
})

test('events of the future, saved before the clock was set back, end now', () => {
  const { log } = createLog()
  log.add(block(1))
  const { clock, log: next } = createLog()
  clock.step(-5000)
  next.restore(log.save())
  expect(next.query().events).toMatchObject([{ startMs: startMs - 5000 }])
})

test('restarts do not make the saved events grow', () => {
  let saved = createLog().log.save()
  for (let life = 0; life < 4; life++) {
    const { log } = createLog({ epoch: `life${life}`, limits: { ...eventLimits, event_loop_block: 3 } })
    log.restore(saved)
    for (let index = 0; index < 2; index++) log.add(block(life))
    saved = log.save()
  }
  expect(seconds(saved.events.map(({ event }) => event))).toEqual([2, 3, 3])
})
