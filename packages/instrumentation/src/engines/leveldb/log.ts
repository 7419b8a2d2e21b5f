import type { LineSink } from '../files/log-follower.ts'
import { secondsBetween } from '../files/log-time.ts'
import { CompactionInputs } from './compaction-inputs.ts'
import { type LevelDBLine, parseLine, type StallCause, stallCauses } from './log-line.ts'

/** A memtable that was written to disk. */
export interface Flush {
  readonly bytes: number
  /** Undefined if the flush began before the first line that was read. */
  readonly seconds: number | undefined
  /** When it ended: local time, as milliseconds as if the zone were UTC. */
  readonly localMs: number
}

/** A compaction that has ended. Fields are undefined if it began before the first line that was read. */
export interface Compaction {
  /** The level that it wrote to. */
  readonly level: number
  readonly inputFiles: number
  readonly outputFiles: number | undefined
  readonly outputBytes: number
  readonly seconds: number | undefined
  /** When it ended: local time, as milliseconds as if the zone were UTC. */
  readonly localMs: number
}

/** Receives each event of LevelDB's background work once. */
export interface LevelDBEvents {
  /** A memtable was written to disk. */
  onFlush(flush: Flush): void
  /** A compaction ended. */
  onCompaction(compaction: Compaction): void
  /** A compaction has read this many bytes. */
  onInputBytes(bytes: number): void
  /** The bytes that the last compaction has read and written in all. */
  onCompactionInput(inputBytes: number, outputBytes: number): void
  /** Writers are stopped. */
  onStallBegin(cause: StallCause, localMs: number): void
  /** Writers continue after this many seconds. */
  onStallEnd(cause: StallCause, seconds: number): void
  /** The log ended while writers were stopped, for at least this many seconds: the store was closed, or its process ended. */
  onStallAbandoned(cause: StallCause, seconds: number): void
  /** A flush, a compaction or a recovery failed. */
  onBackgroundError(): void
}

interface RunningCompaction {
  readonly startSeconds: number
  readonly tables: Map<number, number>
  /** Time spent on flushes, which interrupt a compaction. LevelDB does not count it as the compaction's time either. */
  flushSeconds: number
}

/**
 * Derives events from the lines of LevelDB's file `LOG`, in order. The log reports when writers begin to wait, not when they
 * continue. Writers that wait for the previous memtable continue when the log of that memtable is deleted. Writers that wait
 * for level 0 continue with a new memtable, and the flush of the previous one begins at once. The log does not report the
 * delay of one millisecond per write while level 0 has eight tables or more.
 *
 * A trivial move of a table to the next level (`Moved #...`) does not count as a compaction: it reads and writes nothing, and
 * would distort durations and write amplification. LevelDB leaves it out of `leveldb.stats` too; `db_level_files` and
 * `db_level_bytes` show its effect.
 */
export class LevelDBLog implements LineSink {
  readonly inputs = new CompactionInputs()
  /** How many compactions run at the last line, 0 or 1; undefined until a line reports it. */
  compactionsRunning: 0 | 1 | undefined
  readonly #events: LevelDBEvents
  /** The time of the last line, in seconds since the first. */
  #seconds = 0
  #lastMs: number | undefined
  #flush: { readonly table: number; readonly startSeconds: number } | undefined
  /** Tables that were written and are not part of the store yet. If the store closes right after a flush, they never are. */
  readonly #flushed = new Map<number, number>()
  #compaction: RunningCompaction | undefined
  #manifestFailed = false
  readonly #stalledSince = new Map<StallCause, number>()

  constructor(events: LevelDBEvents) {
    this.#events = events
  }

  onRestart(): void {
    this.onLogEnd()
    this.inputs.onRestart()
    this.#lastMs = undefined
    this.#flush = undefined
    this.#flushed.clear()
    this.#compaction = undefined
    this.compactionsRunning = 0
    this.#manifestFailed = false
  }

  /** The store was closed, and there are no more lines of it. */
  onLogEnd(): void {
    for (const [cause, since] of this.#stalledSince) this.#events.onStallAbandoned(cause, this.#seconds - since)
    this.#stalledSince.clear()
  }

  onLine(text: string): void {
    const line = parseLine(text)
    if (line === undefined) return
    if (this.#lastMs !== undefined) this.#seconds += secondsBetween(this.#lastMs, line.atMs)
    this.#lastMs = line.atMs
    this.#apply(line)
  }

  /** Returns how long writers have been waiting, `idleSeconds` after the last line; 0 while they are not. */
  stallSeconds(cause: StallCause, idleSeconds: number): number {
    const since = this.#stalledSince.get(cause)
    return since === undefined ? 0 : this.#seconds - since + Math.max(0, idleSeconds)
  }

  #apply(line: LevelDBLine): void {
    switch (line.kind) {
      case 'flush started':
        this.inputs.endDeletions()
        this.#flush = { table: line.table, startSeconds: this.#seconds }
        this.#endStall('level0')
        break
      case 'flush ended':
        this.#onFlushEnd(line)
        break
      case 'compaction started':
        this.inputs.endDeletions()
        this.#compaction = { startSeconds: this.#seconds, tables: new Map(), flushSeconds: 0 }
        this.compactionsRunning = 1
        break
      case 'table written':
        this.#compaction?.tables.set(line.table, line.bytes)
        break
      case 'compaction ended':
        this.#onCompactionEnd(line)
        break
      case 'compaction finished':
        this.#compaction = undefined
        this.compactionsRunning = 0
        break
      case 'log deleted':
        this.#onFlushInstalled()
        break
      case 'table deleted':
        this.#onTableDeleted(line.table)
        break
      case 'stalled':
        this.#beginStall(line.cause, line.atMs)
        break
      case 'manifest failed':
        this.#manifestFailed = true
        this.#onError()
        break
      case 'compaction failed':
        if (!this.#manifestFailed) this.#onError()
        this.#manifestFailed = false
        break
      case 'corruption':
        this.#events.onBackgroundError()
        break
      case 'other':
    }
  }

  #onFlushEnd({ table, bytes, ok, atMs: localMs }: LevelDBLine & { readonly kind: 'flush ended' }): void {
    const seconds = this.#flush?.table === table ? this.#seconds - this.#flush.startSeconds : undefined
    this.#flush = undefined
    if (!ok) this.#onError()
    if (this.#compaction !== undefined) this.#compaction.flushSeconds += seconds ?? 0
    if (!ok || bytes === 0) return
    this.#flushed.set(table, bytes)
    this.#events.onFlush({ bytes, seconds, localMs })
  }

  /** The log of a memtable is deleted when its table has become part of the store. */
  #onFlushInstalled(): void {
    for (const [table, bytes] of this.#flushed) this.inputs.addTable(table, bytes)
    this.#flushed.clear()
    this.#endStall('memtable')
  }

  #onCompactionEnd({ level, inputFiles, outputBytes, atMs: localMs }: LevelDBLine & { readonly kind: 'compaction ended' }): void {
    const running = this.#compaction
    // Only now are they part of the store. The tables of a failed compaction never are.
    for (const [table, bytes] of running?.tables ?? []) this.inputs.addTable(table, bytes)
    this.inputs.onCompactionEnd(inputFiles, outputBytes)
    this.#events.onCompaction({
      level,
      localMs,
      inputFiles,
      outputFiles: running?.tables.size,
      outputBytes,
      seconds: running && Math.max(0, this.#seconds - running.startSeconds - running.flushSeconds),
    })
  }

  #onTableDeleted(table: number): void {
    const { bytes, compaction } = this.inputs.onTableDeleted(table)
    if (bytes !== undefined) this.#events.onInputBytes(bytes)
    if (compaction !== undefined) this.#events.onCompactionInput(compaction.inputBytes, compaction.outputBytes)
  }

  /** A writer that is woken and still finds no room logs again that it waits; that is the same stall. */
  #beginStall(cause: StallCause, localMs: number): void {
    if (this.#stalledSince.has(cause)) return
    this.#stalledSince.set(cause, this.#seconds)
    this.#events.onStallBegin(cause, localMs)
  }

  #endStall(cause: StallCause): void {
    const since = this.#stalledSince.get(cause)
    if (since === undefined) return
    this.#stalledSince.delete(cause)
    this.#events.onStallEnd(cause, this.#seconds - since)
  }

  /** After a background error, every waiting writer fails with it. */
  #onError(): void {
    for (const cause of stallCauses) this.#endStall(cause)
    this.#events.onBackgroundError()
  }
}
