import type { TimelineEvent } from '../api/types.ts'
import { formatDuration } from '../format/durations.ts'
import { formatClock } from '../format/times.ts'
import { kinds } from './event-kinds.ts'

/** Events of one kind that are nearer to each other, in CSS pixels, are one mark. */
export const markWidth = 6

export interface EventLine {
  /** A token. */
  readonly color: string
  readonly text: string
}

export interface NearbyEvents {
  readonly lines: readonly EventLine[]
  /** How many different events there are beside those. */
  readonly others: number
}

/** More lines than this would hide the chart. */
const maxLines = 5

/**
 * Returns what happened at a time: the events that began within `toleranceMs` of it, nearest first, then those that lasted at it. Events with
 * one title are one line that counts them.
 */
export function describeNearby(events: readonly TimelineEvent[], timeMs: number, toleranceMs: number): NearbyEvents {
  const distance = ({ startMs }: TimelineEvent): number => Math.abs(startMs - timeMs)
  const isNear = (event: TimelineEvent): boolean => distance(event) <= toleranceMs
  const lasts = ({ startMs, endMs }: TimelineEvent): boolean => startMs <= timeMs && endMs !== undefined && endMs >= timeMs
  const found = events
    .filter((event) => isNear(event) || lasts(event))
    .sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || distance(a) - distance(b))
  const byText = Map.groupBy(found, ({ store, title }) => (store === undefined ? title : `${store}: ${title}`))
  const lines = [...byText].slice(0, maxLines).flatMap(([text, [first, ...more]]) => {
    if (first === undefined) return []
    const parts = [`${formatClock(first.startMs)} ${text}`, more.length > 0 ? `${more.length + 1} times` : describeLength(first)]
    return [{ color: kinds[first.kind].color, text: parts.filter((part) => part !== undefined).join(', ') }]
  })
  return { lines, others: byText.size - lines.length }
}

function describeLength({ startMs, endMs }: TimelineEvent): string | undefined {
  if (endMs === undefined || endMs <= startMs) return undefined
  return `for ${formatDuration((endMs - startMs) / 1000)}`
}
