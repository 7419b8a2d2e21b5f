import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readPragma } from './file.ts'
import type { SeriesIds } from './series-ids.ts'
import { transaction } from './transaction.ts'

/** Limits of a history file. */
export interface RetentionOptions {
  /** Samples older than this are deleted, in milliseconds. */
  readonly retentionMs: number
  /** If the file contains more than this, in bytes, the oldest samples are deleted. */
  readonly maxBytes: number
}

/** Work of one call: a file that is much too large shrinks over many samples. */
const maxDeletesPerCall = 4
const rowsPerDelete = 64
const pagesPerVacuum = 64

interface BlockRow {
  readonly id: number
  readonly from_ms: number
  readonly to_ms: number
}

/** Deletes the oldest samples of a file while it exceeds its limits. */
export class Retention {
  readonly #database: DatabaseSync
  readonly #seriesIds: SeriesIds
  readonly #options: RetentionOptions
  readonly #pageBytes: number
  readonly #oldestBlock: StatementSync
  readonly #oldestRow: StatementSync
  readonly #pageCount: StatementSync
  readonly #freePageCount: StatementSync

  constructor(database: DatabaseSync, seriesIds: SeriesIds, options: RetentionOptions) {
    this.#database = database
    this.#seriesIds = seriesIds
    this.#options = options
    this.#pageBytes = readPragma(database, 'page_size')
    this.#oldestBlock = database.prepare('SELECT id, from_ms, to_ms FROM chunk ORDER BY from_ms LIMIT 1')
    this.#oldestRow = database.prepare('SELECT min(time_ms) AS oldest FROM tick')
    this.#pageCount = database.prepare('PRAGMA page_count')
    this.#freePageCount = database.prepare('PRAGMA freelist_count')
  }

  /** Deletes a limited number of blocks or rows. Call it after each write. */
  enforce(nowMs: number): void {
    const fromMs = nowMs - this.#options.retentionMs
    if (this.#isWithinLimits(fromMs)) return
    transaction(this.#database, () => {
      for (let count = 0; count < maxDeletesPerCall && !this.#isWithinLimits(fromMs); count++) {
        if (!this.#deleteOldest(fromMs)) break
      }
      const oldestMs = Math.min(
        this.#readOldestBlock()?.from_ms ?? Number.POSITIVE_INFINITY,
        this.#readOldestRowMs() ?? Number.POSITIVE_INFINITY,
      )
      if (Number.isFinite(oldestMs)) this.#seriesIds.deleteOlderThan(oldestMs)
    })
    // SQLite reuses free pages before the file grows, so they are returned to the file system only if the file itself is too large.
    if (this.#readNumber(this.#pageCount) * this.#pageBytes > this.#options.maxBytes)
      this.#database.exec(`PRAGMA incremental_vacuum(${pagesPerVacuum})`)
  }

  #isWithinLimits(fromMs: number): boolean {
    const usedBytes = (this.#readNumber(this.#pageCount) - this.#readNumber(this.#freePageCount)) * this.#pageBytes
    if (usedBytes > this.#options.maxBytes) return false
    return (this.#readOldestBlock()?.to_ms ?? fromMs) >= fromMs && (this.#readOldestRowMs() ?? fromMs) >= fromMs
  }

  /** Deletes the oldest block, or the oldest rows if they are older. Returns whether anything was deleted. */
  #deleteOldest(fromMs: number): boolean {
    const block = this.#readOldestBlock()
    const rowMs = this.#readOldestRowMs()
    if (block !== undefined && (block.from_ms <= (rowMs ?? block.from_ms) || block.to_ms < fromMs)) {
      this.#database.prepare('DELETE FROM chunk WHERE id = ?').run(block.id)
      return true
    }
    const oldestRows = `SELECT time_ms FROM tick ORDER BY time_ms LIMIT ${rowsPerDelete}`
    return this.#database.prepare(`DELETE FROM tick WHERE time_ms IN (${oldestRows})`).run().changes > 0
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
