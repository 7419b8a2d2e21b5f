import { fstatSync, openSync } from 'node:fs'
import { closeFile, isMissing, readInto, readStatus } from '../files/descriptor.ts'
import { LineSplitter } from '../files/line-splitter.ts'

/** How many bytes are read and split at a time, which bounds how long the event loop is blocked. */
const chunkBytes = 65_536
/** The most bytes of one read; the next read continues there. */
const bytesPerRead = 4 * 1_048_576
/** Longer lines are skipped: those of compactions with about ten thousand tables. */
const maxLineBytes = 65_536

/**
 * Reads the file `LOG` of one opening of a RocksDB. Each opening begins a new file, and never changes to another one. A
 * process that tries to open the store again renames the file and leaves a new one with its error message, while the engine
 * continues with the old one. So only the file that was opened first is read.
 */
export class RocksDBLog {
  readonly #path: string
  readonly #from: 'beginning' | 'end'
  #descriptor: number | undefined
  /** The offset after the last line that was delivered or skipped. */
  #position = 0
  /** Whether the line at the position is skipped up to its end. */
  #isSkipping = false
  /** Whether there was no file when it was to be opened. */
  #isAbsent = true
  #isReading = false
  #isClosed = false

  constructor(path: string, from: 'beginning' | 'end') {
    this.#path = path
    this.#from = from
  }

  /**
   * Opens the file if it is not open. Synchronous, because the store may be closed and opened again before a promise settles.
   * Until the file can be opened, no lines are delivered. Returns why it cannot; undefined if it could, or if there is none: read-only
   * stores have no log.
   */
  open(): unknown {
    if (this.#isClosed || this.#descriptor !== undefined) return undefined
    let descriptor: number | undefined
    try {
      descriptor = openSync(this.#path, 'r')
      if (this.#from === 'end') {
        // From the last byte on: if that is a line end, the next line is complete.
        const { size } = fstatSync(descriptor)
        this.#position = Math.max(0, size - 1)
        this.#isSkipping = size > 0
      }
      this.#descriptor = descriptor
      this.#isAbsent = false
      return undefined
    } catch (error) {
      if (descriptor !== undefined) closeFile(descriptor)
      this.#isAbsent = isMissing(error)
      return this.#isAbsent ? undefined : error
    }
  }

  /** Delivers the complete lines since the last read, in order; one read at a time. Returns whether it reached the end. */
  async read(deliver: (line: string) => void): Promise<boolean> {
    if (this.#isReading) return false
    if (this.#descriptor === undefined) return this.#isAbsent
    this.#isReading = true
    try {
      return await this.#drain(this.#descriptor, deliver)
    } finally {
      this.#isReading = false
      if (this.#isClosed) this.#release()
    }
  }

  /** Closes the file and delivers no more lines. */
  close(): void {
    this.#isClosed = true
    // Not during a read: the number of a closed descriptor may be reused for another file.
    if (!this.#isReading) this.#release()
  }

  #release(): void {
    if (this.#descriptor !== undefined) closeFile(this.#descriptor)
    this.#descriptor = undefined
  }

  async #drain(descriptor: number, deliver: (line: string) => void): Promise<boolean> {
    const size = (await readStatus(descriptor))?.size
    if (size === undefined) return true
    // The file was truncated: lines are lost rather than delivered twice.
    if (size < this.#position) this.#position = size
    if (size === this.#position) return true
    const splitter = new LineSplitter(maxLineBytes, chunkBytes, this.#isSkipping)
    for (let read = 0; read < bytesPerRead && !this.#isClosed; ) {
      const bytes = await readInto(
        splitter.buffer,
        splitter.heldBytes,
        chunkBytes,
        descriptor,
        this.#position + splitter.heldBytes,
      )
      if (bytes === undefined || bytes === 0) return true
      read += bytes
      const { lines: complete, consumed } = splitter.take(bytes)
      this.#position += consumed
      this.#isSkipping = splitter.isSkipping
      for (const line of complete) deliver(line)
    }
    return false
  }
}
