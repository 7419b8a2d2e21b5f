import { dirname, resolve } from 'node:path'
import type { Logger } from '../logger.ts'
import { blocksSince } from './durable-blocks.ts'
import { fill } from './durable-fill.ts'
import { type Open, openOn } from './durable-open.ts'
import type { RetentionOptions } from './durable-retention.ts'
import { requireRoom } from './durable-room.ts'
import { Slices } from './durable-slices.ts'
import { foldOldest } from './fold.ts'
import type { History } from './history.ts'
import type { Sample } from './series.ts'
import { isDamage, openFile, type Sqlite, setAside } from './sqlite-file.ts'
import { transaction } from './sqlite-transaction.ts'

export interface DurableHistoryOptions extends RetentionOptions {
  /** The file; beside it, while it is open, lies one that ends in `-wal`. */
  readonly path: string
  readonly logger: Logger
  /** Something could not be written or read. */
  readonly failed?: () => void
  /** After how long ticks become a chunk (default one hour). */
  readonly foldPeriodMs?: number
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
  #open: Open | undefined
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
    this.#options = { failed: () => {}, foldPeriodMs: 3_600_000, minFreeBytes: 64 * 2 ** 20, ...options, path }
    this.#open = this.#openFile()
  }

  /** When the process that wrote last is known to have been alive; undefined where nothing was written before `nowMs`. */
  aliveMs(nowMs: number): number | undefined {
    return this.#read(({ alive }) => alive.get(nowMs, nowMs)) as number | undefined
  }

  /** The text that was kept under this name. */
  kept(name: string): string | undefined {
    return this.#read((open) => open.kept.get(name)) as string | undefined
  }

  /** Keeps a text beyond the process; false where that failed. */
  keep(name: string, value: string): boolean {
    return this.#attempt((open) => {
      requireRoom(dirname(this.#options.path), this.#options.minFreeBytes)
      open.keep.run(name, value)
    })
  }

  /** Appends what was stored to a history in memory, in slices. Call it before the first `append`. */
  async fill(history: History, nowMs: number, intervalMs: number): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    const slices = new Slices()
    const goesOn = (): boolean => !this.#isClosed && this.#open === open
    try {
      const blocks = blocksSince(open.database, nowMs - this.#options.retentionMs, slices, (error) => this.#say(error))
      await fill(history, blocks, { nowMs, intervalMs, slices, goesOn, seriesAt: (place) => open.places.seriesAt(place) })
    } catch (error) {
      this.#trouble(error)
    }
  }

  /** Writes one moment, later than the one before; then takes its turn at folding and cleaning up. */
  append(timeMs: number, samples: readonly Sample[]): void {
    if (this.#lastMs !== undefined && timeMs <= this.#lastMs) return
    const isWritten = this.#attempt(({ database, places, retention, insert }) => {
      requireRoom(dirname(this.#options.path), this.#options.minFreeBytes)
      transaction(database, () => {
        const placed = samples
          .filter(({ value }) => Number.isFinite(value))
          .map(({ series, value }) => ({ place: places.placeOf(series, timeMs), value }))
        const tick = new Float64Array(places.width).fill(Number.NaN)
        for (const { place, value } of placed) tick[place] = value
        insert.run(timeMs, new Uint8Array(tick.buffer))
      })
      this.#lastMs = timeMs
      retention.keep(timeMs)
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
    const goesOn = (): boolean => !this.#isClosed && this.#open === open
    try {
      while (goesOn() && (await foldOldest(open.database, nowMs, this.#options.foldPeriodMs, goesOn))) {}
    } catch (error) {
      this.#trouble(error)
    }
  }

  /** The one value of a row; undefined where there is none, or where it cannot be read. */
  #read(query: (open: Open) => object | undefined): unknown {
    let row: object | undefined
    this.#attempt((open) => {
      row = query(open)
    })
    return Object.values(row ?? {})[0] ?? undefined
  }

  #attempt(work: (open: Open) => void): boolean {
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
      this.#open = isDamage(error) ? this.#replaceDamaged(this.#open) : openOn(this.#open.database, this.#options)
    } catch (second) {
      logger.error({ reason: second instanceof Error ? second.message : String(second), path }, 'the history has no file')
      this.#open = undefined
    }
  }

  #say(error: unknown): void {
    const { failed, logger, path } = this.#options
    failed()
    const reason = error instanceof Error ? error.message : String(error)
    if (!this.#isTroubled) logger.error({ reason, path }, 'the history cannot use its file')
    this.#isTroubled = true
  }

  #replaceDamaged({ database }: Open): Open {
    database.close()
    this.#open = undefined
    this.#sayDamaged(setAside(this.#options.path))
    return this.#openFile()
  }

  #openFile(): Open {
    const { database, setAsideAs } = openFile(this.#sqlite, this.#options.path)
    if (setAsideAs !== undefined) this.#sayDamaged(setAsideAs)
    return openOn(database, this.#options)
  }

  #sayDamaged(setAsideAs: string): void {
    const { path, logger, failed } = this.#options
    failed()
    logger.error({ path, setAsideAs }, 'the history was damaged, and begins anew')
  }
}
