import type { Clock } from '../time/clock.ts'
import { describeValue } from '../validation/format-issue.ts'
import type { EventLog } from './event-log.ts'

/** Options of `Monitoring.annotate`. */
export interface AnnotationOptions {
  /** The store that it concerns (default: the whole process). */
  readonly store?: string | undefined
}

/** A mark on a chart has room for a few words. */
const maxTitleLength = 120

/**
 * Adds what the application does to the timeline. Returns a function that ends it.
 *
 * @throws TypeError if the title is not a text, or is empty or too long; or if the store is not a text.
 */
export function annotate(events: EventLog, clock: Clock, title: string, { store }: AnnotationOptions = {}): () => void {
  if (typeof title !== 'string' || title.trim() === '' || title.length > maxTitleLength) {
    const expected = `a text of 1 to ${maxTitleLength} characters, such as 'Deployment of 1.4.0'`
    throw new TypeError(`the title of an annotation must be ${expected}, got ${describeValue(title)}`)
  }
  if (store !== undefined && typeof store !== 'string') {
    throw new TypeError(`the store of an annotation must be its name, got ${describeValue(store)}`)
  }
  // As if the clock had never been set: the end may come after that.
  const startMs = clock.nowMs() - clock.stepsMs
  const event = { kind: 'annotation', severity: 'info', title, details: {}, ...(store !== undefined && { store }) } as const
  const key = `annotation ${events.lastId}`
  events.add({ ...event, key, isOngoing: true })
  let hasEnded = false
  return () => {
    if (hasEnded) return
    hasEnded = true
    events.add({ ...event, key, startMs: startMs + clock.stepsMs, endMs: clock.nowMs() })
  }
}
