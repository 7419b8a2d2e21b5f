/** What the deletion of a table reveals. Unknown values are left out. */
export interface CompactionInput {
  /** The size of a table that a compaction has read, in bytes. */
  readonly bytes?: number
  /** What the last compaction has read and written in all, in bytes; known when the last of its input tables is deleted. */
  readonly compaction?: { readonly inputBytes: number; readonly outputBytes: number }
}

/** A compaction that has ended, with input tables that are being deleted. */
interface EndedCompaction {
  readonly inputFiles: number
  readonly outputBytes: number
  deleted: number
  /** The size of the deleted input tables; undefined if one is unknown. */
  bytes: number | undefined
}

/**
 * Determines how many bytes LevelDB's compactions read. The log reports how many tables a compaction read and, right after
 * it, which tables are deleted; their sizes are known from when they were written, or from `leveldb.sstables`. An open
 * iterator delays deletions: such tables are counted when they are deleted. Until then, a deletion cannot be attributed to
 * one compaction, so no write amplification is reported.
 */
export class CompactionInputs {
  #sizes = new Map<number, number>()
  #ended: EndedCompaction | undefined
  /** How many input tables are not deleted yet. */
  #pendingDeletions = 0

  /** The engine opened the store and has removed the tables it no longer needs. */
  onRestart(): void {
    this.#ended = undefined
    this.#pendingDeletions = 0
  }

  /** Adds a table that is part of the store. */
  addTable(table: number, bytes: number): void {
    this.#sizes.set(table, bytes)
  }

  /** Sets the tables that are part of the store now. */
  updateTables(tables: ReadonlyMap<number, number>): void {
    // Many more tables mean that deletions were missed. A few may be about to be deleted, or be new.
    if (this.#sizes.size > 2 * tables.size + 1000) this.#sizes = new Map(tables)
    else for (const [table, bytes] of tables) this.#sizes.set(table, bytes)
  }

  /** A compaction has ended; the deletions of its input tables follow. */
  onCompactionEnd(inputFiles: number, outputBytes: number): void {
    this.#ended = { inputFiles, outputBytes, deleted: 0, bytes: this.#pendingDeletions === 0 ? 0 : undefined }
    this.#pendingDeletions += inputFiles
  }

  /** Another job begins: input tables that are not deleted by now are delayed. */
  endDeletions(): void {
    this.#ended = undefined
  }

  /** A table was deleted. Returns what that reveals. */
  onTableDeleted(table: number): CompactionInput {
    const bytes = this.#sizes.get(table)
    this.#sizes.delete(table)
    this.#pendingDeletions = Math.max(0, this.#pendingDeletions - 1)
    const compaction = this.#countDeletion(bytes)
    return { ...(bytes !== undefined && { bytes }), ...(compaction !== undefined && { compaction }) }
  }

  #countDeletion(bytes: number | undefined): CompactionInput['compaction'] {
    const compaction = this.#ended
    if (compaction === undefined) return undefined
    compaction.deleted++
    compaction.bytes = bytes === undefined || compaction.bytes === undefined ? undefined : compaction.bytes + bytes
    return compaction.deleted === compaction.inputFiles && compaction.bytes
      ? { inputBytes: compaction.bytes, outputBytes: compaction.outputBytes }
      : undefined
  }
}
