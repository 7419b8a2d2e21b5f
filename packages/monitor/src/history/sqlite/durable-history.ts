import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from '../../logger.ts'
import { type PausableWork, runAtOnce, TimeSlices } from '../../time/time-slices.ts'
import { errorMessage } from '../../validation/error-message.ts'
import type { TimeSeries } from '../memory/time-series.ts'
import { type HistorySeries, type Sample, SampleColumns } from '../series.ts'
import { readBlocks } from './blocks.ts'
import { compact } from './compact.ts'
import {
  closeQuietly,
  damagedPath,
  isDamageError,
  isDamageOnOpen,
  openDatabase,
  prepareLocation,
  rebuiltPath,
  removeDatabase,
  type Sqlite,
  setAside,
  toHistoryFileError,
} from './file.ts'
import { FileWatch } from './file-watch.ts'
import { countCommittedPages } from './journal.ts'
import { rebuild } from './rebuild.ts'
import { restoreHistory } from './restore.ts'
import type { RetentionOptions } from './retention.ts'
import { assertWhole, type Row } from './rows.ts'
import { prepareStatements, type Statements } from './statements.ts'
import { toStored } from './stored-value.ts'
import { assertFreeSpace, transaction } from './transaction.ts'
import { verifySamples } from './verify.ts'

/** Series that are written at once: about a millisecond. */
const seriesPerTransaction = 100

/** Options of `DurableHistory`. */
export interface DurableHistoryOptions extends RetentionOptions {
  /** The file. While it is open, its journal is beside it, with the suffix `-wal`. */
  readonly path: string
  readonly logger: Logger
  /** Called for each read or write that failed. */
  readonly onFailure?: () => void
  /** Called with the number of damaged parts that were found in the file, when what is whole was copied to a new one. */
  readonly onDamage?: (parts: number) => void
  /** Age at which samples are compacted into compressed blocks, in milliseconds (default one hour). */
  readonly compactionIntervalMs?: number
  /** Nothing is written if less space is free on the disk, in bytes (default 64 MiB). */
  readonly minFreeBytes?: number
}

/**
 * The history in a SQLite file, for one process at a time. A process that is killed loses at most the sample it was writing; after
 * a power failure the last samples may be lost, but never the file.
 *
 * Failures never reach the caller: they are counted by `onFailure`, and logged when they begin and when they end. Everything that is read has
 * a checksum. A damaged file is renamed with the suffix `.damaged`, and what is whole in it is copied to a new one, in slices. A file that
 * is deleted, replaced or overwritten while it is open is written anew.
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
  /** The file is opened again, or what is whole of it is copied. Meanwhile nothing is written. */
  #opening: Promise<void> | undefined
  #watch: FileWatch | undefined
  #watchesWrites = true
  /** The texts that this process wrote: they are written to a new file as well. */
  readonly #texts = new Map<string, string>()
  #isClosed = false

  /**
   * Opens or creates the file. Node 22 then prints an ExperimentalWarning about `node:sqlite`.
   *
   * @throws HistoryFileError if the file cannot be used; Error if this Node has no `node:sqlite`.
   */
  static async open(options: DurableHistoryOptions): Promise<DurableHistory> {
    const history = new DurableHistory(await import('node:sqlite'), options)
    await history.#openFile()
    return history
  }

  private constructor(sqlite: Sqlite, options: DurableHistoryOptions) {
    this.#sqlite = sqlite
    const path = resolve(options.path)
    const defaults = { onFailure: () => {}, onDamage: () => {}, compactionIntervalMs: 3_600_000, minFreeBytes: 64 * 2 ** 20 }
    this.#options = { ...defaults, ...options, path }
  }

  /**
   * Returns the Unix time of the last samples, at most `nowMs`: the process that wrote them was alive then. Undefined if there are
   * none.
   */
  lastSampleMs(nowMs: number): number | undefined {
    let timeMs: number | undefined
    this.#attempt((statements) => {
      const lastMs = statements.lastRecordingMs
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
    let text: string | undefined
    this.#attempt(({ metadata }) => {
      const row = metadata.get(name) as Row | undefined
      if (row === undefined) return
      assertWhole('kept', row)
      text = row['value'] as string
    })
    return text
  }

  /** Stores a text under a name, beyond this process. Returns whether it was written. */
  setMetadata(name: string, value: string): boolean {
    const isWritten = this.#attempt((statements) => {
      assertFreeSpace(dirname(this.#options.path), this.#options.minFreeBytes)
      statements.setMetadata(name, value)
    })
    if (isWritten) this.#texts.set(name, value)
    return isWritten
  }

  /**
   * Checks everything that is stored, and appends the samples to a history in memory, without blocking the event loop. Call it before the
   * first `append`.
   */
  async restore(history: TimeSeries, nowMs: number): Promise<void> {
    // The caller awaits it: the process must not end in a pause.
    const slices = new TimeSlices({ keepsProcessAlive: true })
    await this.#opening
    if (this.#statements !== undefined) await this.#verify(this.#statements, slices)
    const statements = this.#statements
    if (statements === undefined) return
    const { database, seriesIds, runs, sampleCount } = statements
    try {
      const lastMs = statements.lastRecordingMs
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
      const blocks = readBlocks(database, lastMs - this.#options.retentionMs, slices, (error) => this.#reportUnreadable(error))
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
      transaction(database, () => {
        insertSamples(recordingMs, statements.lastRecordingMs ?? null, new Uint8Array(row.buffer))
        runs.end(recordingMs)
      })
      statements.lastRecordingMs = recordingMs
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
      if (this.#runOf !== database) transaction(database, () => runs.begin(timeMs, statements.lastRecordingMs))
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

  /** Resolves when no compaction is in progress, and the file is not being opened again. */
  async idle(): Promise<void> {
    await this.#compaction
    await this.#opening
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
      const { compactionIntervalMs } = this.#options
      const onWritten = (): void => this.#watch?.note()
      await compact(statements.database, nowMs, compactionIntervalMs, () => this.#isCurrent(statements), onWritten)
    } catch (error) {
      if (this.#isCurrent(statements)) this.#handleFailure(error)
    }
  }

  /** Returns whether the file that work began with is still open. */
  #isCurrent(statements: Statements): boolean {
    return !this.#isClosed && this.#statements === statements
  }

  /** Does work with the file, and returns whether it succeeded: then the file can be used again. */
  #attempt(work: (statements: Statements) => void): boolean {
    if (!this.#attemptPart(work)) return false
    if (this.#isFailing) this.#options.logger.info({ path: this.#options.path }, 'the history file is written again')
    this.#isFailing = false
    return true
  }

  /** Does a part of some work with the file, and returns whether it succeeded. A file that is not open is opened for the next part. */
  #attemptPart(work: (statements: Statements) => void): boolean {
    if (this.#isClosed) return false
    this.#handleChange()
    if (this.#statements === undefined || this.#opening !== undefined) {
      this.#options.onFailure()
      this.#openAgain(() => this.#openFile())
      return false
    }
    try {
      work(this.#statements)
      this.#watch?.note()
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
    const statements = this.#statements
    if (statements === undefined) return
    let damage = isDamageError(error) ? error : undefined
    try {
      // After a rollback, the series ids in memory may differ from those in the file: they are read again.
      if (damage === undefined) this.#statements = prepareStatements(statements.database, this.#options)
      this.#watch?.note()
    } catch (secondError) {
      if (isDamageError(secondError)) damage = secondError
      else this.#release()
    }
    if (damage !== undefined) this.#openAgain(() => this.#mend(damage))
  }

  /** Notices what others did to the file: it was deleted, replaced or overwritten. */
  #handleChange(): void {
    const change = this.#isClosed || this.#statements === undefined ? undefined : this.#watch?.change()
    if (change === undefined) return
    const { logger, path, onFailure } = this.#options
    onFailure()
    logger.error({ path }, `the history file was ${change} by something else while it was open: it is written anew`)
    this.#openAgain(async () => {
      if (change === 'overwritten') return await this.#mend(new Error('the file was overwritten'), { isOverwritten: true })
      this.#release()
      // The journal belongs to the file that is gone: SQLite would write it to the one that took its place.
      this.#watch?.removeJournal()
      await this.#openFile()
    })
  }

  #reportFailure(error: unknown): void {
    const { onFailure, logger, path } = this.#options
    onFailure()
    if (!this.#isFailing) {
      logger.error({ reason: errorMessage(error), path }, 'the history file cannot be used: recent samples are in memory only')
    }
    this.#isFailing = true
  }

  /** Reports a block whose content cannot be decoded although it is as it was written: a block of a version without checksums. */
  #reportUnreadable(error: unknown): void {
    const { onFailure, onDamage, logger, path } = this.#options
    onFailure()
    onDamage(1)
    logger.error({ reason: errorMessage(error), path }, 'a block of the history file is damaged: its samples are missing')
  }

  /** Opens the file again in the background. Nothing is written until then. Failures are reported once; the next sample tries again. */
  #openAgain(open: () => Promise<void>): void {
    this.#opening ??= open()
      .then(() => this.#writeTexts())
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#reportFailure(error)
      })
      .finally(() => {
        this.#opening = undefined
      })
  }

  /** Opens or creates the file. What is whole of a damaged one is kept. @throws HistoryFileError if it cannot be used. */
  async #openFile(): Promise<void> {
    const { path } = this.#options
    const isInterrupted = !existsSync(path) && existsSync(rebuiltPath(path)) && existsSync(damagedPath(path))
    if (isInterrupted)
      return await this.#mend(new Error('an earlier process ended before it was written anew'), { isAside: true })
    prepareLocation(path)
    removeDatabase(rebuiltPath(path))
    const { pages, isDamaged } = countCommittedPages(path)
    let database: DatabaseSync | undefined
    try {
      database = openDatabase(this.#sqlite, path)
      this.#use(database)
      if (isDamaged || pages > readJournalPages(database)) this.#reportJournal()
      this.#watch?.note()
    } catch (error) {
      this.#release()
      closeQuietly(database)
      if (!isDamageOnOpen(error)) throw toHistoryFileError(error, path)
      await this.#mend(error)
    }
  }

  /** Reads all samples, in slices. If any are damaged, what is whole is copied to a new file. */
  async #verify(statements: Statements, slices: TimeSlices): Promise<void> {
    try {
      for (const _ of verifySamples(statements.database, (id) => statements.seriesIds.seriesById(id) !== undefined)) {
        await slices.yieldIfDue()
        if (!this.#isCurrent(statements)) return
      }
    } catch (error) {
      if (isDamageOnOpen(error)) this.#openAgain(() => this.#mend(error))
      else this.#handleFailure(error)
      await this.#opening
    }
  }

  /** Sets the file aside and copies what is whole in it to a new one, which is used from then on. */
  async #mend(reason: unknown, { isAside = false, isOverwritten = false } = {}): Promise<void> {
    const { path, logger, onFailure, onDamage, minFreeBytes } = this.#options
    const { database } = this.#statements ?? {}
    this.#statements = undefined
    // Renamed first: SQLite writes its journal back to the file when it is closed, wherever that is.
    const setAsideAs = isAside ? damagedPath(path) : setAside(path)
    closeQuietly(database)
    const sizeBytes = statSync(setAsideAs, { throwIfNoEntry: false })?.size ?? 0
    const slices = new TimeSlices({ keepsProcessAlive: true })
    const fields = { path, setAsideAs, reason: errorMessage(reason) }
    try {
      // The new file, and a copy of the damaged one.
      assertFreeSpace(dirname(path), 2 * sizeBytes + minFreeBytes)
    } catch (error) {
      removeDatabase(rebuiltPath(path))
      onFailure()
      onDamage(1)
      logger.error(
        { ...fields, noSpace: errorMessage(error) },
        'the history file was damaged: it was set aside, and there is not enough space to copy what is whole in it to a new one',
      )
      return await this.#openFile()
    }
    const report = await rebuild(this.#sqlite, path, slices, () => this.#isClosed)
    slices.end()
    // The next process begins again.
    if (report === undefined || this.#isClosed) return
    prepareLocation(path)
    this.#use(openDatabase(this.#sqlite, path))
    const { damagedParts, ...what } = report
    if (isOverwritten && damagedParts === 0) {
      this.#watchesWrites = false
      this.#watch?.ignoreWrites()
    }
    onFailure()
    onDamage(Math.max(1, damagedParts))
    logger.error(
      { ...fields, damagedParts, ...what },
      'the history file was damaged: it was set aside, and what is whole is in a new one',
    )
  }

  #use(database: DatabaseSync): void {
    this.#statements = prepareStatements(database, this.#options)
    this.#watch = new FileWatch(this.#options.path)
    if (!this.#watchesWrites) this.#watch.ignoreWrites()
  }

  #release(): void {
    closeQuietly(this.#statements?.database)
    this.#statements = undefined
  }

  /** Writes the texts of this process that the file does not have any more. */
  #writeTexts(): void {
    const { metadata, setMetadata } = this.#statements ?? {}
    for (const [name, text] of this.#texts) {
      if ((metadata?.get(name) as Row | undefined)?.['value'] !== text) setMetadata?.(name, text)
    }
    this.#watch?.note()
  }

  #reportJournal(): void {
    const { path, logger, onFailure, onDamage } = this.#options
    onFailure()
    onDamage(1)
    logger.error(
      { path },
      'the journal of the history file was damaged: what was written last is lost, everything before it is kept',
    )
  }
}

/** Returns how many pages of the journal SQLite has found whole. */
function readJournalPages(database: DatabaseSync): number {
  const { log } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  return log
}
