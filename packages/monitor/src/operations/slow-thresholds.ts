import type { ObservedOperation, OperationObserver } from '@wombat/instrumentation'
import { AdaptiveThreshold } from './adaptive-threshold.ts'

/** From how long on an operation is slow, in milliseconds; `auto`: each has its own, found from what it usually takes. */
export type SlowThreshold = number | 'auto'

/** One operation's threshold, as it is told. */
export interface OperationThreshold {
  readonly store: string
  readonly operation: string
  readonly seconds: number
}

/** How often thresholds of their own are worked out. */
const adaptMs = 10_000

/** Sets from how long on operations are slow, also of stores that come later. Once for a registry. */
export class SlowThresholds {
  readonly #watch: OperationObserver
  readonly #now: () => number
  /** While each operation has its own: what is read for them takes memory, and milliseconds where stores are many. */
  readonly #own = new Map<ObservedOperation, AdaptiveThreshold>()
  readonly #timer: NodeJS.Timeout
  readonly #unwatch: () => void
  #threshold: SlowThreshold
  #enabled = true

  /** @throws RangeError */
  constructor(watch: OperationObserver, threshold: SlowThreshold, now: () => number) {
    this.#watch = watch
    this.#now = now
    this.#threshold = checked(threshold)
    this.#unwatch = watch.onOperation((operation) => this.#apply(operation))
    this.#timer = setInterval(() => this.adapt(), adaptMs).unref()
  }

  /** While false nothing is slow. */
  get enabled(): boolean {
    return this.#enabled
  }

  set enabled(enabled: boolean) {
    this.#enabled = enabled
    this.#applyToAll()
  }

  /** @throws RangeError */
  set(threshold: SlowThreshold): void {
    if (checked(threshold) === this.#threshold) return
    this.#threshold = threshold
    this.#own.clear()
    this.#applyToAll()
    this.adapt()
  }

  /** The one of all operations or, where each has its own, those. */
  get seconds(): number | OperationThreshold[] {
    if (this.#threshold !== 'auto') return this.#threshold / 1000
    return [...this.#own].map(([{ store, operation }, { seconds }]) => ({ store, operation, seconds }))
  }

  /** Works out the thresholds of their own, where there are any. */
  adapt(nowMs = this.#now()): void {
    for (const [operation, own] of this.#own) {
      if (!this.#watch.operations.has(operation)) {
        this.#own.delete(operation)
        continue
      }
      own.adapt(nowMs)
      this.#apply(operation)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unwatch()
    this.enabled = false
    this.#own.clear()
  }

  #applyToAll(): void {
    for (const operation of this.#watch.operations) this.#apply(operation)
  }

  #apply(operation: ObservedOperation): void {
    const seconds = this.#threshold === 'auto' ? this.#ownOf(operation).seconds : this.#threshold / 1000
    operation.slowThresholdSeconds = this.#enabled ? seconds : Number.POSITIVE_INFINITY
  }

  #ownOf(operation: ObservedOperation): AdaptiveThreshold {
    let own = this.#own.get(operation)
    if (own === undefined) {
      own = new AdaptiveThreshold(operation)
      this.#own.set(operation, own)
    }
    return own
  }
}

function checked(threshold: unknown): SlowThreshold {
  if (threshold === 'auto' || (typeof threshold === 'number' && threshold >= 0 && Number.isFinite(threshold))) return threshold
  throw new RangeError(
    `thresholdMs must be "auto" or a number of milliseconds of 0 or more, got ${String(threshold)}: an operation that takes so long is slow`,
  )
}
