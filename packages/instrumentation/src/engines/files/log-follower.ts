import { closeFile, isFileAt, isMissing, openFile, readHead, readInto, readStatus } from './descriptor.ts'
import { LineSplitter } from './line-splitter.ts'

/** How many bytes are read and split at a time, which bounds how long the event loop is blocked. */
const chunkBytes = 65_536

/** Receives the lines of a log. */
export interface LineSink {
  /** Called for each complete line, without its line end. */
  onLine(text: string): void
  /** Called before the first line of a new file, or of a file that was rewritten. */
  onRestart(): void
}

/** Options of a `LogFollower`. */
export interface LogFollowerOptions {
  /** Where to start in a file that exists already (default `beginning`). */
  readonly from?: 'beginning' | 'end'
  /** The most bytes of one read; the next read continues there (default 1 MiB). */
  readonly bytesPerRead?: number
  /** Longer lines are skipped (default 64 KiB). */
  readonly maxLineBytes?: number
}

/** The result of one read. */
export interface LogReadResult {
  /** How many bytes were read. */
  readonly bytes: number
  /** Whether the file was read to its end; false if there is no file or it cannot be read. */
  readonly isComplete: boolean
  /** Why the file could not be opened; undefined if it was, or if there is none. */
  readonly failure: unknown
  /** Unix time in milliseconds of the engine's last write; undefined if it is unknown. */
  readonly writtenMs: number | undefined
}

interface OpenFile {
  readonly descriptor: number
  /** The offset after the last line that was delivered or skipped. */
  position: number
  /** Whether the line at the position is skipped up to its end. */
  isSkipping: boolean
  /** The first bytes, which identify the file. */
  head: Buffer
}

type Progress = { -readonly [Key in keyof LogReadResult]: LogReadResult[Key] }

/**
 * Follows a text file that an engine writes, line by line. The file stays open between reads, so it is read to its end even
 * if the engine has renamed it and begun a new one. No line is delivered twice: if a file was truncated and extended between
 * two reads, lines are lost rather than repeated.
 */
export class LogFollower {
  readonly #path: string
  readonly #bytesPerRead: number
  readonly #maxLineBytes: number
  #from: 'beginning' | 'end'
  #file: OpenFile | undefined
  #isReading = false
  #isClosed = false

  /** @throws RangeError if a line could be longer than a read. */
  constructor(path: string, { from = 'beginning', bytesPerRead = 1_048_576, maxLineBytes = 65_536 }: LogFollowerOptions = {}) {
    if (!(maxLineBytes >= 1 && bytesPerRead > maxLineBytes)) {
      throw new RangeError(
        `bytesPerRead must be more than maxLineBytes, got ${bytesPerRead} and ${maxLineBytes}: a read that ends inside a line makes no progress`,
      )
    }
    this.#path = path
    this.#from = from
    this.#bytesPerRead = bytesPerRead
    this.#maxLineBytes = maxLineBytes
  }

  /**
   * Delivers the complete lines since the last read, in order; one read at a time. Rejects only if the sink throws. If the
   * file cannot be read, the next read continues at the same offset.
   */
  async read(sink: LineSink): Promise<LogReadResult> {
    const progress: Progress = { bytes: 0, isComplete: false, failure: undefined, writtenMs: undefined }
    if (this.#isClosed || this.#isReading) return progress
    this.#isReading = true
    try {
      while (!this.#isClosed && (await this.#advance(sink, progress))) {
        // The engine has begun another file.
      }
    } finally {
      this.#isReading = false
      if (this.#isClosed) this.#release()
    }
    return progress
  }

  /** Whether it has found the file, so that it knows which lines were there before. */
  get hasFile(): boolean {
    return this.#file !== undefined
  }

  /** Closes the file and delivers no more lines. */
  close(): void {
    this.#isClosed = true
    // Not during a read: the number of a closed descriptor may be reused for another file.
    if (!this.#isReading) this.#release()
  }

  #release(): void {
    if (this.#file !== undefined) closeFile(this.#file.descriptor)
    this.#file = undefined
  }

  /** Reads the current file to its end. Returns true if the engine has begun another file, which is current then. */
  async #advance(sink: LineSink, progress: Progress): Promise<boolean> {
    this.#file ??= await this.#open(progress)
    const current = this.#file
    if (current === undefined || !(await this.#drain(current, sink, progress))) return false
    const next = await this.#openSuccessor(current)
    progress.isComplete = next === undefined
    if (next === undefined) return false
    this.#release()
    // The position stays: the new file may be a copy of this one.
    this.#file = { ...current, descriptor: next }
    return true
  }

  /**
   * Opens the file at the position to start from. If that fails, the position stays what it was to be: lines that were there before
   * must not be delivered as new ones later. Only a file that is missing now is new when it appears.
   */
  async #open(progress: Progress): Promise<OpenFile | undefined> {
    let descriptor: number
    try {
      descriptor = await openFile(this.#path)
    } catch (error) {
      if (isMissing(error)) this.#from = 'beginning'
      else progress.failure = error
      return undefined
    }
    const status = await readStatus(descriptor)
    if (!status?.isFile()) {
      closeFile(descriptor)
      return undefined
    }
    const from = this.#from
    this.#from = 'beginning'
    const opened = { descriptor, position: 0, isSkipping: false, head: Buffer.alloc(0) }
    if (from === 'beginning' || status.size === 0) return opened
    // From the last byte on: if that is a line end, the next line is complete.
    return { ...opened, position: status.size - 1, isSkipping: true }
  }

  /**
   * Opens the file that has replaced the current one. Empty files do not count: a process that tries to open a store which
   * is open elsewhere renames its log and leaves an empty one, while the engine continues with the old one. Neither do files
   * that are too short to be distinguished from the current one.
   */
  async #openSuccessor({ descriptor, head }: OpenFile): Promise<number | undefined> {
    if ((await isFileAt(this.#path, descriptor)) !== false) return undefined
    const next = await openFile(this.#path).catch(() => undefined)
    if (next === undefined) return undefined
    const nextHead = await readHead(next)
    if (nextHead?.length && (nextHead.length >= head.length || !head.subarray(0, nextHead.length).equals(nextHead))) return next
    closeFile(next)
    return undefined
  }

  /** Delivers complete lines. Returns false if it did not reach the end of the file. */
  async #drain(current: OpenFile, sink: LineSink, progress: Progress): Promise<boolean> {
    const { descriptor } = current
    const status = await readStatus(descriptor)
    if (status === undefined || !(await this.#checkHead(current, status.size, sink))) return false
    progress.writtenMs = status.mtimeMs
    if (status.size === current.position) return true
    const splitter = new LineSplitter(this.#maxLineBytes, chunkBytes, current.isSkipping)
    for (;;) {
      const length = Math.min(chunkBytes, this.#bytesPerRead - progress.bytes)
      if (length === 0) return false
      const bytes = await readInto(splitter.buffer, splitter.heldBytes, length, descriptor, current.position + splitter.heldBytes)
      if (bytes === undefined || this.#isClosed) return false
      if (bytes === 0) return true
      progress.bytes += bytes
      const { lines: complete, consumed } = splitter.take(bytes)
      current.position += consumed
      current.isSkipping = splitter.isSkipping
      for (const line of complete) sink.onLine(line)
    }
  }

  /**
   * Continues a truncated file at its end, and a rewritten file at its beginning. Returns false if the file cannot be read.
   */
  async #checkHead(current: OpenFile, size: number, sink: LineSink): Promise<boolean> {
    const head = await readHead(current.descriptor)
    if (head === undefined) return false
    const common = Math.min(head.length, current.head.length)
    const isSame = head.subarray(0, common).equals(current.head.subarray(0, common))
    current.head = head
    if (isSame && size >= current.position) return true
    current.position = isSame ? size : 0
    current.isSkipping = false
    if (!isSame) sink.onRestart()
    return true
  }
}
