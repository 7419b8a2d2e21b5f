import type { OperationWatch, WatchedOperation } from '@wombat/instrumentation'
import { OwnThreshold } from './own-threshold.ts'

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
  readonly #watch: OperationWatch
  readonly #now: () => number
  readonly #own = new Map<WatchedOperation, OwnThreshold>()
  readonly #timer: NodeJS.Timeout
  readonly #unwatch: () => void
  #threshold: SlowThreshold
  #enabled = true

  /** @throws RangeError */
  constructor(watch: OperationWatch, threshold: SlowThreshold, now: () => number) {
    this.#watch = watch
    this.#now = now
    this.#threshold = checked(threshold)
    this.#unwatch = watch.onOperation((operation) => this.#add(operation))
    this.#timer = setInterval(() => this.adapt(), adaptMs).unref()
  }

  /** While false nothing is slow. */
  get enabled(): boolean {
    return this.#enabled
  }

  set enabled(enabled: boolean) {
    this.#enabled = enabled
    this.#apply()
  }

  /** @throws RangeError */
  set(threshold: SlowThreshold): void {
    this.#threshold = checked(threshold)
    this.#apply()
  }

  /** The one of all operations or, where each has its own, those. */
  get seconds(): number | OperationThreshold[] {
    if (this.#threshold !== 'auto') return this.#threshold / 1000
    return [...this.#own].map(([{ store, operation }, { seconds }]) => ({ store, operation, seconds }))
  }

  /** Works out the thresholds of their own: so that they are known, also while another one holds. */
  adapt(nowMs = this.#now()): void {
    for (const [operation, own] of this.#own) {
      if (!this.#watch.operations.has(operation)) {
        this.#own.delete(operation)
        continue
      }
      own.adapt(nowMs)
      operation.slowSeconds = this.#secondsOf(own)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unwatch()
    this.enabled = false
    this.#own.clear()
  }

  #add(operation: WatchedOperation): void {
    const own = new OwnThreshold(operation, this.#now())
    this.#own.set(operation, own)
    operation.slowSeconds = this.#secondsOf(own)
  }

  #apply(): void {
    for (const [operation, own] of this.#own) operation.slowSeconds = this.#secondsOf(own)
  }

  #secondsOf(own: OwnThreshold): number {
    if (!this.#enabled) return Number.POSITIVE_INFINITY
    return this.#threshold === 'auto' ? own.seconds : this.#threshold / 1000
  }
}

function checked(threshold: unknown): SlowThreshold {
  if (threshold === 'auto' || (typeof threshold === 'number' && threshold >= 0 && Number.isFinite(threshold))) return threshold
  throw new RangeError(
    `thresholdMs must be "auto" or a number of milliseconds of 0 or more, got ${String(threshold)}: an operation that takes so long is slow`,
  )
}
