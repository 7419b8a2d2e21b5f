import { statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readPragma } from './file.ts'
import type { Runs } from './runs.ts'
import type { SeriesIds } from './series-ids.ts'
import { transaction } from './transaction.ts'

/** Limits of a history file. */
export interface RetentionOptions {
  /** Samples with more than this of recordings after them are deleted, in milliseconds. A pause counts as an hour at most. */
  readonly retentionMs: number
  /** If the file and its journal contain more than this, in bytes, the oldest samples are deleted. */
  readonly maxBytes: number
}

/** Work of one call: a file that is much too large shrinks over many samples. */
const maxRowsPerDelete = 64
const bytesPerDelete = 2 ** 20
const pagesPerVacuum = 64
const maxJournalBytes = 4 * 2 ** 20

interface BlockRow {
  readonly id: number
  readonly from_ms: number
  readonly to_ms: number
}

/** Deletes the oldest samples of a file while it exceeds its limits. */
export class Retention {
  readonly #database: DatabaseSync
  readonly #seriesIds: SeriesIds
  readonly #runs: Runs
  readonly #options: RetentionOptions & { readonly path: string }
  readonly #pageBytes: number
  readonly #oldestBlock: StatementSync
  readonly #oldestRow: StatementSync
  readonly #pageCount: StatementSync
  readonly #freePageCount: StatementSync

  constructor(database: DatabaseSync, seriesIds: SeriesIds, runs: Runs, options: RetentionOptions & { readonly path: string }) {
    this.#runs = runs
    this.#database = database
    this.#seriesIds = seriesIds
    this.#options = options
    this.#pageBytes = readPragma(database, 'page_size')
    this.#oldestBlock = database.prepare('SELECT id, from_ms, to_ms FROM chunk ORDER BY id LIMIT 1')
    this.#oldestRow = database.prepare('SELECT min(time_ms) AS oldest FROM tick')
    this.#pageCount = database.prepare('PRAGMA page_count')
    this.#freePageCount = database.prepare('PRAGMA freelist_count')
  }

  /** Deletes a block, or a limited number of rows. Call it after each write, with its recording time. */
  enforce(nowMs: number): void {
    this.#shrinkJournal()
    const fromMs = nowMs - this.#options.retentionMs
    if (this.#isWithinLimits(fromMs)) return
    transaction(this.#database, () => {
      this.#deleteOldest(fromMs)
      const oldestMs = Math.min(
        this.#readOldestBlock()?.from_ms ?? Number.POSITIVE_INFINITY,
        this.#readOldestRowMs() ?? Number.POSITIVE_INFINITY,
      )
      if (Number.isFinite(oldestMs)) {
        this.#seriesIds.deleteOlderThan(oldestMs)
        this.#runs.deleteOlderThan(oldestMs)
      }
    })
    // SQLite reuses free pages before the file grows, so they are returned to the file system only if the file itself is too large.
    if (this.fileBytes > this.#options.maxBytes) this.#database.exec(`PRAGMA incremental_vacuum(${pagesPerVacuum})`)
  }

  /** Size of the file and its journal, in bytes. */
  get fileBytes(): number {
    return this.#readNumber(this.#pageCount) * this.#pageBytes + this.#journalBytes()
  }

  #journalBytes(): number {
    return statSync(`${this.#options.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }

  /** The journal keeps its size after a checkpoint; a large transaction would leave it large. */
  #shrinkJournal(): void {
    if (this.#journalBytes() > Math.min(maxJournalBytes, this.#options.maxBytes / 4))
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  #isWithinLimits(fromMs: number): boolean {
    const usedBytes = (this.#readNumber(this.#pageCount) - this.#readNumber(this.#freePageCount)) * this.#pageBytes
    if (usedBytes + this.#journalBytes() > this.#options.maxBytes) return false
    return (this.#readOldestBlock()?.to_ms ?? fromMs) >= fromMs && (this.#readOldestRowMs() ?? fromMs) >= fromMs
  }

  /** Deletes the oldest block, or the oldest rows if they are older. */
  #deleteOldest(fromMs: number): void {
    const block = this.#readOldestBlock()
    const rowMs = this.#readOldestRowMs()
    if (block !== undefined && (block.from_ms <= (rowMs ?? block.from_ms) || block.to_ms < fromMs)) {
      this.#database.prepare('DELETE FROM chunk WHERE id = ?').run(block.id)
      return
    }
    const rows = Math.floor(bytesPerDelete / (8 * Math.max(1, this.#seriesIds.width)))
    const oldestRows = 'SELECT time_ms FROM tick ORDER BY time_ms LIMIT ?'
    this.#database.prepare(`DELETE FROM tick WHERE time_ms IN (${oldestRows})`).run(Math.min(maxRowsPerDelete, Math.max(1, rows)))
  }

  #readOldestBlock(): BlockRow | undefined {
    return this.#oldestBlock.get() as BlockRow | undefined
  }

  #readOldestRowMs(): number | undefined {
    return (this.#oldestRow.get() as { oldest: number | null }).oldest ?? undefined
  }

  #readNumber(statement: StatementSync): number {
    return Object.values(statement.get() ?? {})[0] as number
  }
}
