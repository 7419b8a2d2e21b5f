const windowMs = 60_000

/** The longest pieces of work by part, in the window in progress and in the one before it. */
export class LongestBlocks<Part extends string> {
  #windowStartMs = Number.NEGATIVE_INFINITY
  #before = new Map<Part, number>()
  #current = new Map<Part, number>()

  /** Records how long a piece of work held the event loop, in seconds. `nowMs` is a monotonic time in milliseconds. */
  record(part: Part, seconds: number, nowMs: number): void {
    this.#advance(nowMs)
    if (seconds > (this.#current.get(part) ?? 0)) this.#current.set(part, seconds)
  }

  /** Returns the longest piece of work of a part in the last one to two minutes, in seconds. */
  longestSeconds(part: Part, nowMs: number): number {
    this.#advance(nowMs)
    return Math.max(this.#before.get(part) ?? 0, this.#current.get(part) ?? 0)
  }

  #advance(nowMs: number): void {
    const sinceMs = nowMs - this.#windowStartMs
    if (sinceMs < windowMs) return
    this.#before = sinceMs < 2 * windowMs ? this.#current : new Map()
    this.#current = new Map()
    this.#windowStartMs = nowMs
  }
}
