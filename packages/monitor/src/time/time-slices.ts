import { type EventLoopTurns, eventLoopTurns } from './event-loop-turns.ts'

/** How work is divided. */
export interface TimeSlicesOptions {
  /**
   * How long a pause lasts: a millisecond (`rest`, the default), so that the work takes two thirds of a core at most, or one turn of the
   * event loop (`turn`), because somebody waits for the result.
   */
  readonly pause?: 'rest' | 'turn'
  /** Whether the process may end only after the work (default false: it may end in a pause that is a rest). */
  readonly keepsProcessAlive?: boolean
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal
  /** Called with the time of each slice in seconds, when it has ended. */
  readonly onSlice?: (seconds: number) => void
  /** The turns of the event loop whose budget the work shares with all other work. */
  readonly turns?: EventLoopTurns
}

/** Work that may pause wherever it yields. What it yields has no meaning. */
export type PausableWork<Result> = Generator<unknown, Result>

/** Divides long work into slices, so that the event loop runs between them. All work shares the budget of each turn of the event loop. */
export class TimeSlices {
  readonly #options: TimeSlicesOptions
  readonly #turns: EventLoopTurns
  /** Undefined while nothing runs. */
  #startMs: number | undefined
  /** The turn in which the slice began. */
  #turn = 0

  /** Begins the first slice. */
  constructor(options: TimeSlicesOptions = {}) {
    this.#options = options
    this.#turns = options.turns ?? eventLoopTurns
    this.begin()
  }

  /** Whether the work has to pause: the budget of this turn is used up. */
  get isDue(): boolean {
    const isUsedUp = this.#turns.isUsedUp()
    // The work waited for something else, which is no time of a slice.
    if (this.#turn !== this.#turns.current) this.#start()
    return isUsedUp
  }

  /** Begins a slice, unless one runs: after a wait for something else. */
  begin(): void {
    if (this.#startMs !== undefined) return
    this.#turns.enter()
    this.#start()
  }

  #start(): void {
    this.#startMs = this.#turns.now()
    this.#turn = this.#turns.current
  }

  /** Ends the slice, before a wait for something else or at the end of the work. */
  end(): void {
    if (this.#startMs === undefined) return
    // Of a slice that waited for something else, the rest is not known.
    if (this.#turn === this.#turns.current) this.#options.onSlice?.((this.#turns.now() - this.#startMs) / 1000)
    this.#startMs = undefined
  }

  /** Pauses, and begins a new slice. @throws the reason of the signal if it is aborted. */
  async pause(): Promise<void> {
    const { pause = 'rest', keepsProcessAlive = false, signal } = this.#options
    this.end()
    if (pause === 'rest') {
      await new Promise<void>((resolve) => {
        // Not an unref'ed immediate: it would wait until the event loop has something else to do.
        const timer = setTimeout(resolve, 1)
        if (!keepsProcessAlive) timer.unref()
      })
    }
    if (pause === 'turn' || this.#turns.isContended || this.#turns.isUsedUp()) await this.#turns.next()
    signal?.throwIfAborted()
    this.begin()
  }

  /** Pauses if it is time. @throws the reason of the signal if it is aborted. */
  async yieldIfDue(): Promise<void> {
    if (this.isDue) await this.pause()
  }

  /** Runs work with pauses where it yields, and returns its result. @throws the reason of the signal if it is aborted. */
  async run<Result>(work: PausableWork<Result>): Promise<Result> {
    try {
      for (;;) {
        const { value, done } = work.next()
        if (done === true) return value
        if (this.isDue) await this.pause()
      }
    } finally {
      // Does nothing after its end.
      work.return(undefined as Result)
    }
  }
}

/** Runs work to its end without a pause, for a caller that cannot wait. */
export function runAtOnce<Result>(work: PausableWork<Result>): Result {
  for (;;) {
    const { value, done } = work.next()
    if (done === true) return value
  }
}
