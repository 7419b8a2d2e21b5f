/** Why LevelDB holds writers back: the memtable before is not written yet, or level 0 has too many tables. */
export const stallCauses = ['memtable', 'level0'] as const
export type StallCause = (typeof stallCauses)[number]

type Said =
  | { readonly kind: 'flush started'; readonly table: number }
  /** A flush of an empty memtable writes 0 bytes, and no table. */
  | { readonly kind: 'flush ended'; readonly table: number; readonly bytes: number; readonly ok: boolean }
  | { readonly kind: 'compaction started' }
  | { readonly kind: 'table written'; readonly table: number; readonly bytes: number }
  | { readonly kind: 'compaction ended'; readonly inputFiles: number; readonly outputBytes: number }
  /** The last word of every compaction, also of one that failed: the tables in each level. */
  | { readonly kind: 'compaction left' }
  | { readonly kind: 'log deleted' }
  | { readonly kind: 'table deleted'; readonly table: number }
  | { readonly kind: 'stalled'; readonly cause: StallCause }
  /** The list of tables could not be written. A compaction that fails of it says so itself, too. */
  | { readonly kind: 'manifest failed' }
  | { readonly kind: 'compaction failed' }
  /** Data that could not be read was left out. */
  | { readonly kind: 'corruption' }
  | { readonly kind: 'else' }

/** `atMs` is when it was written, in milliseconds: local time, as if its zone were UTC. */
export type LevelDBLine = Said & { readonly atMs: number }

/** `2026/11/23-10:49:09.164199 7f82ea3fd6c0 Current memtable full; waiting...`; milliseconds only on Windows. */
const linePattern = /^(\d{4})\/(\d\d)\/(\d\d)-(\d\d):(\d\d):(\d\d\.\d+) [\da-f]+ (.+)$/

type Reader = (...numbers: number[]) => Said

/**
 * What LevelDB 1.20 writes, by how it begins; the groups are numbers. A table that is moved to the next level as it is, and
 * the announcement of a manual compaction, rewrite nothing: they are lines like any other.
 */
const patterns: ReadonlyArray<readonly [RegExp, Reader]> = [
  [/^Delete type=2 #(\d+)/, (table = 0) => ({ kind: 'table deleted', table })],
  [/^Delete type=0 #/, () => ({ kind: 'log deleted' })],
  [/^Level-0 table #(\d+): started/, (table = 0) => ({ kind: 'flush started', table })],
  [/^Level-0 table #(\d+): (\d+) bytes OK/, (table = 0, bytes = 0) => ({ kind: 'flush ended', table, bytes, ok: true })],
  [/^Level-0 table #(\d+): (\d+) bytes /, (table = 0, bytes = 0) => ({ kind: 'flush ended', table, bytes, ok: false })],
  [/^Generated table #(\d+)@\d+: \d+ keys, (\d+) bytes/, (table = 0, bytes = 0) => ({ kind: 'table written', table, bytes })],
  [/^Compacting \d+@\d+ \+ \d+@\d+ files/, () => ({ kind: 'compaction started' })],
  [
    /^Compacted (\d+)@\d+ \+ (\d+)@\d+ files => (\d+) bytes/,
    (upper = 0, lower = 0, outputBytes = 0) => ({ kind: 'compaction ended', inputFiles: upper + lower, outputBytes }),
  ],
  [/^compacted to: /, () => ({ kind: 'compaction left' })],
  [/^Current memtable full; waiting/, () => ({ kind: 'stalled', cause: 'memtable' })],
  [/^Too many L0 files; waiting/, () => ({ kind: 'stalled', cause: 'level0' })],
  [/^MANIFEST write: /, () => ({ kind: 'manifest failed' })],
  [/^(?:Compaction error: |Waiting after background compaction error)/, () => ({ kind: 'compaction failed' })],
  // These two carry keys, and a key may say anything.
  [/^(?:Manual compaction|Moved) /, () => ({ kind: 'else' })],
  [/: dropping \d+ bytes; |^Ignoring error /, () => ({ kind: 'corruption' })],
]

/** What a line of LevelDB's log says; undefined for what is no such line. */
export function parseLine(text: string): LevelDBLine | undefined {
  const [, year, month, day, hour, minute, seconds, message] = linePattern.exec(text) ?? []
  if (message === undefined) return undefined
  const minuteMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
  const atMs = minuteMs + Number(seconds) * 1000
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(message)
    if (match !== null) return { ...read(...match.slice(1).map(Number)), atMs }
  }
  return { kind: 'else', atMs }
}
