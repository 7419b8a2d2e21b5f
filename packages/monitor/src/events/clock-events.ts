import type { Clock } from '../time/clock.ts'
import type { EventLog } from './event-log.ts'

/** Adds each step of the system clock to the timeline. Returns a function that stops it. */
export function recordClockSteps(events: EventLog, clock: Clock): () => void {
  return clock.onStep(({ deltaMs }) =>
    events.add({
      kind: 'clock',
      severity: 'warning',
      title: `System clock set ${deltaMs < 0 ? 'back' : 'forward'}`,
      details: { seconds: deltaMs / 1000 },
    }),
  )
}
