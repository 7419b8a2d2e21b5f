import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readPragma } from './file.ts'
import type { SeriesIds } from './series-ids.ts'
import { transaction } from './transaction.ts'

export interface RetentionOptions {
  /** What is older than this goes. */
  readonly retentionMs: number
  /** Past this size of what is in the file, the oldest goes. */
  readonly maxBytes: number
}

/** A tick's share of cleaning up: a file that is much too big becomes smaller over many of them. */
const chunksAtOnce = 4
const ticksAtOnce = 64
const pagesAtOnce = 64

/** Takes away what is too old or too much, oldest first. */
export class Retention {
  readonly #database: DatabaseSync
  readonly #places: SeriesIds
  readonly #options: RetentionOptions
  readonly #pageBytes: number
  readonly #oldestChunk: StatementSync
  readonly #oldestTick: StatementSync
  readonly #pages: StatementSync
  readonly #free: StatementSync

  constructor(database: DatabaseSync, places: SeriesIds, options: RetentionOptions) {
    this.#database = database
    this.#places = places
    this.#options = options
    this.#pageBytes = readPragma(database, 'page_size')
    this.#oldestChunk = database.prepare('SELECT id, from_ms, to_ms FROM chunk ORDER BY from_ms LIMIT 1')
    this.#oldestTick = database.prepare('SELECT min(time_ms) AS oldest FROM tick')
    this.#pages = database.prepare('PRAGMA page_count')
    this.#free = database.prepare('PRAGMA freelist_count')
  }

  /** Cleans up, a little at a time. */
  enforce(nowMs: number): void {
    const fromMs = nowMs - this.#options.retentionMs
    if (this.#isWithin(fromMs)) return
    transaction(this.#database, () => {
      for (let count = 0; count < chunksAtOnce && !this.#isWithin(fromMs); count++) if (!this.#drop(fromMs)) break
      const oldest = Math.min(this.#chunk()?.from_ms ?? Number.POSITIVE_INFINITY, this.#tickMs() ?? Number.POSITIVE_INFINITY)
      if (Number.isFinite(oldest)) this.#places.forgetOlderThan(oldest)
    })
    // Free pages are written again before the file grows: only a file that is too big itself gives them back.
    if (this.#count(this.#pages) * this.#pageBytes > this.#options.maxBytes)
      this.#database.exec(`PRAGMA incremental_vacuum(${pagesAtOnce})`)
  }

  #isWithin(fromMs: number): boolean {
    const usedBytes = (this.#count(this.#pages) - this.#count(this.#free)) * this.#pageBytes
    if (usedBytes > this.#options.maxBytes) return false
    return (this.#chunk()?.to_ms ?? fromMs) >= fromMs && (this.#tickMs() ?? fromMs) >= fromMs
  }

  /** Drops the oldest chunk or, where there is none, the oldest ticks; false where there is nothing to drop. */
  #drop(fromMs: number): boolean {
    const chunk = this.#chunk()
    const tickMs = this.#tickMs()
    if (chunk !== undefined && (chunk.from_ms <= (tickMs ?? chunk.from_ms) || chunk.to_ms < fromMs)) {
      this.#database.prepare('DELETE FROM chunk WHERE id = ?').run(chunk.id)
      return true
    }
    return (
      this.#database
        .prepare(`DELETE FROM tick WHERE time_ms IN (SELECT time_ms FROM tick ORDER BY time_ms LIMIT ${ticksAtOnce})`)
        .run().changes > 0
    )
  }

  #chunk(): { id: number; from_ms: number; to_ms: number } | undefined {
    return this.#oldestChunk.get() as { id: number; from_ms: number; to_ms: number } | undefined
  }

  #tickMs(): number | undefined {
    return (this.#oldestTick.get() as { oldest: number | null }).oldest ?? undefined
  }

  #count(statement: StatementSync): number {
    return Object.values(statement.get() ?? {})[0] as number
  }
}
