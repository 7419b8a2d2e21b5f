import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** Interval of the native timer. It takes 0.7 ms of CPU a second; a JavaScript timer of 20 ms takes 4. */
const resolutionMs = 50
/** With so many long delays, counting starts again: each read looks at all of them. */
const maxLongDelays = 64

/** The delays of the event loop in a period. */
export interface Delays {
  /** Those of 10 ms or more, in milliseconds, ascending. */
  readonly longMs: readonly number[]
  readonly shortCount: number
  readonly shortMeanMs: number
}

const minLongMs = 10

/**
 * The delays of the event loop, measured by a timer of Node that runs no JavaScript. Node's histogram has every delay since its reset, and
 * loses the first one after it: so it is not reset by each read, and what is new is the difference.
 */
export class NativeDelays {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })
  #longMs: readonly number[] = []
  #shortCount = 0
  #shortSumMs = 0

  start(): void {
    this.#reset()
    this.#histogram.enable()
  }

  stop(): void {
    this.#histogram.disable()
  }

  /** Returns the delays since the last call. */
  take(): Delays {
    const { count, mean } = this.#histogram
    const longMs = this.#readLong(count)
    const shortCount = count - longMs.length
    const shortSumMs = count === 0 ? 0 : (mean / 1e6 - resolutionMs) * count - sum(longMs)
    const newCount = shortCount - this.#shortCount
    const delays = {
      longMs: subtract(longMs, this.#longMs),
      shortCount: Math.max(0, newCount),
      shortMeanMs: newCount > 0 ? Math.min(minLongMs, Math.max(0, (shortSumMs - this.#shortSumMs) / newCount)) : 0,
    }
    this.#longMs = longMs
    this.#shortCount = shortCount
    this.#shortSumMs = shortSumMs
    if (longMs.length > maxLongDelays) this.#reset()
    return delays
  }

  /** Returns all long delays since the reset, ascending. */
  #readLong(count: number): number[] {
    const longMs: number[] = []
    for (let rank = count; rank > 0; rank--) {
      // A value is the time between two runs of the timer.
      const delayMs = this.#histogram.percentile((rank / count) * 100) / 1e6 - resolutionMs
      if (delayMs < minLongMs) break
      longMs.push(delayMs)
    }
    return longMs.reverse()
  }

  #reset(): void {
    this.#histogram.reset()
    this.#longMs = []
    this.#shortCount = 0
    this.#shortSumMs = 0
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Returns the values that are not among the known ones, each as often as it is there. Both lists ascend. */
function subtract(values: readonly number[], known: readonly number[]): number[] {
  let at = 0
  return values.filter((value) => {
    while (at < known.length && (known[at] as number) < value) at++
    if (known[at] !== value) return true
    at++
    return false
  })
}
