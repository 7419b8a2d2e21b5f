/** How long work may keep the event loop at a time. */
const sliceMs = 2

/** Long work in slices: between two of them the event loop runs. The pause does not keep the process alive. */
export class TimeSlices {
  #sinceMs = performance.now()

  /** Waits where this slice is over. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#sinceMs < sliceMs) return
    await new Promise<void>((resolve) => {
      // A timer: an immediate that does not keep the process alive would wait until something else happens.
      setTimeout(resolve, 1).unref()
    })
    this.begin()
  }

  /** A slice begins now: somebody else's work was waited for. */
  begin(): void {
    this.#sinceMs = performance.now()
  }
}
