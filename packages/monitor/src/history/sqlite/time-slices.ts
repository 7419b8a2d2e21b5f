/** How long work may block the event loop without a pause. */
const sliceMs = 2

/** Divides long work into slices, so that the event loop runs between them. Its pauses do not keep the process alive. */
export class TimeSlices {
  #startMs = performance.now()

  /** Pauses if the current slice has ended. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#startMs < sliceMs) return
    await new Promise<void>((resolve) => {
      // Not an unref'ed immediate: it would wait until the event loop has something else to do.
      setTimeout(resolve, 1).unref()
    })
    this.#startMs = performance.now()
  }
}
