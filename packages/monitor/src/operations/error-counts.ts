/** Errors of one second, by key. */
interface Second {
  readonly startMs: number
  readonly counts: Map<string, number>
}

const secondMs = 1000
/** Seconds with errors that are kept. */
const maxSeconds = 900
/** Keys in each second. Errors with further keys are counted under `overflowKey`. */
const maxKeys = 64
const overflowKey = '_REST'

/**
 * Counts errors by key, second by second. Seconds without errors take no memory: while errors are rare the counts go back to the
 * start, and if every second has some they go back 15 minutes.
 */
export class ErrorCounts {
  /** Time in milliseconds since when every error is counted. */
  sinceMs: number
  readonly #seconds: Second[] = []

  constructor(nowMs: number) {
    this.sinceMs = nowMs
  }

  /** Counts one error, at a time that is not before that of the last one. */
  add(key: string, nowMs: number): void {
    let second = this.#seconds.at(-1)
    if (second === undefined || nowMs >= second.startMs + secondMs) {
      second = { startMs: nowMs, counts: new Map() }
      this.#seconds.push(second)
      const dropped = this.#seconds.length > maxSeconds ? this.#seconds.shift() : undefined
      if (dropped !== undefined) this.sinceMs = dropped.startMs + secondMs
    }
    const { counts } = second
    const countedKey = counts.has(key) || counts.size < maxKeys ? key : overflowKey
    counts.set(countedKey, (counts.get(countedKey) ?? 0) + 1)
  }

  /** Returns the errors by key since a time. A second that is only partly in the period counts in full. */
  since(fromMs: number): Map<string, number> {
    const sums = new Map<string, number>()
    for (let index = this.#seconds.length - 1; index >= 0; index--) {
      const { startMs, counts } = this.#seconds[index] as Second
      if (startMs + secondMs <= fromMs) break
      for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count)
    }
    return sums
  }
}
