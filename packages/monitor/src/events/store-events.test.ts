import { instrument, MetricsRegistry, type StoreEvent } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { EventLog } from './event-log.ts'
import { recordStoreEvents } from './store-events.ts'

function create() {
  const clock = new ManualClock()
  const registry = new MetricsRegistry()
  const events = new EventLog({ clock, registry })
  const stop = recordStoreEvents(events, registry, clock)
  const emit = (event: StoreEvent): void => registry.observer.emitEvent(event)
  return { clock, events, stop, emit }
}

test('a store that is open already is on the timeline, dated by when it was opened', () => {
  const registry = new MetricsRegistry()
  const beforeMs = Date.now()
  instrument(new Map(), { name: 'cache', registry })
  const afterMs = Date.now()
  const clock = new ManualClock(afterMs + 60_000)
  const events = new EventLog({ clock, registry })
  recordStoreEvents(events, registry, clock)
  const [opened] = events.query().events
  expect(opened).toMatchObject({ kind: 'store_opened', store: 'cache', details: { engine: 'map', adapter: 'map' } })
  expect(opened?.startMs).toBeGreaterThanOrEqual(beforeMs)
  expect(opened?.startMs).toBeLessThanOrEqual(afterMs)
})

test('a stall lasts until its end is reported, and is dated by its line although the clock was set meanwhile', () => {
  const { clock, events, emit } = create()
  const startMs = clock.nowMs()
  clock.advance(10_000)
  const stall = { kind: 'write_stall', store: 'orders', id: 7, startMs: startMs + 1000 } as const
  emit({ ...stall, endMs: undefined, details: { cause: 'level0', durationSeconds: undefined } })
  expect(events.query().events).toMatchObject([
    {
      kind: 'write_stall',
      store: 'orders',
      severity: 'warning',
      startMs: startMs + 1000,
      title: 'Writes stalled: too many tables in level 0',
    },
  ])
  expect(events.query().events[0]).not.toHaveProperty('endMs')
  clock.step(3_600_000)
  clock.advance(10_000)
  emit({ ...stall, endMs: startMs + 4000, details: { cause: 'level0', durationSeconds: 3 } })
  expect(events.query().events).toMatchObject([
    { startMs: startMs + 3_601_000, endMs: startMs + 3_604_000, details: { cause: 'level0', durationSeconds: 3 } },
  ])
})

test('a short stall is no warning', () => {
  const { clock, events, emit } = create()
  const startMs = clock.nowMs()
  clock.advance(1000)
  emit({
    kind: 'write_stall',
    store: 'orders',
    id: 1,
    startMs,
    endMs: startMs + 5,
    details: { cause: 'memtable', durationSeconds: 0.005 },
  })
  expect(events.query().events).toMatchObject([{ severity: 'info' }])
})

test('after it was stopped, nothing is added', () => {
  const { events, stop, emit } = create()
  stop()
  emit({ kind: 'store_closed', store: 'a', id: 1, startMs: 0, endMs: 0, details: { engine: 'map', adapter: 'map' } })
  expect(events.size).toBe(0)
})
