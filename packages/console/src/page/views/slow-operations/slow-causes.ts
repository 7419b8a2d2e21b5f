import type { SlowOperation } from '../../api/types.ts'

export type SlowCause = SlowOperation['cause']

/** A part of the duration of an operation. */
export interface TimePart {
  readonly cause: SlowCause
  readonly label: string
  /** Where such time is spent. */
  readonly description: string
  /** A token. */
  readonly color: string
}

/** The parts into which durations are split, in the order in which they are drawn. */
export const timeParts: readonly TimePart[] = [
  { cause: 'store', label: 'store', description: 'in the store itself, at least', color: '--series-1' },
  {
    cause: 'event_loop',
    label: 'event loop',
    description: 'waiting until the event loop took the result, at most',
    color: '--series-2',
  },
  {
    cause: 'thread_pool',
    label: 'thread pool',
    description: "waiting for a thread of libuv's pool, at most",
    color: '--series-4',
  },
]

/** Parts below this share of the duration are not worth a word. */
const minShare = 0.01

/** Returns the parts of a duration with their seconds: its cause first, then the greatest. What took no time is left out. */
export function splitDuration(operation: SlowOperation): readonly (TimePart & { readonly seconds: number })[] {
  const { durationSeconds, storeSeconds, loopSeconds, poolSeconds, cause } = operation
  const seconds: Readonly<Record<SlowCause, number>> = {
    store: storeSeconds,
    event_loop: loopSeconds,
    thread_pool: poolSeconds,
  }
  return timeParts
    .map((part) => ({ ...part, seconds: seconds[part.cause] }))
    .filter((part) => part.seconds > durationSeconds * minShare)
    .sort((a, b) => Number(b.cause === cause) - Number(a.cause === cause) || b.seconds - a.seconds)
}
