/** The rate of a token bucket. */
export interface TokenBucketOptions {
  /** Lines that may be written at once. Default: 10. */
  readonly burst?: number
  /** Lines that may be written per second in the long run. Default: 1. */
  readonly perSecond?: number
}

/** Limits the rate of log lines, and counts the lines that were suppressed. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #lastMs = Number.NEGATIVE_INFINITY
  #suppressed = 0
  #suppressedSinceLast = 0

  constructor({ burst = 10, perSecond = 1 }: TokenBucketOptions = {}) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
  }

  /** How many lines were suppressed in total. */
  get suppressed(): number {
    return this.#suppressed
  }

  /** Takes a token. Returns how many lines were suppressed since the last token; undefined if this line is suppressed too. */
  take(nowMs: number): { readonly suppressed: number } | undefined {
    const refill = ((nowMs - this.#lastMs) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, refill))
    this.#lastMs = nowMs
    if (this.#tokens < 1) {
      this.#suppressed++
      this.#suppressedSinceLast++
      return undefined
    }
    this.#tokens--
    const suppressed = this.#suppressedSinceLast
    this.#suppressedSinceLast = 0
    return { suppressed }
  }
}
