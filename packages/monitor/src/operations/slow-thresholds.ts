import type { ObservedOperation, OperationObserver } from '@wombat/instrumentation'
import { AdaptiveThreshold } from './adaptive-threshold.ts'

/** From when an operation is slow. */
export interface SlowThreshold {
  /** Milliseconds from which every operation is slow. */
  readonly thresholdMs: number
  /** Whether an operation is also slow if it takes much longer than usual: ten times its 99th percentile, and at least 20 ms. */
  readonly isAdaptive: boolean
}

/** The current threshold of one kind of operation of one store. */
export interface OperationThreshold {
  readonly store: string
  readonly operation: string
  readonly seconds: number
}

/** Time between two computations of an adaptive threshold. */
const adaptIntervalMs = 10_000
/** Each time some of the thresholds are computed: of all at once, it takes milliseconds if there are many stores. */
const slices = 10

/** Sets the slow thresholds of all operations, including those of stores that are added later. One per registry. */
export class SlowThresholds {
  readonly #observer: OperationObserver
  readonly #now: () => number
  /** Empty unless thresholds are adaptive. Keeps no operation alive: each holds the histograms of its store. */
  #adaptive = new WeakMap<ObservedOperation, AdaptiveThreshold>()
  readonly #timer: NodeJS.Timeout
  readonly #removeListener: () => void
  #threshold: SlowThreshold
  #enabled = true
  #slice = 0

  /** @throws RangeError if the threshold is not valid. */
  constructor(observer: OperationObserver, threshold: SlowThreshold, now: () => number) {
    this.#observer = observer
    this.#now = now
    this.#threshold = validateThreshold(threshold)
    this.#removeListener = observer.onOperation((operation) => this.#apply(operation))
    this.#timer = setInterval(() => this.#adaptSlice(), adaptIntervalMs / slices).unref()
  }

  /** If false, no operation is slow. */
  get enabled(): boolean {
    return this.#enabled
  }

  set enabled(enabled: boolean) {
    this.#enabled = enabled
    this.#applyToAll()
  }

  /** @throws RangeError if the threshold is not valid. */
  set(threshold: SlowThreshold): void {
    const { thresholdMs, isAdaptive } = validateThreshold(threshold)
    if (thresholdMs === this.#threshold.thresholdMs && isAdaptive === this.#threshold.isAdaptive) return
    this.#threshold = threshold
    if (!isAdaptive) this.#adaptive = new WeakMap()
    this.#applyToAll()
    this.adapt()
  }

  /** The threshold of every operation, in seconds. */
  get seconds(): number {
    return this.#threshold.thresholdMs / 1000
  }

  /** The thresholds of the operations that are slow earlier, because they usually take much less. */
  get adaptive(): OperationThreshold[] {
    return [...this.#observer.operations].flatMap((one) => {
      const { store, operation } = one
      const seconds = this.#adaptive.get(one)?.seconds
      return seconds !== undefined && seconds < this.seconds ? [{ store, operation, seconds }] : []
    })
  }

  /** Computes the adaptive thresholds again, if there are any. */
  adapt(): void {
    this.#adapt([...this.#observer.operations])
  }

  #adaptSlice(): void {
    if (!this.#threshold.isAdaptive) return
    const operations = [...this.#observer.operations]
    this.#slice = (this.#slice + 1) % slices
    this.#adapt(operations.filter((_, index) => index % slices === this.#slice))
  }

  #adapt(operations: readonly ObservedOperation[]): void {
    const nowMs = this.#now()
    for (const operation of operations) {
      this.#adaptive.get(operation)?.adapt(nowMs)
      this.#apply(operation)
    }
  }

  /** Stops the timer. After this, no operation is slow. */
  close(): void {
    clearInterval(this.#timer)
    this.#removeListener()
    this.enabled = false
    this.#adaptive = new WeakMap()
  }

  #applyToAll(): void {
    for (const operation of this.#observer.operations) this.#apply(operation)
  }

  #apply(operation: ObservedOperation): void {
    const usual = this.#threshold.isAdaptive ? this.#adaptiveThreshold(operation).seconds : undefined
    const seconds = Math.min(this.seconds, usual ?? Number.POSITIVE_INFINITY)
    operation.slowThresholdSeconds = this.#enabled ? seconds : Number.POSITIVE_INFINITY
  }

  #adaptiveThreshold(operation: ObservedOperation): AdaptiveThreshold {
    let threshold = this.#adaptive.get(operation)
    if (threshold === undefined) {
      threshold = new AdaptiveThreshold(operation)
      this.#adaptive.set(operation, threshold)
    }
    return threshold
  }
}

/** @throws RangeError */
function validateThreshold(threshold: SlowThreshold): SlowThreshold {
  const { thresholdMs } = threshold
  if (typeof thresholdMs === 'number' && thresholdMs >= 0 && Number.isFinite(thresholdMs)) return threshold
  throw new RangeError(
    `thresholdMs must be a number of milliseconds of 0 or more, got ${String(thresholdMs)}: operations that take at least this long are slow`,
  )
}
