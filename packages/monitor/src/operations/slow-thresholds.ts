import type { ObservedOperation, OperationObserver } from '@wombat/instrumentation'
import { AdaptiveThreshold } from './adaptive-threshold.ts'

/**
 * Milliseconds from which an operation is slow. `auto`: each kind of operation of each store has an adaptive threshold, computed
 * from its usual latency.
 */
export type SlowThreshold = number | 'auto'

/** The current threshold of one kind of operation of one store. */
export interface OperationThreshold {
  readonly store: string
  readonly operation: string
  readonly seconds: number
}

/** Time between two computations of the adaptive thresholds. */
const adaptIntervalMs = 10_000

/** Sets the slow thresholds of all operations, including those of stores that are added later. One per registry. */
export class SlowThresholds {
  readonly #observer: OperationObserver
  readonly #now: () => number
  /** Empty unless the threshold is `auto`: they take memory, and milliseconds to compute if there are many stores. */
  readonly #adaptive = new Map<ObservedOperation, AdaptiveThreshold>()
  readonly #timer: NodeJS.Timeout
  readonly #removeListener: () => void
  #threshold: SlowThreshold
  #enabled = true

  /** @throws RangeError if the threshold is not valid. */
  constructor(observer: OperationObserver, threshold: SlowThreshold, now: () => number) {
    this.#observer = observer
    this.#now = now
    this.#threshold = validateThreshold(threshold)
    this.#removeListener = observer.onOperation((operation) => this.#apply(operation))
    this.#timer = setInterval(() => this.adapt(), adaptIntervalMs).unref()
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
    if (validateThreshold(threshold) === this.#threshold) return
    this.#threshold = threshold
    this.#adaptive.clear()
    this.#applyToAll()
    this.adapt()
  }

  /** The common threshold in seconds, or the adaptive threshold of each operation. */
  get seconds(): number | OperationThreshold[] {
    if (this.#threshold !== 'auto') return this.#threshold / 1000
    return [...this.#adaptive].map(([{ store, operation }, { seconds }]) => ({ store, operation, seconds }))
  }

  /** Computes the adaptive thresholds again, if there are any. */
  adapt(nowMs = this.#now()): void {
    for (const [operation, threshold] of this.#adaptive) {
      if (!this.#observer.operations.has(operation)) {
        this.#adaptive.delete(operation)
        continue
      }
      threshold.adapt(nowMs)
      this.#apply(operation)
    }
  }

  /** Stops the timer. After this, no operation is slow. */
  close(): void {
    clearInterval(this.#timer)
    this.#removeListener()
    this.enabled = false
    this.#adaptive.clear()
  }

  #applyToAll(): void {
    for (const operation of this.#observer.operations) this.#apply(operation)
  }

  #apply(operation: ObservedOperation): void {
    const seconds = this.#threshold === 'auto' ? this.#adaptiveThreshold(operation).seconds : this.#threshold / 1000
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
function validateThreshold(threshold: unknown): SlowThreshold {
  if (threshold === 'auto' || (typeof threshold === 'number' && threshold >= 0 && Number.isFinite(threshold))) return threshold
  throw new RangeError(
    `thresholdMs must be "auto" or a number of milliseconds of 0 or more, got ${String(threshold)}: operations that take at least this long are slow`,
  )
}
