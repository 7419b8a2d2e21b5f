import { fixedLimits } from './limits/request-limits.ts'

/** Why a client does not get the whole page: it closed the connection, or it does not read. */
export type DropReason = 'gone' | 'slow'

/** How long after its start a page may get more clients, in milliseconds: its first values are that old then. */
const joinMs = 1000
/** Bytes of a page that are kept for clients that are behind the fastest one, or that may still come. */
const maxKeptBytes = 16 * 2 ** 20

/** Creates the parts of a page. Its work ends when the signal is aborted. */
export type CreateParts = (signal: AbortSignal) => AsyncGenerator<Uint8Array>

/**
 * A page for all clients that ask for it at the same time: its parts are created once, when the fastest client takes them, so that one
 * that nobody reads costs nothing.
 */
export class SharedPage {
  readonly #parts: AsyncGenerator<Uint8Array>
  readonly #work = new AbortController()
  readonly #startMs = performance.now()
  readonly #readers = new Set<PageReader>()
  /** The parts that a client may still need. */
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  /** How many parts are not kept any more. */
  #released = 0
  #next: Promise<void> | undefined
  #isComplete = false
  readonly #onDropped: (reason: DropReason) => void

  /** @param onDropped called when a client does not get the whole page. */
  constructor(createParts: CreateParts, onDropped: (reason: DropReason) => void) {
    this.#parts = createParts(this.#work.signal)
    this.#onDropped = onDropped
  }

  /** Whether another client may get this page. */
  get isJoinable(): boolean {
    return !this.#isComplete && this.#released === 0 && performance.now() - this.#startMs < joinMs && !this.#work.signal.aborted
  }

  /**
   * Adds a client, which gets the page from its beginning.
   *
   * @param onLeft called when it has the whole page, or does not get it.
   */
  join(onLeft: () => void): PageReader {
    const reader = new PageReader(this, onLeft)
    this.#readers.add(reader)
    return reader
  }

  /** Returns a part; undefined after the last one. @throws the error of the page. */
  async part(index: number): Promise<Uint8Array | undefined> {
    while (index >= this.#released + this.#kept.length && !this.#isComplete) {
      this.#work.signal.throwIfAborted()
      this.#next ??= this.#createNext().finally(() => {
        this.#next = undefined
      })
      await this.#next
    }
    return this.#kept[index - this.#released]
  }

  /** Releases what no client needs any more, and drops those that are too far behind. */
  release(): void {
    if (this.isJoinable && this.#keptBytes <= maxKeptBytes) return
    while (this.#kept.length > 0) {
      const behind = [...this.#readers].find(({ position }) => position <= this.#released)
      if (behind === undefined) {
        this.#keptBytes -= this.#kept.shift()?.length ?? 0
        this.#released++
      } else if (this.#keptBytes > maxKeptBytes) {
        // Releases what it needed.
        behind.drop()
      } else {
        return
      }
    }
  }

  /** Removes a client. Without clients the work ends. Returns false if it has left before. */
  leave(reader: PageReader, reason: DropReason | undefined): boolean {
    if (!this.#readers.delete(reader)) return false
    if (reason !== undefined) this.#onDropped(reason)
    if (this.#readers.size > 0) {
      this.release()
      return true
    }
    this.#kept.length = 0
    if (this.#isComplete) return true
    this.#work.abort()
    // It runs to its end first, if it is at work.
    this.#parts.return(undefined).catch(() => {})
    return true
  }

  async #createNext(): Promise<void> {
    const { value, done } = await this.#parts.next()
    if (done === true) {
      this.#isComplete = true
      return
    }
    this.#kept.push(value)
    this.#keptBytes += value.length
  }
}

/** One client of a page. */
export class PageReader {
  readonly #page: SharedPage
  readonly #onLeft: () => void
  #position = 0
  #timer: NodeJS.Timeout | undefined
  #onDropped: (error: Error) => void = () => {}

  constructor(page: SharedPage, onLeft: () => void) {
    this.#page = page
    this.#onLeft = onLeft
  }

  /** The part that the client gets next. */
  get position(): number {
    return this.#position
  }

  /** Calls a listener if the client is too slow to get the rest. */
  onDropped(listener: (error: Error) => void): void {
    this.#onDropped = listener
  }

  /** Returns the next part; undefined after the last one. The client has taken the one before. @throws the error of the page. */
  async next(): Promise<Uint8Array | undefined> {
    clearTimeout(this.#timer)
    const part = await this.#page.part(this.#position)
    if (part === undefined) {
      this.close()
      return undefined
    }
    this.#position++
    this.#page.release()
    this.#timer = setTimeout(() => this.drop(), fixedLimits.patienceMs)
    this.#timer.unref()
    return part
  }

  /** The client is too slow to get the rest. */
  drop(): void {
    this.close('slow')
    this.#onDropped(new Error('the client does not read the page'))
  }

  /** The client needs no more. @param reason why it does not get the rest; left out if it has all. */
  close(reason?: DropReason): void {
    clearTimeout(this.#timer)
    if (this.#page.leave(this, reason)) this.#onLeft()
  }
}
