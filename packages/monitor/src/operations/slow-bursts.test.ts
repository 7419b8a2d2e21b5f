import { MetricsRegistry } from '@wombat/instrumentation'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { EventLog } from '../events/event-log.ts'
import { ManualClock } from '../time/clock.ts'
import { SlowBursts } from './slow-bursts.ts'
import type { SlowRecord } from './slow-log.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

function create() {
  const clock = new ManualClock()
  const events = new EventLog({ clock, registry: new MetricsRegistry() })
  const bursts = new SlowBursts({ events, stepsMs: () => clock.stepsMs })
  const add = (seconds: number, { store = 'orders', operation = 'get', cause = 'store' as SlowRecord['cause'] } = {}): void =>
    bursts.add({
      timeMs: clock.nowMs(),
      store,
      operation,
      durationSeconds: seconds,
      storeSeconds: seconds,
      loopSeconds: 0,
      poolSeconds: 0,
      cause,
      eventLoopDelaySeconds: 0,
      entries: undefined,
      keyBytes: undefined,
      valueBytes: undefined,
      inFlight: undefined,
      isFailed: false,
      traceId: undefined,
      spanId: undefined,
    })
  return { clock, events, bursts, add }
}

test('slow operations of a store less than ten seconds apart are one event, which grows', () => {
  const { clock, events, add } = create()
  const startMs = clock.nowMs()
  add(2)
  expect(events.query().events).toMatchObject([{ startMs: startMs - 2000, endMs: startMs, details: { count: 1 } }])
  clock.advance(9999)
  add(5, { operation: 'set', cause: 'event_loop' })
  clock.advance(9999)
  add(1)
  vi.advanceTimersByTime(1000)
  expect(events.query().events).toMatchObject([
    {
      store: 'orders',
      title: 'Slow operations',
      startMs: startMs - 2000,
      endMs: startMs + 19_998,
      details: { count: 3, operations: { get: 2, set: 1 }, worstSeconds: 5, cause: 'event_loop' },
    },
  ])
})

test('a pause of ten seconds ends a burst, and each store has its own', () => {
  const { clock, events, add } = create()
  add(1)
  add(1, { store: 'users' })
  add(2)
  clock.advance(10_000)
  add(3)
  expect(events.query().events.map(({ store, details }) => [store, (details as { count: number }).count])).toEqual([
    ['users', 1],
    ['orders', 2],
    ['orders', 1],
  ])
})

test('ten thousand slow operations in a second are two events at most', () => {
  const { events, add } = create()
  let added = 0
  events.onEvent(() => added++)
  for (let index = 0; index < 10_000; index++) add(1)
  vi.advanceTimersByTime(1000)
  expect(added).toBe(2)
  expect(events.query().events).toMatchObject([{ details: { count: 10_000 } }])
})

test('closing writes the rest, and a step of the clock moves a burst', () => {
  const { clock, events, bursts, add } = create()
  add(1)
  clock.step(60_000)
  clock.advance(1000)
  add(1)
  bursts.close()
  const nowMs = clock.nowMs()
  expect(events.query().events).toMatchObject([{ startMs: nowMs - 2000, endMs: nowMs, details: { count: 2 } }])
})
