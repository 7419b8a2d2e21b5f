import { dirname, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from '../../logger.ts'
import { type PausableWork, runAtOnce, TimeSlices } from '../../time/time-slices.ts'
import { errorMessage } from '../../validation/error-message.ts'
import type { TimeSeries } from '../memory/time-series.ts'
import { type HistorySeries, type Sample, SampleColumns } from '../series.ts'
import { readBlocks } from './blocks.ts'
import { compact } from './compact.ts'
import { isDamageError, openFile, quarantine, type Sqlite } from './file.ts'
import { restoreHistory } from './restore.ts'
import type { RetentionOptions } from './retention.ts'
import { prepareStatements, type Statements } from './statements.ts'
import { toStored } from './stored-value.ts'
import { assertFreeSpace, transaction } from './transaction.ts'

/** Series that are written at once: about a millisecond. */
const seriesPerTransaction = 100

/** Options of `DurableHistory`. */
export interface DurableHistoryOptions extends RetentionOptions {
  /** The file. While it is open, its journal is beside it, with the suffix `-wal`. */
  readonly path: string
  readonly logger: Logger
  /** Called for each read or write that failed. */
  readonly onFailure?: () => void
  /** Age at which samples are compacted into compressed blocks, in milliseconds (default one hour). */
  readonly compactionIntervalMs?: number
  /** Nothing is written if less space is free on the disk, in bytes (default 64 MiB). */
  readonly minFreeBytes?: number
}

/**
 * The history in a SQLite file, for one process at a time. A process that is killed loses at most the sample it was writing; after
 * a power failure the last samples may be lost, but never the file.
 *
 * Failures never reach the caller: they are counted by `onFailure`, and logged when they begin and when they end. A damaged file is
 * renamed with the suffix `.damaged`, and a new one replaces it.
 *
 * @example
 * ```ts
 * import { rm } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { DurableHistory, TimeSeries } from '@wombat/monitor'
 *
 * const path = join(tmpdir(), `history-${process.pid}.db`)
 * const file = await DurableHistory.open({ path, logger: console, retentionMs: 86_400_000, maxBytes: 2 ** 26 })
 * const series = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
 * const nowMs = Date.now()
 * file.append(nowMs, [{ series, value: 3 }])
 * const history = new TimeSeries({ intervalMs: 10_000 })
 * await file.restore(history, nowMs)
 * file.close()
 * await rm(path)
 * if (history.at(series, nowMs) !== 3) throw new Error('expected the stored value')
 * ```
 */
export class DurableHistory {
  readonly #sqlite: Sqlite
  readonly #options: Required<DurableHistoryOptions>
  #statements: Statements | undefined
  /** Unix time of the last samples that this process wrote. */
  #lastMs: number | undefined
  /** The database in which the run of this process has begun. */
  #runOf: DatabaseSync | undefined
  #isFailing = false
  #compaction: Promise<void> | undefined
  #isClosed = false

  /**
   * Opens or creates the file. Node 22 then prints an ExperimentalWarning about `node:sqlite`.
   *
   * @throws HistoryFileError if the file cannot be used; Error if this Node has no `node:sqlite`.
   */
  static async open(options: DurableHistoryOptions): Promise<DurableHistory> {
    return new DurableHistory(await import('node:sqlite'), options)
  }

  private constructor(sqlite: Sqlite, options: DurableHistoryOptions) {
    this.#sqlite = sqlite
    const path = resolve(options.path)
    this.#options = { onFailure: () => {}, compactionIntervalMs: 3_600_000, minFreeBytes: 64 * 2 ** 20, ...options, path }
    this.#statements = this.#openFile()
  }

  /**
   * Returns the Unix time of the last samples, at most `nowMs`: the process that wrote them was alive then. Undefined if there are
   * none.
   */
  lastSampleMs(nowMs: number): number | undefined {
    let timeMs: number | undefined
    this.#attempt((statements) => {
      const lastMs = readLast(statements)
      if (lastMs !== undefined) timeMs = Math.min(nowMs, lastMs + statements.runs.offsetAt(lastMs))
    })
    return timeMs
  }

  /** Size of the file and its journal, in bytes; undefined if the file is not open. */
  get fileBytes(): number | undefined {
    let bytes: number | undefined
    if (this.#statements !== undefined) this.#attempt(({ retention }) => (bytes = retention.fileBytes))
    return bytes
  }

  /** Returns the text that was stored under a name; undefined if there is none or it cannot be read. */
  metadata(name: string): string | undefined {
    return this.#readValue((statements) => statements.metadata.get(name)) as string | undefined
  }

  /** Stores a text under a name, beyond this process. Returns whether it was written. */
  setMetadata(name: string, value: string): boolean {
    return this.#attempt((statements) => {
      assertFreeSpace(dirname(this.#options.path), this.#options.minFreeBytes)
      statements.setMetadata.run(name, value)
    })
  }

  /** Appends the stored samples to a history in memory, without blocking the event loop. Call it before the first `append`. */
  async restore(history: TimeSeries, nowMs: number): Promise<void> {
    const statements = this.#statements
    if (statements === undefined) return
    const { database, seriesIds, runs, sampleCount } = statements
    // The caller awaits it: the process must not end in a pause.
    const slices = new TimeSlices({ keepsProcessAlive: true })
    try {
      const lastMs = readLast(statements)
      if (lastMs === undefined) return
      const toUnixMs = runs.datesUntil(nowMs, lastMs)
      const aheadMs = lastMs + runs.offsetAt(lastMs) - nowMs
      if (aheadMs > 0) {
        const { logger, path } = this.#options
        logger.warn(
          { path, aheadSeconds: aheadMs / 1000 },
          'the history file has samples of the future: they are dated so that they end now',
        )
      }
      const blocks = readBlocks(database, lastMs - this.#options.retentionMs, slices, (error) => this.#reportFailure(error))
      await restoreHistory(history, blocks, {
        toUnixMs,
        lastMs: toUnixMs(lastMs),
        count: Object.values(sampleCount.get() ?? {})[0] as number,
        slices,
        shouldContinue: () => this.#isCurrent(statements),
        seriesById: (id) => seriesIds.seriesById(id),
      })
    } catch (error) {
      this.#handleFailure(error)
    }
  }

  /**
   * Writes the samples of one time; then deletes and compacts a limited amount of old samples. If the time is before that of the last
   * samples, the clock was set back: those of this process are moved to before this time.
   */
  append(timeMs: number, samples: readonly Sample[]): void {
    const columns = new SampleColumns()
    for (const { series, value } of samples) columns.add(series, value)
    runAtOnce(this.appendPausable(timeMs, columns))
  }

  /** @internal Does the same as `append`. It may pause, and be called again when it is done. */
  *appendPausable(timeMs: number, samples: SampleColumns): PausableWork<void> {
    if (timeMs === this.#lastMs) return
    if (this.#lastMs !== undefined && timeMs < this.#lastMs) this.shift(timeMs - 1 - this.#lastMs)
    const statements = this.#beginSamples(timeMs)
    if (statements === undefined) return
    const recordingMs = timeMs - statements.runs.offsetAt(Number.POSITIVE_INFINITY)
    const ids = yield* this.#assignIds(statements, samples, recordingMs)
    // The file may have been closed or replaced in a pause, which was reported.
    if (ids === undefined || !this.#isCurrent(statements)) return
    const row = new Float64Array(statements.seriesIds.width).fill(Number.NaN)
    for (let index = 0; index < ids.length; index++) row[ids[index] as number] = toStored(samples.values[index] as number)
    yield
    const isWritten = this.#attempt(({ database, insertSamples, runs }) => {
      transaction(database, () => insertSamples.run(recordingMs, new Uint8Array(row.buffer)))
      // The clock may have been set in a pause.
      this.#lastMs = recordingMs + runs.offsetAt(Number.POSITIVE_INFINITY)
    })
    yield
    if (!isWritten || !this.#attempt(({ retention }) => retention.enforce(recordingMs))) return
    this.#compaction ??= this.#compact(recordingMs).finally(() => {
      this.#compaction = undefined
    })
  }

  /** Begins the run of this process with its first samples. Returns the statements of the file; undefined if nothing can be written. */
  #beginSamples(timeMs: number): Statements | undefined {
    let current: Statements | undefined
    this.#attemptPart((statements) => {
      const { database, runs } = statements
      assertFreeSpace(dirname(this.#options.path), this.#options.minFreeBytes)
      if (this.#runOf !== database) transaction(database, () => runs.begin(timeMs, readLast(statements)))
      this.#runOf = database
      current = statements
    })
    return current
  }

  /**
   * Returns the ids of all series; undefined if they could not be written. Those of new series, and once per hour of all, are written in small
   * transactions before the samples: a series without samples does no harm.
   */
  *#assignIds(statements: Statements, { series }: SampleColumns, recordingMs: number): PausableWork<Uint32Array | undefined> {
    const { database, seriesIds } = statements
    const ids = new Uint32Array(series.length)
    const changed: number[] = []
    for (let index = 0; index < series.length; index++) {
      const id = seriesIds.findId(series[index] as HistorySeries, recordingMs)
      if (id === undefined) changed.push(index)
      else ids[index] = id
      if (index % 64 === 63) yield
    }
    for (let start = 0; start < changed.length; start += seriesPerTransaction) {
      if (!this.#isCurrent(statements)) return undefined
      const isWritten = this.#attemptPart(() =>
        transaction(database, () => {
          for (const index of changed.slice(start, start + seriesPerTransaction))
            ids[index] = seriesIds.assignId(series[index] as HistorySeries, recordingMs)
        }),
      )
      if (!isWritten) return undefined
      yield
    }
    return ids
  }

  /** Moves the times of the samples that this process wrote by milliseconds: the clock that they were dated with was set. */
  shift(deltaMs: number): void {
    if (this.#lastMs === undefined) return
    this.#lastMs += deltaMs
    this.#attempt(({ database, runs }) => {
      if (this.#runOf === database) runs.shift(deltaMs)
    })
  }

  /** Resolves when no compaction is in progress. */
  async idle(): Promise<void> {
    await this.#compaction
  }

  /** Closes the file. Work in progress stops by itself and is not waited for. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.#statements?.database.close()
    } catch (error) {
      const { logger, path } = this.#options
      logger.warn({ reason: errorMessage(error), path }, 'the history file was not closed cleanly')
    }
    this.#statements = undefined
  }

  async #compact(nowMs: number): Promise<void> {
    const statements = this.#statements
    if (statements === undefined) return
    try {
      await compact(statements.database, nowMs, this.#options.compactionIntervalMs, () => this.#isCurrent(statements))
    } catch (error) {
      this.#handleFailure(error)
    }
  }

  /** Returns whether the file that work began with is still open. */
  #isCurrent(statements: Statements): boolean {
    return !this.#isClosed && this.#statements === statements
  }

  /** Returns the first column of a row; undefined if there is no row or it cannot be read. */
  #readValue(query: (statements: Statements) => object | undefined): unknown {
    let row: object | undefined
    this.#attempt((statements) => {
      row = query(statements)
    })
    return Object.values(row ?? {})[0] ?? undefined
  }

  /** Does work with the file, and returns whether it succeeded: then the file can be used again. */
  #attempt(work: (statements: Statements) => void): boolean {
    if (!this.#attemptPart(work)) return false
    if (this.#isFailing) this.#options.logger.info({ path: this.#options.path }, 'the history file is written again')
    this.#isFailing = false
    return true
  }

  /** Does a part of some work with the file, and returns whether it succeeded. */
  #attemptPart(work: (statements: Statements) => void): boolean {
    if (this.#isClosed) return false
    try {
      this.#statements ??= this.#openFile()
      work(this.#statements)
      return true
    } catch (error) {
      this.#handleFailure(error)
      return false
    }
  }

  #handleFailure(error: unknown): void {
    // Work that was in progress when the file was closed.
    if (this.#isClosed) return
    this.#reportFailure(error)
    if (this.#statements === undefined) return
    const { logger, path } = this.#options
    try {
      // After a rollback, the series ids in memory may differ from those in the file: they are read again.
      this.#statements = isDamageError(error)
        ? this.#replaceDamaged(this.#statements)
        : prepareStatements(this.#statements.database, this.#options)
    } catch (secondError) {
      logger.error(
        { reason: errorMessage(secondError), path },
        'the history file cannot be opened: it is retried at the next sample',
      )
      this.#statements = undefined
    }
  }

  #reportFailure(error: unknown): void {
    const { onFailure, logger, path } = this.#options
    onFailure()
    if (!this.#isFailing) {
      logger.error({ reason: errorMessage(error), path }, 'the history file cannot be used: recent samples are in memory only')
    }
    this.#isFailing = true
  }

  #replaceDamaged({ database }: Statements): Statements {
    database.close()
    this.#statements = undefined
    this.#reportDamage(quarantine(this.#options.path))
    return this.#openFile()
  }

  #openFile(): Statements {
    const { database, quarantinedAs } = openFile(this.#sqlite, this.#options.path)
    if (quarantinedAs !== undefined) this.#reportDamage(quarantinedAs)
    return prepareStatements(database, this.#options)
  }

  #reportDamage(quarantinedAs: string): void {
    const { path, logger, onFailure } = this.#options
    onFailure()
    logger.error({ path, quarantinedAs }, 'the history file was damaged: it was renamed, and a new file was created')
  }
}

/** Returns the recording time of the last samples; undefined if there are none. */
function readLast({ lastSample }: Statements): number | undefined {
  const lastMs = Object.values(lastSample.get() ?? {})[0] as number | null
  return lastMs ?? undefined
}
