/** How many lines there may be: so many at once, and so many each second. */
export interface TokenBucketOptions {
  readonly burst?: number
  readonly perSecond?: number
}

/** Lets lines of a log through as long as they are few, and counts the others. */
export class TokenBucket {
  /** All that were left out. */
  suppressed = 0
  readonly #atOnce: number
  readonly #perSecond: number
  #left: number
  #lastMs = Number.NEGATIVE_INFINITY
  #unsaid = 0

  constructor({ burst = 10, perSecond = 1 }: TokenBucketOptions = {}) {
    this.#atOnce = burst
    this.#perSecond = perSecond
    this.#left = burst
  }

  /** Whether there may be a line now, and how many were left out since the last; undefined where there may be none. */
  take(nowMs: number): { readonly leftOut: number } | undefined {
    const refill = ((nowMs - this.#lastMs) / 1000) * this.#perSecond
    this.#left = Math.min(this.#atOnce, this.#left + Math.max(0, refill))
    this.#lastMs = nowMs
    if (this.#left < 1) {
      this.suppressed++
      this.#unsaid++
      return undefined
    }
    this.#left--
    const leftOut = this.#unsaid
    this.#unsaid = 0
    return { leftOut }
  }
}
