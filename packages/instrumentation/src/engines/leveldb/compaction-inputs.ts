/** What became known when a table was deleted; what is unknown is left out. */
export interface CompactionInput {
  /** The size of a table that a compaction has read. */
  readonly bytes?: number
  /** Output over input of the last compaction: known with the last of the tables that it read. */
  readonly writeAmplification?: number
}

/** The compaction whose tables are being deleted. */
interface Ended {
  readonly inputFiles: number
  readonly outputBytes: number
  deleted: number
  /** What the deleted ones add up to; undefined once it cannot be said. */
  bytes: number | undefined
}

/**
 * How much LevelDB's compactions read. Its log says how many tables that were and, right behind, which ones are deleted;
 * their sizes were told when they were written, or by `leveldb.sstables`. An open iterator keeps tables from being deleted:
 * they are added when they are, and until then nobody can tell which compaction's tables go, so that none has a write
 * amplification.
 */
export class CompactionInputs {
  #sizes = new Map<number, number>()
  #ended: Ended | undefined
  /** How many tables were read and not yet deleted. */
  #kept = 0

  /** The engine opened the store: what it did not need any more is gone. */
  onRestart(): void {
    this.#ended = undefined
    this.#kept = 0
  }

  /** A table is part of the store. */
  addTable(table: number, bytes: number): void {
    this.#sizes.set(table, bytes)
  }

  /** These tables are part of the store now, and no others. */
  updateTables(tables: ReadonlyMap<number, number>): void {
    // More means that deletions were missed. A few may be on their way out, or have come since.
    if (this.#sizes.size > 2 * tables.size + 1000) this.#sizes = new Map(tables)
    else for (const [table, bytes] of tables) this.#sizes.set(table, bytes)
  }

  /** A compaction is over; the deletions of what it read follow. */
  onCompactionEnd(inputFiles: number, outputBytes: number): void {
    this.#ended = { inputFiles, outputBytes, deleted: 0, bytes: this.#kept === 0 ? 0 : undefined }
    this.#kept += inputFiles
  }

  /** The next piece of work begins: what the last compaction read and is not deleted by now is kept. */
  endDeletions(): void {
    this.#ended = undefined
  }

  onTableDeleted(table: number): CompactionInput {
    const bytes = this.#sizes.get(table)
    this.#sizes.delete(table)
    this.#kept = Math.max(0, this.#kept - 1)
    const writeAmplification = this.#amplification(bytes)
    return { ...(bytes !== undefined && { bytes }), ...(writeAmplification !== undefined && { writeAmplification }) }
  }

  #amplification(bytes: number | undefined): number | undefined {
    const ended = this.#ended
    if (ended === undefined) return undefined
    ended.deleted++
    ended.bytes = bytes === undefined || ended.bytes === undefined ? undefined : ended.bytes + bytes
    return ended.deleted === ended.inputFiles && ended.bytes ? ended.outputBytes / ended.bytes : undefined
  }
}
