import { closeFile, headOf, isAt, openFile, readInto, statusOf } from './log-file.ts'
import { Lines } from './log-lines.ts'

/** How much is read and cut at a time: the event loop waits for no more. */
const chunkBytes = 65_536

/** Where the lines go. */
export interface LineSink {
  /** A line that is complete, without its end. */
  onLine(text: string): void
  /** The lines to come are from a new file, or from one that was written anew. */
  onRestart(): void
}

export interface LogFollowerOptions {
  /** Where to begin: what is there before the `end` is not ours to count (default `beginning`). */
  readonly from?: 'beginning' | 'end'
  /** How much one read takes on at most; the next goes on from there (default 1 MiB). */
  readonly bytesPerRead?: number
  /** Longer lines are left out (default 64 KiB). */
  readonly longestLineBytes?: number
}

/** How far one read came. */
export interface LogReading {
  /** Bytes read. */
  readonly bytes: number
  /** Whether that was everything there is. Also false where there is no file, or none that can be read. */
  readonly caughtUp: boolean
  /** Unix time in milliseconds at which the engine wrote last, where that is known. */
  readonly writtenMs: number | undefined
}

interface OpenFile {
  readonly descriptor: number
  /** Behind the last line that was delivered, or left out. */
  position: number
  /** Whether the line at the position is left out, up to its end. */
  skipping: boolean
  head: Buffer
}

type Progress = { -readonly [Key in keyof LogReading]: LogReading[Key] }

/**
 * Follows a text file that an engine writes, line by line and whatever they say. The file stays open in between, so that it
 * is read to its end also when the engine has moved it away and begun a new one. No line comes twice: where a file was cut
 * off and written on before we looked, lines are missed rather than repeated.
 */
export class LogFollower {
  readonly #path: string
  readonly #bytesPerRead: number
  readonly #longestLineBytes: number
  #from: 'beginning' | 'end'
  #file: OpenFile | undefined
  #reading = false
  #closed = false

  /** @throws RangeError when a line would not fit in a read. */
  constructor(
    path: string,
    { from = 'beginning', bytesPerRead = 1_048_576, longestLineBytes = 65_536 }: LogFollowerOptions = {},
  ) {
    if (!(longestLineBytes >= 1 && bytesPerRead > longestLineBytes)) {
      throw new RangeError(
        `bytesPerRead must be more than longestLineBytes, got ${bytesPerRead} and ${longestLineBytes}: a read that ends within a line comes no further`,
      )
    }
    this.#path = path
    this.#from = from
    this.#bytesPerRead = bytesPerRead
    this.#longestLineBytes = longestLineBytes
  }

  /**
   * Delivers the complete lines that have come since the last read, in their order; one read at a time. It rejects with what
   * the sink throws and nothing else: where the file cannot be read, the next read goes on at the same place.
   */
  async read(sink: LineSink): Promise<LogReading> {
    const progress: Progress = { bytes: 0, caughtUp: false, writtenMs: undefined }
    if (this.#closed || this.#reading) return progress
    this.#reading = true
    try {
      while (!this.#closed && (await this.#advance(sink, progress))) {
        // The engine has gone on to another file.
      }
    } finally {
      this.#reading = false
      if (this.#closed) this.#release()
    }
    return progress
  }

  /** Lets go of the file; nothing is delivered any more. */
  close(): void {
    this.#closed = true
    // Not under a read: the number of a closed descriptor may be another file's at once.
    if (!this.#reading) this.#release()
  }

  #release(): void {
    if (this.#file !== undefined) closeFile(this.#file.descriptor)
    this.#file = undefined
  }

  /** Reads the file at hand to its end. True where another one is at hand then, because the engine has gone on to it. */
  async #advance(sink: LineSink, progress: Progress): Promise<boolean> {
    this.#file ??= await this.#begin()
    const current = this.#file
    if (current === undefined || !(await this.#drain(current, sink, progress))) return false
    const next = await this.#successorOf(current)
    progress.caughtUp = next === undefined
    if (next === undefined) return false
    this.#release()
    // Where we are goes with us: the file may be a copy of ours, put back in its place.
    this.#file = { ...current, descriptor: next }
    return true
  }

  async #begin(): Promise<OpenFile | undefined> {
    const from = this.#from
    this.#from = 'beginning'
    const descriptor = await openFile(this.#path)
    if (descriptor === undefined) return undefined
    const status = await statusOf(descriptor)
    if (!status?.isFile()) {
      closeFile(descriptor)
      return undefined
    }
    const begun = { descriptor, position: 0, skipping: false, head: Buffer.alloc(0) }
    if (from === 'beginning' || status.size === 0) return begun
    // From the last byte on: an end of line there is where the next one begins.
    return { ...begun, position: status.size - 1, skipping: true }
  }

  /**
   * The file that is now where ours was. An empty one is not: who tries to open a store that another process has open moves
   * its log away too, and leaves an empty one behind, while the engine goes on with ours. Nor is one too short to tell.
   */
  async #successorOf({ descriptor, head }: OpenFile): Promise<number | undefined> {
    if ((await isAt(this.#path, descriptor)) !== false) return undefined
    const next = await openFile(this.#path)
    if (next === undefined) return undefined
    const theirs = await headOf(next)
    if (theirs?.length && (theirs.length >= head.length || !head.subarray(0, theirs.length).equals(theirs))) return next
    closeFile(next)
    return undefined
  }

  /** Delivers what is complete. False where it did not come to the end. */
  async #drain(current: OpenFile, sink: LineSink, progress: Progress): Promise<boolean> {
    const { descriptor } = current
    const status = await statusOf(descriptor)
    if (status === undefined || !(await this.#checkHead(current, status.size, sink))) return false
    progress.writtenMs = status.mtimeMs
    if (status.size === current.position) return true
    const lines = new Lines(this.#longestLineBytes, chunkBytes, current.skipping)
    for (;;) {
      const length = Math.min(chunkBytes, this.#bytesPerRead - progress.bytes)
      if (length === 0) return false
      const bytes = await readInto(lines.buffer, lines.held, length, descriptor, current.position + lines.held)
      if (bytes === undefined || this.#closed) return false
      if (bytes === 0) return true
      progress.bytes += bytes
      const { lines: complete, done } = lines.take(bytes)
      current.position += done
      current.skipping = lines.skipping
      for (const line of complete) sink.onLine(line)
    }
  }

  /** A file that was cut off goes on at its end; another one, or one written anew, begins. False where it cannot be read. */
  async #checkHead(current: OpenFile, size: number, sink: LineSink): Promise<boolean> {
    const head = await headOf(current.descriptor)
    if (head === undefined) return false
    const common = Math.min(head.length, current.head.length)
    const isSame = head.subarray(0, common).equals(current.head.subarray(0, common))
    current.head = head
    if (isSame && size >= current.position) return true
    current.position = isSame ? size : 0
    current.skipping = false
    if (!isSame) sink.onRestart()
    return true
  }
}
