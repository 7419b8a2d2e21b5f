import type { MetricsRegistry, StoreEvent } from '@wombat/instrumentation'
import type { Clock } from '../time/clock.ts'
import { SystemTimes } from '../time/system-times.ts'
import type { EventSeverity } from './event.ts'
import type { EventLog } from './event-log.ts'

/**
 * Adds the events of the stores and their engines to the timeline, and the openings of those stores that are open already. Returns a
 * function that stops it.
 */
export function recordStoreEvents(events: EventLog, { observer, stores }: MetricsRegistry, clock: Clock): () => void {
  const times = new SystemTimes(clock)
  const add = (event: StoreEvent): void => {
    const startMs = times.toClockMs(event.startMs)
    const endMs = event.endMs === undefined ? undefined : startMs + event.endMs - event.startMs
    events.add({
      kind: event.kind,
      store: event.store,
      details: event.details,
      key: `store ${event.id}`,
      startMs,
      ...describe(event),
      ...(endMs === undefined ? { isOngoing: true } : { endMs }),
    })
  }
  for (const { name: store, engine, adapter, openedMs: startMs } of stores.list()) {
    if (startMs === undefined) continue
    add({ kind: 'store_opened', store, id: observer.nextEventId(), startMs, endMs: startMs, details: { engine, adapter } })
  }
  const unsubscribe = observer.onEvent(add)
  return () => {
    unsubscribe()
    times.close()
  }
}

/** A stall of this many seconds is more than the usual wait for a flush under load. */
const notableStallSeconds = 1

function describe(event: StoreEvent): { readonly title: string; readonly severity: EventSeverity } {
  switch (event.kind) {
    case 'flush':
      return { title: 'Memtable flushed', severity: 'info' }
    case 'compaction': {
      const { level } = event.details
      return { title: level === undefined ? 'Compaction' : `Compaction into level ${level}`, severity: 'info' }
    }
    case 'write_stall': {
      const { cause, durationSeconds } = event.details
      const isNotable = durationSeconds === undefined || durationSeconds >= notableStallSeconds
      return { title: `Writes stalled: ${stallCauses[cause] ?? cause}`, severity: isNotable ? 'warning' : 'info' }
    }
    case 'store_opened':
      return { title: 'Store opened', severity: 'info' }
    case 'store_closed':
      return { title: 'Store closed', severity: 'info' }
  }
}

const stallCauses: Readonly<Record<string, string>> = {
  memtable: 'the memtables are full',
  level0: 'too many tables in level 0',
  pending_compaction: 'too much to compact',
  write_buffer: 'the write buffer is full',
}
