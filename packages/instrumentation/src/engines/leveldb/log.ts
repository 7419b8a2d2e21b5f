import type { LineSink } from '../files/log-follower.ts'
import { CompactionInputs } from './compaction-inputs.ts'
import { type LevelDBLine, parseLine, type StallCause, stallCauses } from './log-line.ts'
import { secondsBetween } from './log-time.ts'

/** A compaction that is over; what began before we watched is undefined. */
export interface Compaction {
  readonly inputFiles: number
  readonly outputFiles: number | undefined
  readonly outputBytes: number
  readonly seconds: number | undefined
}

/** What LevelDB's background work comes to, told once for each. */
export interface LevelDBEvents {
  onFlush(bytes: number, seconds: number | undefined): void
  onCompaction(compaction: Compaction): void
  /** A compaction has read so many bytes. */
  onInputBytes(bytes: number): void
  /** The bytes that one compaction wrote over those it read. */
  onWriteAmplification(ratio: number): void
  onStallBegin(cause: StallCause): void
  /** Writers go on after so many seconds. */
  onStallEnd(cause: StallCause, seconds: number): void
  onBackgroundError(): void
}

interface Running {
  readonly startSeconds: number
  readonly tables: Map<number, number>
  /** Spent on flushes, which go before: LevelDB does not count it as the compaction's time, and neither do we. */
  flushSeconds: number
}

/**
 * LevelDB's account of its own work: the lines of its file `LOG`, in their order. They tell when writers begin to wait, not
 * when they go on; but those who wait for the memtable before are woken when the log of that memtable has been deleted, and
 * those who wait for level 0 begin with a new memtable, whose predecessor is flushed at once. Nothing is told of the one
 * millisecond by which every write is slowed down while level 0 has eight tables or more.
 *
 * A trivial move, which makes a table part of the next level as it is (`Moved #...`), is no compaction here and has no
 * counter: it reads and writes nothing, so that as a compaction it would spoil durations and write amplification (LevelDB
 * leaves it out of its own `leveldb.stats`, too), and what it changes, `db_level_files` and `db_level_bytes` show.
 */
export class LevelDBLog implements LineSink {
  readonly inputs = new CompactionInputs()
  /** Compactions running at the last line, 0 or 1; undefined until the lines have told. */
  compactionsRunning: 0 | 1 | undefined
  readonly #events: LevelDBEvents
  /** Seconds that passed from line to line. */
  #seconds = 0
  #lastMs: number | undefined
  #flush: { readonly table: number; readonly startSeconds: number } | undefined
  /** Written and not yet part of the store: those that a store which closes has just written never are. */
  readonly #flushed = new Map<number, number>()
  #compaction: Running | undefined
  #manifestFailed = false
  readonly #stalledSince = new Map<StallCause, number>()

  constructor(events: LevelDBEvents) {
    this.#events = events
  }

  onRestart(): void {
    this.inputs.onRestart()
    this.#lastMs = undefined
    this.#flush = undefined
    this.#flushed.clear()
    this.#compaction = undefined
    this.compactionsRunning = 0
    this.#manifestFailed = false
    this.#stalledSince.clear()
  }

  onLine(text: string): void {
    const line = parseLine(text)
    if (line === undefined) return
    if (this.#lastMs !== undefined) this.#seconds += secondsBetween(this.#lastMs, line.atMs)
    this.#lastMs = line.atMs
    this.#take(line)
  }

  /** For how long writers have been waiting, `idleSeconds` after the last line; 0 while they are not. */
  stallSeconds(cause: StallCause, idleSeconds: number): number {
    const since = this.#stalledSince.get(cause)
    return since === undefined ? 0 : this.#seconds - since + Math.max(0, idleSeconds)
  }

  #take(line: LevelDBLine): void {
    switch (line.kind) {
      case 'flush started':
        this.inputs.endDeletions()
        this.#flush = { table: line.table, startSeconds: this.#seconds }
        this.#resume('level0')
        break
      case 'flush ended':
        this.#flushEnded(line)
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
        this.#compactionEnded(line)
        break
      case 'compaction left':
        this.#compaction = undefined
        this.compactionsRunning = 0
        break
      case 'log deleted':
        this.#flushInstalled()
        break
      case 'table deleted':
        this.#tableDeleted(line.table)
        break
      case 'stalled':
        this.#stall(line.cause)
        break
      case 'manifest failed':
        this.#manifestFailed = true
        this.#failed()
        break
      case 'compaction failed':
        if (!this.#manifestFailed) this.#failed()
        this.#manifestFailed = false
        break
      case 'corruption':
        this.#events.onBackgroundError()
        break
      case 'else':
    }
  }

  #flushEnded({ table, bytes, ok }: LevelDBLine & { readonly kind: 'flush ended' }): void {
    const seconds = this.#flush?.table === table ? this.#seconds - this.#flush.startSeconds : undefined
    this.#flush = undefined
    if (!ok) this.#failed()
    if (this.#compaction !== undefined) this.#compaction.flushSeconds += seconds ?? 0
    if (!ok || bytes === 0) return
    this.#flushed.set(table, bytes)
    this.#events.onFlush(bytes, seconds)
  }

  /** The log of a memtable is deleted once its table is part of the store. */
  #flushInstalled(): void {
    for (const [table, bytes] of this.#flushed) this.inputs.addTable(table, bytes)
    this.#flushed.clear()
    this.#resume('memtable')
  }

  #compactionEnded({ inputFiles, outputBytes }: LevelDBLine & { readonly kind: 'compaction ended' }): void {
    const running = this.#compaction
    // Only now are they part of the store: those of a compaction that failed never are.
    for (const [table, bytes] of running?.tables ?? []) this.inputs.addTable(table, bytes)
    this.inputs.onCompactionEnd(inputFiles, outputBytes)
    this.#events.onCompaction({
      inputFiles,
      outputFiles: running?.tables.size,
      outputBytes,
      seconds: running && Math.max(0, this.#seconds - running.startSeconds - running.flushSeconds),
    })
  }

  #tableDeleted(table: number): void {
    const { bytes, writeAmplification } = this.inputs.onTableDeleted(table)
    if (bytes !== undefined) this.#events.onInputBytes(bytes)
    if (writeAmplification !== undefined) this.#events.onWriteAmplification(writeAmplification)
  }

  /** A writer that is woken and finds no room says again that it waits: that is the same stall. */
  #stall(cause: StallCause): void {
    if (this.#stalledSince.has(cause)) return
    this.#stalledSince.set(cause, this.#seconds)
    this.#events.onStallBegin(cause)
  }

  #resume(cause: StallCause): void {
    const since = this.#stalledSince.get(cause)
    if (since === undefined) return
    this.#stalledSince.delete(cause)
    this.#events.onStallEnd(cause, this.#seconds - since)
  }

  /** After an error in the background, every writer is sent away with it. */
  #failed(): void {
    for (const cause of stallCauses) this.#resume(cause)
    this.#events.onBackgroundError()
  }
}
