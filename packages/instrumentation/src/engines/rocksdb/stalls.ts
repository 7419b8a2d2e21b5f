/** Why RocksDB holds writers back: what there is too much of. */
export const stallCauses = ['memtable', 'level0', 'pending_compaction', 'write_buffer'] as const
export type StallCause = (typeof stallCauses)[number]

export type StallCounts = Readonly<Record<StallCause, number>>

/** The engine's names of its limits. Those of level 0 "with ongoing compaction" are counted among these already. */
const limits: Readonly<Record<string, StallCause>> = {
  'memtable-limit': 'memtable',
  'l0-file-count-limit': 'level0',
  'pending-compaction-bytes': 'pending_compaction',
  'write-buffer-manager-limit': 'write_buffer',
}

/** How often writers were slowed down or stopped: the properties `rocksdb.cf-write-stall-stats` and `rocksdb.db-write-stall-stats`, together. */
export function parseStallCounts(texts: Iterable<string>): StallCounts {
  const counts = { memtable: 0, level0: 0, pending_compaction: 0, write_buffer: 0 }
  for (const text of texts) {
    for (const [, limit = '', count] of text.matchAll(/(?<![a-z0-9-])([a-z0-9-]+)-(?:delays|stops): (\d+)/g)) {
      const cause = limits[limit]
      if (cause !== undefined) counts[cause] += Number(count)
    }
  }
  return counts
}

/** What is known of the stall in progress, after looking at the engine from time to time. */
export interface StallState {
  readonly counts: StallCounts
  /** The cause whose count grew last. */
  readonly latest: StallCause
  /** When we first saw that writers were held back; undefined while they are not. */
  readonly sinceMs: number | undefined
}

export const noStall: StallState = { counts: parseStallCounts([]), latest: 'memtable', sinceMs: undefined }

/**
 * The state after another look. Whether writers are held back the engine says apart from why; it counts the cause when it
 * begins, so the cause of the stall in progress is the one whose count grew last.
 */
export function nextStall(state: StallState, counts: StallCounts, active: boolean, nowMs: number): StallState {
  const growth = (cause: StallCause): number => counts[cause] - state.counts[cause]
  let latest = state.latest
  for (const cause of stallCauses) if (growth(cause) > Math.max(0, growth(latest))) latest = cause
  return { counts, latest, sinceMs: active ? (state.sinceMs ?? nowMs) : undefined }
}

/** For how long writers have been held back, by cause: since we first saw it, and at every look from then on. 0 while they are not. */
export function stallSeconds({ latest, sinceMs }: StallState, nowMs: number): Readonly<Record<StallCause, number>> {
  const none = { memtable: 0, level0: 0, pending_compaction: 0, write_buffer: 0 }
  return sinceMs === undefined ? none : { ...none, [latest]: Math.max(0, nowMs - sinceMs) / 1000 }
}
