/** The causes for which RocksDB slows down or stops writers: there is too much of each. */
export const stallCauses = ['memtable', 'level0', 'pending_compaction', 'write_buffer'] as const
/** A cause of write stalls. */
export type StallCause = (typeof stallCauses)[number]

/** How often writers were slowed down or stopped, by cause. */
export type StallCounts = Readonly<Record<StallCause, number>>

/** Causes by the engine's name of the limit. Stalls of level 0 "with ongoing compaction" are included in `l0-file-count-limit`. */
const causeByLimit: Readonly<Record<string, StallCause>> = {
  'memtable-limit': 'memtable',
  'l0-file-count-limit': 'level0',
  'pending-compaction-bytes': 'pending_compaction',
  'write-buffer-manager-limit': 'write_buffer',
}

/** Adds up the properties `rocksdb.cf-write-stall-stats` of each column family and `rocksdb.db-write-stall-stats`. */
export function parseStallCounts(texts: Iterable<string>): StallCounts {
  const counts = { memtable: 0, level0: 0, pending_compaction: 0, write_buffer: 0 }
  for (const text of texts) {
    for (const [, limit = '', count] of text.matchAll(/(?<![a-z0-9-])([a-z0-9-]+)-(?:delays|stops): (\d+)/g)) {
      const cause = causeByLimit[limit]
      if (cause !== undefined) counts[cause] += Number(count)
    }
  }
  return counts
}

/** What is known of the stall in progress from periodic reads. */
export interface StallState {
  readonly counts: StallCounts
  /** The cause that was counted last. */
  readonly latest: StallCause
  /** When a read first found writers stalled, in milliseconds of `performance.now()`; undefined while they are not. */
  readonly sinceMs: number | undefined
}

/** The state before the first read. */
export const initialStallState: StallState = { counts: parseStallCounts([]), latest: 'memtable', sinceMs: undefined }

/**
 * Returns the state after another read. The engine reports whether writers are stalled without the cause, and counts the
 * cause when a stall begins. So the cause of the stall in progress is the one with the count that grew last.
 */
export function nextStallState(state: StallState, counts: StallCounts, active: boolean, nowMs: number): StallState {
  const growth = (cause: StallCause): number => counts[cause] - state.counts[cause]
  let latest = state.latest
  for (const cause of stallCauses) if (growth(cause) > Math.max(0, growth(latest))) latest = cause
  return { counts, latest, sinceMs: active ? (state.sinceMs ?? nowMs) : undefined }
}

/** Returns how long writers have been stalled, by cause, since the read that first found it; 0 while they are not. */
export function stallSeconds({ latest, sinceMs }: StallState, nowMs: number): Readonly<Record<StallCause, number>> {
  const none = { memtable: 0, level0: 0, pending_compaction: 0, write_buffer: 0 }
  return sinceMs === undefined ? none : { ...none, [latest]: Math.max(0, nowMs - sinceMs) / 1000 }
}
