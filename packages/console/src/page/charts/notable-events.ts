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

export interface EventGroup {
  readonly last: TimelineEvent
  readonly count: number
  /** Of all of them, without those that occur twice. */
  readonly stores: readonly string[]
}

/** Returns the last events, newest first. Equal ones that follow each other, for example of all stores that are opened at the start, are one. */
export function groupLast(events: readonly TimelineEvent[], maxGroups: number): readonly EventGroup[] {
  const groups: EventGroup[] = []
  for (const event of events.toReversed()) {
    const group = groups.at(-1)
    const stores = event.store === undefined ? [] : [event.store]
    if (group !== undefined && group.last.kind === event.kind && group.last.title === event.title) {
      groups[groups.length - 1] = { ...group, count: group.count + 1, stores: [...new Set([...group.stores, ...stores])] }
    } else if (groups.length === maxGroups) break
    else groups.push({ last: event, count: 1, stores })
  }
  return groups
}
