/**
 * How long ago a file was last written. Its time is compared with the system clock, which may be set at any moment; so the result is
 * kept within what the monotonic times of the reads allow.
 */
export class IdleTime {
  #writtenMs: number | undefined
  /** When this time was seen first, and when an earlier one was seen last, on the clock of `performance.now()`. */
  #seenFirstMs = 0
  #seenEarlierMs = Number.NEGATIVE_INFINITY
  #lastReadMs = Number.NEGATIVE_INFINITY

  /** Returns the seconds since a file was written, whose time of the last write in Unix milliseconds was read just now. */
  seconds(writtenMs: number, nowMs = performance.now(), wallMs = Date.now()): number {
    if (writtenMs !== this.#writtenMs) {
      this.#writtenMs = writtenMs
      this.#seenEarlierMs = this.#lastReadMs
      this.#seenFirstMs = nowMs
    }
    this.#lastReadMs = nowMs
    return Math.min(Math.max(wallMs - writtenMs, nowMs - this.#seenFirstMs), nowMs - this.#seenEarlierMs) / 1000
  }
}
