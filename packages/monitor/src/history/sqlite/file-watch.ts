import { rmSync, type Stats, statSync } from 'node:fs'

/** What happened to a file that is open. */
export type FileChange = 'deleted' | 'replaced' | 'overwritten'

/**
 * Notices what others do to an open file: SQLite keeps writing to a file that was deleted or replaced, and does not read again what it has in
 * its cache.
 */
export class FileWatch {
  readonly #path: string
  #file: Stats | undefined
  #journal: Stats | undefined
  /** Whether writes of others are looked for: not on a file system whose times change by themselves. */
  #watchesWrites = true

  constructor(path: string) {
    this.#path = path
    this.note()
  }

  /** Keeps the state of the file after an own write. */
  note(): void {
    this.#file = statOf(this.#path)
    this.#journal = statOf(`${this.#path}-wal`)
  }

  /** Looks only for files that are deleted or replaced from now on. */
  ignoreWrites(): void {
    this.#watchesWrites = false
  }

  /** Removes the journal that was written, unless something else has its place already. */
  removeJournal(): void {
    const path = `${this.#path}-wal`
    if (this.#journal !== undefined && isSame(statOf(path), this.#journal)) rmSync(path, { force: true })
  }

  /** Returns what happened to the file since the last own write; undefined if nothing did. */
  change(): FileChange | undefined {
    const file = statOf(this.#path)
    if (file === undefined) return 'deleted'
    if (!isSame(file, this.#file)) return 'replaced'
    const journal = statOf(`${this.#path}-wal`)
    if (this.#journal !== undefined && !isSame(journal, this.#journal)) return journal === undefined ? 'deleted' : 'replaced'
    if (!this.#watchesWrites) return undefined
    const isWritten = [
      [file, this.#file],
      [journal, this.#journal],
    ].some(([now, before]) => now?.mtimeMs !== before?.mtimeMs || now?.size !== before?.size)
    return isWritten ? 'overwritten' : undefined
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function isSame(one: Stats | undefined, other: Stats | undefined): boolean {
  return one?.ino === other?.ino && one?.dev === other?.dev
}
