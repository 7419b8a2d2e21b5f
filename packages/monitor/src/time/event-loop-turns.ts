/** What the turns of the event loop are told apart by. */
export interface EventLoopTurnsOptions {
  /** How long the work of one turn may take, in milliseconds (default 2). */
  readonly budgetMs?: number
  /** Returns a monotonic time in milliseconds. */
  readonly now?: () => number
  /** Calls back once, in the next turn (default `setImmediate`). */
  readonly onNextTurn?: (callback: () => void) => void
}

/**
 * The turns of the event loop, each with one budget of time for all work that is done in slices: ten queries, a scrape and an evaluation that
 * run at the same time hold a turn no longer than one of them. A turn begins with the first work in it, and ends when the event loop has
 * run everything else once.
 */
export class EventLoopTurns {
  readonly #budgetMs: number
  readonly #now: () => number
  readonly #onNextTurn: (callback: () => void) => void
  /** When the first work of this turn began; undefined before it. */
  #startMs: number | undefined
  #current = 0
  readonly #waiting: Array<() => void> = []

  constructor({ budgetMs = 2, now = () => performance.now(), onNextTurn = setImmediate }: EventLoopTurnsOptions = {}) {
    this.#budgetMs = budgetMs
    this.#now = now
    this.#onNextTurn = onNextTurn
  }

  /** Number of this turn. Counted only while there is work. */
  get current(): number {
    return this.#current
  }

  /** Returns a monotonic time in milliseconds. */
  now(): number {
    return this.#now()
  }

  /** Begins work in this turn. */
  enter(): void {
    if (this.#startMs !== undefined) return
    this.#startMs = this.#now()
    this.#onNextTurn(this.#endTurn)
  }

  /** Returns whether the budget of this turn is used up. */
  isUsedUp(): boolean {
    // Work that waited for something else continues in another turn than it began in.
    this.enter()
    return this.#now() - (this.#startMs as number) >= this.#budgetMs
  }

  /** Whether work that begins now would come before work that waits. */
  get isContended(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves in a later turn: in each for one of those that wait, in the order in which they came. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.enter()
    })
  }

  readonly #endTurn = (): void => {
    this.#startMs = undefined
    this.#current++
    const resume = this.#waiting.shift()
    if (resume === undefined) return
    this.enter()
    resume()
  }
}

/** The turns of this thread's event loop. */
export const eventLoopTurns = new EventLoopTurns()
