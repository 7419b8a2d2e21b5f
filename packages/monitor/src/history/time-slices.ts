import { setImmediate as nextIteration } from 'node:timers/promises'

/** How work is divided. */
export interface TimeSlicesOptions {
  /** How long work may block the event loop without a pause, in milliseconds (default 2). */
  readonly sliceMs?: number
  /**
   * How long a pause lasts: a millisecond (`rest`, the default), so that the work takes two thirds of a core at most, or one iteration of the
   * event loop (`turn`), because somebody waits for the result.
   */
  readonly pause?: 'rest' | 'turn'
  /** Whether the process may end only after the work (default false: it may end in a pause that is a rest). */
  readonly keepsProcessAlive?: boolean
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal
  /** Called with the time of each slice in seconds, when it has ended. */
  readonly onSlice?: (seconds: number) => void
}

/** Divides long work into slices, so that the event loop runs between them. */
export class TimeSlices {
  readonly #sliceMs: number
  readonly #options: TimeSlicesOptions
  /** Undefined while nothing runs. */
  #startMs: number | undefined
  #endMs = 0

  /** Begins the first slice. */
  constructor(options: TimeSlicesOptions = {}) {
    this.#options = options
    this.#sliceMs = options.sliceMs ?? 2
    this.begin()
  }

  /** Whether the current slice has ended. */
  get isDue(): boolean {
    return performance.now() >= this.#endMs
  }

  /** Begins a slice, unless one runs: after a wait for something else. */
  begin(): void {
    if (this.#startMs !== undefined) return
    this.#startMs = performance.now()
    this.#endMs = this.#startMs + this.#sliceMs
  }

  /** Ends the slice, before a wait for something else or at the end of the work. */
  end(): void {
    if (this.#startMs === undefined) return
    this.#options.onSlice?.((performance.now() - this.#startMs) / 1000)
    this.#startMs = undefined
  }

  /** Pauses, and begins a new slice. @throws the reason of the signal if it is aborted. */
  async pause(): Promise<void> {
    const { pause = 'rest', keepsProcessAlive = false, signal } = this.#options
    this.end()
    if (pause === 'turn') await nextIteration()
    else {
      await new Promise<void>((resolve) => {
        // Not an unref'ed immediate: it would wait until the event loop has something else to do.
        const timer = setTimeout(resolve, 1)
        if (!keepsProcessAlive) timer.unref()
      })
    }
    signal?.throwIfAborted()
    this.begin()
  }

  /** Pauses if the current slice has ended. */
  async yieldIfDue(): Promise<void> {
    if (this.isDue) await this.pause()
  }
}
