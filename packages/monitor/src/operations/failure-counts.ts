/** Failures of one second, by kind. */
interface Second {
  readonly startMs: number
  readonly counts: Map<string, number>
}

const secondMs = 1000
/** Seconds with failures that are remembered, and kinds in each; those past it are counted as `rest`. */
const maximumSeconds = 900
const maximumKinds = 64
const rest = '_REST'

/**
 * How many failures there were of which kind, second by second. Seconds without any take no room: so it reaches back to its
 * beginning while failures are few, and for a quarter of an hour where every second has some.
 */
export class FailureCounts {
  /** Since when every failure is known. */
  sinceMs: number
  readonly #seconds: Second[] = []

  constructor(nowMs: number) {
    this.sinceMs = nowMs
  }

  add(kind: string, nowMs: number): void {
    let second = this.#seconds.at(-1)
    if (second !== undefined && nowMs < second.startMs) {
      // The clock was set back: nobody can say any more how long ago the others were.
      this.#seconds.length = 0
      this.sinceMs = nowMs
      second = undefined
    }
    if (second === undefined || nowMs >= second.startMs + secondMs) {
      second = { startMs: nowMs, counts: new Map() }
      this.#seconds.push(second)
      if (this.#seconds.length > maximumSeconds) {
        const gone = this.#seconds.shift() as Second
        this.sinceMs = gone.startMs + secondMs
      }
    }
    const { counts } = second
    const key = counts.has(kind) || counts.size < maximumKinds ? kind : rest
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  /** Failures by kind from this moment on. A second counts in full as long as a part of it is asked for. */
  since(fromMs: number): Map<string, number> {
    const sums = new Map<string, number>()
    for (let index = this.#seconds.length - 1; index >= 0; index--) {
      const { startMs, counts } = this.#seconds[index] as Second
      if (startMs + secondMs <= fromMs) break
      for (const [kind, count] of counts) sums.set(kind, (sums.get(kind) ?? 0) + count)
    }
    return sums
  }
}
