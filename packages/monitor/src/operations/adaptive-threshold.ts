import type { HistogramSnapshot, ObservedOperation } from '@wombat/instrumentation'

/** Before an operation is known. */
const unknownSeconds = 1
/** Below it nothing is slow, however much it stands out: a garbage collection takes as long. */
const leastSeconds = 0.02
/** How far above its own ordinary worst an operation is slow. */
const factor = 10
/** Of fewer, the slowest hundredth is chance. */
const enough = 100
const windowMs = 300_000
/** A reading takes 4.5 kB, so five minutes are known to within one. */
const readingMs = 60_000

/**
 * From how long on one operation is slow: ten times its own 99th percentile over about the last five minutes; at first, over all
 * that was timed before anybody asked.
 */
export class AdaptiveThreshold {
  seconds = unknownSeconds
  readonly #operation: ObservedOperation
  readonly #readings: Array<{ readonly timeMs: number; readonly reading: HistogramSnapshot }> = []

  constructor(operation: ObservedOperation) {
    this.#operation = operation
  }

  /** Works it out anew; where too few were timed it stays as it is. */
  adapt(nowMs: number): void {
    const readings = this.#readings
    while (readings[1] !== undefined && readings[1].timeMs <= nowMs - windowMs) readings.shift()
    const reading = this.#operation.latency.snapshot()
    const [oldest] = readings
    const recent = oldest === undefined ? reading : reading.since(oldest.reading)
    const ordinary = recent.count < enough ? undefined : recent.quantile(0.99)
    if (ordinary !== undefined) this.seconds = Math.max(leastSeconds, factor * ordinary)
    if (nowMs - (readings.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY) >= readingMs) readings.push({ timeMs: nowMs, reading })
  }
}
