import { unixMs } from '../files/log-time.ts'
import type { StallCause } from './stalls.ts'

/** Receives each stall of writers once. */
export interface StallEvents {
  /** Writers are slowed down or stopped. `startMs` is Unix time in milliseconds. */
  onStallBegin(cause: StallCause, startMs: number): void
  /** They continue. */
  onStallEnd(endMs: number): void
}

interface OpenStall {
  /** Unix time of the last warning, in milliseconds. */
  warnedMs: number
  /** The thread that warned last, if it has begun no other job since. */
  warnedBy: string | undefined
}

/** `2026/11/27-15:55:19.619425 9668 [WARN] [db/column_family.cc:1050] [default] Stopping writes because we have …`. */
const linePattern = /^(\d{4})\/(\d\d)\/(\d\d)-(\d\d):(\d\d):(\d\d\.\d+) (\w+) (.+)$/
const causes: ReadonlyArray<readonly [RegExp, StallCause]> = [
  [/writes because we have \d+ immutable memtables/, 'memtable'],
  [/writes because we have \d+ level-0 files/, 'level0'],
  [/writes because of estimated pending compaction bytes/, 'pending_compaction'],
]
const jobPattern = /EVENT_LOG_v1 \{"time_micros": (\d+),.*"event": "(?:flush|compaction)_(started|finished)"/

/**
 * Finds the stalls of writers in RocksDB's file `LOG`. The engine decides whether writers are stalled when a memtable is full and
 * when a flush or a compaction has ended, and warns each time that they are: a thread that ends such a job without a warning
 * ends the stall.
 */
export class StallLog {
  readonly #events: StallEvents
  #open: OpenStall | undefined
  #endedMs = Number.NEGATIVE_INFINITY

  constructor(events: StallEvents) {
    this.#events = events
  }

  /** Reads one line; lines that report neither a stall nor a job are ignored. */
  onLine(text: string): void {
    if (!text.includes(' writes because ') && !/"event": "(?:flush|compaction)_/.test(text)) return
    const [, year, month, day, hour, minute, seconds, thread = '', message = ''] = linePattern.exec(text) ?? []
    const cause = causes.find(([pattern]) => pattern.test(message))?.[1]
    if (cause !== undefined) {
      const minuteMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
      this.#onWarning(cause, thread, unixMs(minuteMs + Number(seconds) * 1000))
      return
    }
    const [, micros, step] = jobPattern.exec(message) ?? []
    if (this.#open === undefined || step === undefined) return
    const isOwnWarning = this.#open.warnedBy === thread
    if (step === 'finished' && !isOwnWarning) this.#end(Number(micros) / 1000)
    else if (step === 'started' && isOwnWarning) this.#open.warnedBy = undefined
  }

  /**
   * Compares with what the engine reported at `atMs`, before the log was read to its end: some stalls begin or end without a
   * line. They are dated by this moment.
   */
  confirm(isStalled: boolean, cause: StallCause, atMs: number): void {
    if (this.#open !== undefined) {
      if (!isStalled && this.#open.warnedMs < atMs) this.#end(atMs)
    } else if (isStalled && this.#endedMs < atMs) this.#onWarning(cause, undefined, atMs)
  }

  /** The store was closed at `atMs`. */
  onClosed(atMs: number): void {
    if (this.#open !== undefined) this.#end(atMs)
  }

  #onWarning(cause: StallCause, warnedBy: string | undefined, warnedMs: number): void {
    const isNew = this.#open === undefined
    this.#open = { warnedBy, warnedMs }
    if (isNew) this.#events.onStallBegin(cause, warnedMs)
  }

  #end(endMs: number): void {
    this.#open = undefined
    this.#endedMs = endMs
    this.#events.onStallEnd(endMs)
  }
}
