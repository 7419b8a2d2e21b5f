import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './descriptor.ts'
import { stat } from './file-access.ts'
import { fileSlots } from './slots.ts'

/** What a file of a store is for. */
export type FileKind = 'table' | 'wal' | 'value_log' | 'other'

/** The size of a store's files in bytes, by kind. */
export interface DiskUsage {
  readonly bytes: Readonly<Record<FileKind, number>>
  readonly totalBytes: number
}

/** How many entries of a folder are read at a time: the event loop is free between them. */
const entriesPerSlice = 128

/** The most entries of a folder that are read; of a folder with more, the usage is unknown. */
const maxEntries = 250_000

/** A folder is listed at most this share of the time. Of an ordinary folder that is every collection. */
const maxListingShare = 0.02

/** The folder has too many files, those of others included. */
export class FolderTooLargeError extends Error {
  readonly code = 'FOLDER_TOO_LARGE'
}

/**
 * Measures the files of a store that lie directly in its folder. Files of others are left out, and cost little even if there are very
 * many: the folder is listed in slices, and less often the longer that takes.
 */
export class FolderUsage {
  readonly #folder: string
  readonly #findKind: (name: string) => FileKind | undefined
  /** The store's files in the last listing. */
  #files: ReadonlyArray<readonly [name: string, kind: FileKind]> = []
  #nextListingMs = Number.NEGATIVE_INFINITY

  /** @param findKind returns a file's kind by its name; undefined if the file is not the store's. */
  constructor(folder: string, findKind: (name: string) => FileKind | undefined) {
    this.#folder = folder
    this.#findKind = findKind
  }

  /**
   * Returns the size of the files; undefined if there is no such folder. A file that disappears meanwhile counts as 0.
   *
   * @param knownBytes returns a file's size if it is known already, by its name; then the file is not read.
   * @throws FolderTooLargeError if the folder has too many files; the error of the system if one cannot be read.
   */
  async read(knownBytes: (name: string) => number | undefined = () => undefined): Promise<DiskUsage | undefined> {
    if (performance.now() >= this.#nextListingMs && !(await this.#list())) return undefined
    const bytes: Record<FileKind, number> = { table: 0, wal: 0, value_log: 0, other: 0 }
    const unknown: Array<readonly [name: string, kind: FileKind]> = []
    for (const file of this.#files) {
      const knownSize = knownBytes(file[0])
      if (knownSize === undefined) unknown.push(file)
      else bytes[file[1]] += knownSize
    }
    const read = async ([name, kind]: readonly [string, FileKind]): Promise<void> => {
      const size = await readSize(join(this.#folder, name))
      bytes[kind] += size
    }
    for (let start = 0; start < unknown.length; start += entriesPerSlice)
      await Promise.all(unknown.slice(start, start + entriesPerSlice).map(read))
    return { bytes, totalBytes: bytes.table + bytes.wal + bytes.value_log + bytes.other }
  }

  /** Lists the store's files. Returns false if there is no such folder. */
  async #list(): Promise<boolean> {
    const startMs = performance.now()
    const files: Array<readonly [name: string, kind: FileKind]> = []
    let entries = 0
    try {
      const folder = await fileSlots.run(() => opendir(this.#folder, { bufferSize: entriesPerSlice }))
      for await (const { name } of folder) {
        if (++entries > maxEntries) throw new FolderTooLargeError()
        const kind = this.#findKind(name)
        if (kind !== undefined) files.push([name, kind])
      }
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    } finally {
      const endMs = performance.now()
      // Not for an ordinary folder, whose listing takes a millisecond.
      if (entries > entriesPerSlice * 8) this.#nextListingMs = endMs + (endMs - startMs) / maxListingShare
    }
    this.#files = files
    return true
  }
}

async function readSize(path: string): Promise<number> {
  try {
    const status = await fileSlots.run(() => stat(path))
    return status.isFile() ? status.size : 0
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
