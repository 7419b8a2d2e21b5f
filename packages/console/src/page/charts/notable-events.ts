import type { TimelineEvent } from '../api/types.ts'
import { defaultKinds, frequentKinds } from './event-kinds.ts'

/** Returns whether an event is only a step of an alert that has not fired: most alerts that are pending never do. */
export function isQuietAlert({ kind, details }: TimelineEvent): boolean {
  return kind === 'alert' && (details['to'] === 'pending' || details['to'] === 'inactive')
}

/** Returns the events that are worth a word each: none of the kinds that occur all the time. */
export function selectNotable(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  return events.filter((event) => defaultKinds.includes(event.kind) && !frequentKinds.has(event.kind) && !isQuietAlert(event))
}
