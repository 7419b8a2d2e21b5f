/** How long work may block the event loop without a pause. */
const sliceMs = 2

/** Divides long work into slices, so that the event loop runs between them. */
export class TimeSlices {
  readonly #keepsProcessAlive: boolean
  #startMs = performance.now()

  /** @param options.keepsProcessAlive whether the process may end only after the work (default false: it may end in a pause) */
  constructor({ keepsProcessAlive = false } = {}) {
    this.#keepsProcessAlive = keepsProcessAlive
  }

  /** Pauses if the current slice has ended. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#startMs < sliceMs) return
    await new Promise<void>((resolve) => {
      // Not an unref'ed immediate: it would wait until the event loop has something else to do.
      const timer = setTimeout(resolve, 1)
      if (!this.#keepsProcessAlive) timer.unref()
    })
    this.#startMs = performance.now()
  }
}
