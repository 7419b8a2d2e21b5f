import { fstatSync, openSync } from 'node:fs'
import { closeFile, readInto, statusOf } from '../files/log-file.ts'
import { Lines } from '../files/log-lines.ts'

/** How much is read and cut at a time: the event loop waits for no more. */
const chunkBytes = 65_536
/** How much one read takes on at most; the next goes on from there. */
const bytesPerRead = 4 * 1_048_576
/** Longer lines, of compactions of ten thousand tables, are left out. */
const longestLineBytes = 65_536

/**
 * The file `LOG` of one opening of a RocksDB, which begins a new one each time and never in between. Whoever tries to open a
 * store that is open already moves the file away and leaves a new one in its place, with its complaint in it, while the
 * engine writes on in the old one: so the file that was there at first is followed, and no other.
 */
export class RocksDBLog {
  readonly #path: string
  readonly #from: 'beginning' | 'end'
  #descriptor: number | undefined
  /** Behind the last line that was delivered, or left out. */
  #position = 0
  /** Whether the line at the position is left out, up to its end. */
  #skipping = false
  #isReading = false
  #isClosed = false

  constructor(path: string, from: 'beginning' | 'end') {
    this.#path = path
    this.#from = from
  }

  /**
   * Opens the file, unless it is open. At once, because the store may be closed and opened again before one could wait.
   * Where there is none that can be read, nothing is delivered.
   */
  open(): void {
    if (this.#isClosed || this.#descriptor !== undefined) return
    try {
      this.#descriptor = openSync(this.#path, 'r')
      if (this.#from === 'beginning') return
      // From the last byte on: an end of line there is where the next one begins.
      const { size } = fstatSync(this.#descriptor)
      this.#position = Math.max(0, size - 1)
      this.#skipping = size > 0
    } catch {
      // Read-only stores have none.
    }
  }

  /**
   * Delivers the complete lines that have come since the last read, in their order; one read at a time.
   *
   * @returns whether these were all.
   */
  async read(deliver: (line: string) => void): Promise<boolean> {
    if (this.#isReading) return false
    if (this.#descriptor === undefined) return true
    this.#isReading = true
    try {
      return await this.#drain(this.#descriptor, deliver)
    } finally {
      this.#isReading = false
      if (this.#isClosed) this.#release()
    }
  }

  /** Lets go of the file; nothing is delivered any more. */
  close(): void {
    this.#isClosed = true
    // Not under a read: the number of a closed descriptor may be another file's at once.
    if (!this.#isReading) this.#release()
  }

  #release(): void {
    if (this.#descriptor !== undefined) closeFile(this.#descriptor)
    this.#descriptor = undefined
  }

  async #drain(descriptor: number, deliver: (line: string) => void): Promise<boolean> {
    const size = (await statusOf(descriptor))?.size
    if (size === undefined) return true
    // Somebody cut it off: what was written since is missed rather than told twice.
    if (size < this.#position) this.#position = size
    if (size === this.#position) return true
    const lines = new Lines(longestLineBytes, chunkBytes, this.#skipping)
    for (let read = 0; read < bytesPerRead && !this.#isClosed; ) {
      const bytes = await readInto(lines.buffer, lines.held, chunkBytes, descriptor, this.#position + lines.held)
      if (bytes === undefined || bytes === 0) return true
      read += bytes
      const { lines: complete, done } = lines.take(bytes)
      this.#position += done
      this.#skipping = lines.skipping
      for (const line of complete) deliver(line)
    }
    return false
  }
}
