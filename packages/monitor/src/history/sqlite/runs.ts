import type { DatabaseSync } from 'node:sqlite'
import { assertWhole, columnList, findDamage, prepareInsert, type Row } from './rows.ts'

/** The samples that one process wrote. */
export interface Run {
  /** Recording time of its first sample. */
  readonly fromMs: number
  /** What recording time lacks to Unix time. It changes when the system clock is set. */
  offsetMs: number
}

/** Between two processes, recording time passes by at most this, however long the time between them was. */
const maxGapMs = 3_600_000

/**
 * Samples are stored by recording time: it only grows, from each sample to the next, whatever the system clock does. Each process has an
 * offset that makes it Unix time. So nothing is overwritten or out of order when a clock was wrong, and the past of a process is dated
 * anew by changing one number. The age of a sample in recording time is that of the recordings after it: a clock that jumps makes
 * nothing old.
 */
export class Runs {
  readonly #database: DatabaseSync
  readonly #replace: ReturnType<typeof prepareInsert>
  /** Oldest first. Files of version 1 have samples before the first run: their offset is 0. */
  readonly #runs: Run[]
  /** Recording time of the last samples of the current run. */
  #lastMs: number | null | undefined

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#replace = prepareInsert(database, 'run', 'INSERT OR REPLACE')
    const rows = database.prepare(`SELECT ${columnList('run')} FROM run ORDER BY from_ms`).all() as unknown as Row[]
    this.#runs = rows.map((row) => {
      assertWhole('run', row)
      return { fromMs: row['from_ms'] as number, offsetMs: row['offset_ms'] as number }
    })
    this.#lastMs = rows.at(-1)?.['last_ms'] as number | null | undefined
  }

  /** Begins the run of this process with a sample of a Unix time. `lastMs`: the last recording time of the file, if it has samples. */
  begin(timeMs: number, lastMs: number | undefined): void {
    const sinceLastMs = lastMs === undefined ? 0 : timeMs - lastMs - this.offsetAt(lastMs)
    const fromMs = lastMs === undefined ? timeMs : lastMs + Math.min(maxGapMs, Math.max(1, Math.round(sinceLastMs)))
    this.#runs.push({ fromMs, offsetMs: timeMs - fromMs })
    this.#lastMs = null
    this.#write()
    writeRunsBackup(this.#database, this.#runs)
  }

  /** Keeps the recording time of samples that are written in the same transaction. */
  end(recordingMs: number): void {
    this.#lastMs = recordingMs
    this.#write()
  }

  /** Dates the samples of the current run anew: the clock was set by milliseconds. */
  shift(deltaMs: number): void {
    const run = this.#runs.at(-1)
    if (run === undefined) return
    run.offsetMs += deltaMs
    this.#write()
    writeRunsBackup(this.#database, this.#runs)
  }

  /** Returns what a recording time lacks to Unix time. */
  offsetAt(recordingMs: number): number {
    return this.#runs.findLast(({ fromMs }) => fromMs <= recordingMs)?.offsetMs ?? 0
  }

  /**
   * Returns a function from recording time to Unix time in which the order of all samples is kept: samples of a process whose clock was
   * ahead end before those of the next process begin, and none is later than `nowMs`.
   *
   * @param lastMs the last recording time of the file.
   */
  datesUntil(nowMs: number, lastMs: number): (recordingMs: number) => number {
    const offsets: Array<{ readonly fromMs: number; readonly offsetMs: number }> = []
    let untilMs = nowMs
    let endMs = lastMs
    for (const { fromMs, offsetMs } of [{ fromMs: Number.NEGATIVE_INFINITY, offsetMs: 0 }, ...this.#runs].reverse()) {
      const ordered = Math.min(offsetMs, untilMs - endMs)
      offsets.push({ fromMs, offsetMs: ordered })
      untilMs = fromMs + ordered - 1
      endMs = fromMs - 1
    }
    return (recordingMs) => recordingMs + (offsets.find(({ fromMs }) => fromMs <= recordingMs)?.offsetMs ?? 0)
  }

  /** Deletes the runs that ended before a recording time. */
  deleteOlderThan(oldestMs: number): void {
    const count = this.#runs.length
    while (this.#runs.length > 1 && (this.#runs[1] as Run).fromMs <= oldestMs) {
      const [oldest] = this.#runs.splice(0, 1)
      this.#database.prepare('DELETE FROM run WHERE from_ms = ?').run((oldest as Run).fromMs)
    }
    if (this.#runs.length < count) writeRunsBackup(this.#database, this.#runs)
  }

  /** Writes the current run. */
  #write(): void {
    const run = this.#runs.at(-1)
    if (run !== undefined) this.#replace(run.fromMs, run.offsetMs, this.#lastMs ?? null)
  }
}

/** Name of the text that repeats the runs. */
const backupName = 'runs'

/** Writes the runs as a text beside their table: without them, all samples of a damaged file would be dated wrongly. */
export function writeRunsBackup(database: DatabaseSync, runs: readonly Run[]): void {
  prepareInsert(database, 'kept', 'INSERT OR REPLACE')(backupName, JSON.stringify(runs))
}

/** Returns the runs of the text beside their table; none if it is damaged or not there. */
export function readRunsBackup(database: DatabaseSync): readonly Run[] {
  const row = database.prepare(`SELECT ${columnList('kept')} FROM kept WHERE name = ?`).get(backupName) as Row | undefined
  if (row === undefined || findDamage('kept', row) !== undefined) return []
  return JSON.parse(row['value'] as string) as Run[]
}
