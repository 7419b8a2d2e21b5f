import { dirname, resolve } from 'node:path'
import type { Logger } from '../../logger.ts'
import type { History } from '../history.ts'
import type { Sample } from '../series.ts'
import { blocksSince } from './blocks.ts'
import { compactOldest } from './compact.ts'
import { isDamage, openFile, quarantine, type Sqlite } from './file.ts'
import { assertFreeSpace } from './free-space.ts'
import { restoreHistory } from './restore.ts'
import type { RetentionOptions } from './retention.ts'
import { prepareStatements, type Statements } from './statements.ts'
import { TimeSlices } from './time-slices.ts'
import { transaction } from './transaction.ts'

export interface DurableHistoryOptions extends RetentionOptions {
  /** The file; beside it, while it is open, lies one that ends in `-wal`. */
  readonly path: string
  readonly logger: Logger
  /** Something could not be written or read. */
  readonly onFailure?: () => void
  /** After how long ticks become a chunk (default one hour). */
  readonly compactionIntervalMs?: number
  /** With less than this free, nothing is written (default 64 MiB). */
  readonly minFreeBytes?: number
}

/**
 * The history in a SQLite file, for one process at a time. A process that is killed loses at most the moment it was writing;
 * one whose machine loses power may lose the last moments, and never the file. What fails does not reach the caller: it is
 * counted, and logged when it begins and when it is over. A file that turns out damaged is renamed to end in `.damaged`,
 * and a fresh one takes its place.
 */
export class DurableHistory {
  readonly #sqlite: Sqlite
  readonly #options: Required<DurableHistoryOptions>
  #open: Statements | undefined
  #lastMs: number | undefined
  #isTroubled = false
  #folding: Promise<void> | undefined
  #isClosed = false

  /**
   * Opens the file. Node 22 says once, as an ExperimentalWarning, that its SQLite is experimental.
   *
   * @throws HistoryFileError as `openFile` does; Error where this Node has no SQLite.
   */
  static async open(options: DurableHistoryOptions): Promise<DurableHistory> {
    return new DurableHistory(await import('node:sqlite'), options)
  }

  private constructor(sqlite: Sqlite, options: DurableHistoryOptions) {
    this.#sqlite = sqlite
    const path = resolve(options.path)
    this.#options = { onFailure: () => {}, compactionIntervalMs: 3_600_000, minFreeBytes: 64 * 2 ** 20, ...options, path }
    this.#open = this.#openFile()
  }

  /** When the process that wrote last is known to have been alive; undefined where nothing was written before `nowMs`. */
  aliveMs(nowMs: number): number | undefined {
    return this.#read(({ alive }) => alive.get(nowMs, nowMs)) as number | undefined
  }

  /** The text that was kept under this name. */
  metadata(name: string): string | undefined {
    return this.#read((open) => open.metadata.get(name)) as string | undefined
  }

  /** Keeps a text beyond the process; false where that failed. */
  setMetadata(name: string, value: string): boolean {
    return this.#attempt((open) => {
      assertFreeSpace(dirname(this.#options.path), this.#options.minFreeBytes)
      open.setMetadata.run(name, value)
    })
  }

  /** Appends what was stored to a history in memory, in slices. Call it before the first `append`. */
  async restore(history: History, nowMs: number, intervalMs: number): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    const slices = new TimeSlices()
    const shouldContinue = (): boolean => !this.#isClosed && this.#open === open
    try {
      const blocks = blocksSince(open.database, nowMs - this.#options.retentionMs, slices, (error) => this.#say(error))
      await restoreHistory(history, blocks, {
        nowMs,
        intervalMs,
        slices,
        shouldContinue,
        seriesAt: (place) => open.seriesIds.seriesAt(place),
      })
    } catch (error) {
      this.#trouble(error)
    }
  }

  /** Writes one moment, later than the one before; then takes its turn at folding and cleaning up. */
  append(timeMs: number, samples: readonly Sample[]): void {
    if (this.#lastMs !== undefined && timeMs <= this.#lastMs) return
    const isWritten = this.#attempt(({ database, seriesIds, retention, insert }) => {
      assertFreeSpace(dirname(this.#options.path), this.#options.minFreeBytes)
      transaction(database, () => {
        const placed = samples
          .filter(({ value }) => Number.isFinite(value))
          .map(({ series, value }) => ({ place: seriesIds.idOf(series, timeMs), value }))
        const tick = new Float64Array(seriesIds.width).fill(Number.NaN)
        for (const { place, value } of placed) tick[place] = value
        insert.run(timeMs, new Uint8Array(tick.buffer))
      })
      this.#lastMs = timeMs
      retention.enforce(timeMs)
    })
    if (!isWritten) return
    this.#folding ??= this.#fold(timeMs).finally(() => {
      this.#folding = undefined
    })
  }

  /** Closes the file. What is under way sees it and stops: nothing is waited for. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.#open?.database.close()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.logger.warn({ reason, path: this.#options.path }, 'the history may not have been closed well')
    }
    this.#open = undefined
  }

  async #fold(nowMs: number): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    const shouldContinue = (): boolean => !this.#isClosed && this.#open === open
    try {
      while (
        shouldContinue() &&
        (await compactOldest(open.database, nowMs, this.#options.compactionIntervalMs, shouldContinue))
      ) {}
    } catch (error) {
      this.#trouble(error)
    }
  }

  /** The one value of a row; undefined where there is none, or where it cannot be read. */
  #read(query: (open: Statements) => object | undefined): unknown {
    let row: object | undefined
    this.#attempt((open) => {
      row = query(open)
    })
    return Object.values(row ?? {})[0] ?? undefined
  }

  #attempt(work: (open: Statements) => void): boolean {
    if (this.#isClosed) return false
    try {
      this.#open ??= this.#openFile()
      work(this.#open)
      if (this.#isTroubled) this.#options.logger.info({ path: this.#options.path }, 'the history is written again')
      this.#isTroubled = false
      return true
    } catch (error) {
      this.#trouble(error)
      return false
    }
  }

  #trouble(error: unknown): void {
    // Work that was under way when the file was closed.
    if (this.#isClosed) return
    this.#say(error)
    if (this.#open === undefined) return
    const { logger, path } = this.#options
    try {
      // What was taken back is still known here: places are read anew.
      this.#open = isDamage(error) ? this.#replaceDamaged(this.#open) : prepareStatements(this.#open.database, this.#options)
    } catch (second) {
      logger.error({ reason: second instanceof Error ? second.message : String(second), path }, 'the history has no file')
      this.#open = undefined
    }
  }

  #say(error: unknown): void {
    const { onFailure, logger, path } = this.#options
    onFailure()
    const reason = error instanceof Error ? error.message : String(error)
    if (!this.#isTroubled) logger.error({ reason, path }, 'the history cannot use its file')
    this.#isTroubled = true
  }

  #replaceDamaged({ database }: Statements): Statements {
    database.close()
    this.#open = undefined
    this.#sayDamaged(quarantine(this.#options.path))
    return this.#openFile()
  }

  #openFile(): Statements {
    const { database, quarantinedAs } = openFile(this.#sqlite, this.#options.path)
    if (quarantinedAs !== undefined) this.#sayDamaged(quarantinedAs)
    return prepareStatements(database, this.#options)
  }

  #sayDamaged(setAsideAs: string): void {
    const { path, logger, onFailure } = this.#options
    onFailure()
    logger.error({ path, setAsideAs }, 'the history was damaged, and begins anew')
  }
}
