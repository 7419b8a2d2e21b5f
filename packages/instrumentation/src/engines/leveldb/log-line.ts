/** Why LevelDB stops writers: the previous memtable is not flushed yet, or level 0 has too many tables. */
export const stallCauses = ['memtable', 'level0'] as const
/** A cause of write stalls. */
export type StallCause = (typeof stallCauses)[number]

type LogEvent =
  | { readonly kind: 'flush started'; readonly table: number }
  /** A flush of an empty memtable has 0 bytes and creates no table. */
  | { readonly kind: 'flush ended'; readonly table: number; readonly bytes: number; readonly ok: boolean }
  | { readonly kind: 'compaction started' }
  | { readonly kind: 'table written'; readonly table: number; readonly bytes: number }
  /** `level` is the one that it wrote to. */
  | { readonly kind: 'compaction ended'; readonly level: number; readonly inputFiles: number; readonly outputBytes: number }
  /** The last line of every compaction, even if it failed: the tables in each level. */
  | { readonly kind: 'compaction finished' }
  | { readonly kind: 'log deleted' }
  | { readonly kind: 'table deleted'; readonly table: number }
  | { readonly kind: 'stalled'; readonly cause: StallCause }
  /** The list of tables could not be written. A compaction that fails for this reason is logged as well. */
  | { readonly kind: 'manifest failed' }
  | { readonly kind: 'compaction failed' }
  /** Unreadable data was dropped. */
  | { readonly kind: 'corruption' }
  | { readonly kind: 'other' }

/** A line of the log. `atMs` is the local time at which it was written, in milliseconds as if its zone were UTC. */
export type LevelDBLine = LogEvent & { readonly atMs: number }

/** `2026/11/23-10:49:09.164199 7f82ea3fd6c0 Current memtable full; waiting...`; milliseconds only on Windows. */
const linePattern = /^(\d{4})\/(\d\d)\/(\d\d)-(\d\d):(\d\d):(\d\d\.\d+) [\da-f]+ (.+)$/

type ParseEvent = (...numbers: number[]) => LogEvent

/**
 * The lines of LevelDB 1.20, by their beginning; the groups are numbers. Moving a table to the next level and announcing a
 * manual compaction rewrite nothing, so those lines are not events.
 */
const patterns: ReadonlyArray<readonly [RegExp, ParseEvent]> = [
  [/^Delete type=2 #(\d+)/, (table = 0) => ({ kind: 'table deleted', table })],
  [/^Delete type=0 #/, () => ({ kind: 'log deleted' })],
  [/^Level-0 table #(\d+): started/, (table = 0) => ({ kind: 'flush started', table })],
  [/^Level-0 table #(\d+): (\d+) bytes OK/, (table = 0, bytes = 0) => ({ kind: 'flush ended', table, bytes, ok: true })],
  [/^Level-0 table #(\d+): (\d+) bytes /, (table = 0, bytes = 0) => ({ kind: 'flush ended', table, bytes, ok: false })],
  [/^Generated table #(\d+)@\d+: \d+ keys, (\d+) bytes/, (table = 0, bytes = 0) => ({ kind: 'table written', table, bytes })],
  [/^Compacting \d+@\d+ \+ \d+@\d+ files/, () => ({ kind: 'compaction started' })],
  [
    /^Compacted (\d+)@\d+ \+ (\d+)@(\d+) files => (\d+) bytes/,
    (upper = 0, lower = 0, level = 0, outputBytes = 0) => {
      return { kind: 'compaction ended', level, inputFiles: upper + lower, outputBytes }
    },
  ],
  [/^compacted to: /, () => ({ kind: 'compaction finished' })],
  [/^Current memtable full; waiting/, () => ({ kind: 'stalled', cause: 'memtable' })],
  [/^Too many L0 files; waiting/, () => ({ kind: 'stalled', cause: 'level0' })],
  [/^MANIFEST write: /, () => ({ kind: 'manifest failed' })],
  [/^(?:Compaction error: |Waiting after background compaction error)/, () => ({ kind: 'compaction failed' })],
  // These two contain keys, so they must not reach the patterns below.
  [/^(?:Manual compaction|Moved) /, () => ({ kind: 'other' })],
  [/: dropping \d+ bytes; |^Ignoring error /, () => ({ kind: 'corruption' })],
]

/** Parses a line of LevelDB's log; undefined if it is not one. */
export function parseLine(text: string): LevelDBLine | undefined {
  const [, year, month, day, hour, minute, seconds, message] = linePattern.exec(text) ?? []
  if (message === undefined) return undefined
  const minuteMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
  const atMs = minuteMs + Number(seconds) * 1000
  for (const [pattern, parse] of patterns) {
    const match = pattern.exec(message)
    if (match !== null) return { ...parse(...match.slice(1).map(Number)), atMs }
  }
  return { kind: 'other', atMs }
}
