import type { FailedOperation, MetricsRegistry } from '@wombat/instrumentation'
import { type Clock, SystemClock } from '../time/clock.ts'
import { ErrorCounts } from './error-counts.ts'
import { RecentBuffer } from './recent-buffer.ts'

/** Equal errors that occurred within one second. */
export interface ErrorEntry {
  /** Unix time in milliseconds of the first error. */
  readonly firstMs: number
  /** Unix time in milliseconds of the last error. */
  readonly lastMs: number
  readonly store: string
  readonly operation: string
  /** The value of the label `error_type`. */
  readonly errorType: string
  readonly count: number
  /** What the redactor returned, at most 500 characters. Without a redactor there is no message. */
  readonly message?: string
}

/** What an error history observes and keeps. */
export interface ErrorHistoryOptions {
  readonly registry: MetricsRegistry
  /** How many entries are kept. With 0, nothing is kept or counted. */
  readonly keep: number
  /**
   * Returns the part of an error's message that may be kept: messages may contain keys, values and paths. If it throws, the
   * entry has no message.
   */
  readonly redact?: ((error: unknown) => string | undefined) | undefined
  /** Dates the errors. Default: a `SystemClock` of its own. */
  readonly clock?: Clock
}

type MutableEntry = { -readonly [Name in keyof ErrorEntry]: ErrorEntry[Name] }

/** Equal errors within this time of the first one are one entry. */
const mergeWindowMs = 1000
/** A redactor may return a whole value. */
const maxMessageLength = 500
const separator = '\u0000'

/**
 * Keeps the last errors of all stores and counts them by store, operation and type. Its size is bounded.
 *
 * @example
 * ```ts
 * import { MetricsRegistry } from '@wombat/instrumentation'
 * import { ErrorHistory } from '@wombat/monitor'
 *
 * const registry = new MetricsRegistry()
 * const errors = new ErrorHistory({ registry, keep: 100 })
 * registry.observer.emitError({
 *   store: 'orders',
 *   operation: 'get',
 *   errorType: 'LEVEL_IO_ERROR',
 *   error: new Error('contains a key, so it is not kept'),
 * })
 * console.log(errors.entries[0]?.errorType, errors.countsByType()) // LEVEL_IO_ERROR { LEVEL_IO_ERROR: 1 }
 * errors.close()
 * ```
 */
export class ErrorHistory {
  readonly #clock: Clock
  readonly #registry: MetricsRegistry
  readonly #redact: ((error: unknown) => string | undefined) | undefined
  readonly #entries: RecentBuffer<MutableEntry>
  /** The newest entry of equal errors, while it is among the entries. */
  readonly #newest = new Map<string, MutableEntry>()
  readonly #counts: ErrorCounts
  readonly #isEnabled: boolean
  readonly #removeListener: () => void

  /** @throws RangeError if `keep` is not a whole number of 0 or more. */
  constructor({ registry, keep, redact, clock = new SystemClock() }: ErrorHistoryOptions) {
    if (!Number.isInteger(keep) || keep < 0) {
      throw new RangeError(`keep must be a whole number of 0 or more, got ${keep}: it is the number of errors that are kept`)
    }
    this.#clock = clock
    this.#registry = registry
    this.#redact = redact
    this.#isEnabled = keep > 0
    this.#entries = new RecentBuffer(Math.max(1, keep))
    this.#counts = new ErrorCounts(this.#now())
    this.#removeListener = this.#isEnabled ? registry.observer.onError((failed) => this.#add(failed)) : () => {}
  }

  /** Copies of the entries, newest first. */
  get entries(): ErrorEntry[] {
    const { stepsMs } = this.#clock
    return [...this.#entries].map((entry) => ({ ...entry, firstMs: entry.firstMs + stepsMs, lastMs: entry.lastMs + stepsMs }))
  }

  /** Unix time in milliseconds since when every error is counted; undefined if none are. */
  get knownSinceMs(): number | undefined {
    return this.#isEnabled ? this.#counts.sinceMs + this.#clock.stepsMs : undefined
  }

  /**
   * Returns the failed operations per second within the last `windowMs`, of one store or of all. Failures to open or close a
   * store are not included. Accurate to the errors of one second. Undefined if the window starts before `knownSinceMs`.
   */
  errorRate(windowMs: number, store?: string): number | undefined {
    const fromMs = this.#now() - windowMs
    if (!this.#isEnabled || !(windowMs > 0) || fromMs < this.#counts.sinceMs) return undefined
    let count = 0
    for (const [key, errors] of this.#counts.since(fromMs)) {
      const [storeName, operation] = key.split(separator)
      const isOperation = operation !== 'open' && operation !== 'close'
      if (isOperation && (store === undefined || storeName === store)) count += errors
    }
    return (count * 1000) / windowMs
  }

  /** Returns the errors by type within the last `windowMs`, or all that were counted. */
  countsByType(windowMs = Number.POSITIVE_INFINITY, store?: string): Record<string, number> {
    const counts = new Map<string, number>()
    for (const [key, errors] of this.#counts.since(this.#now() - windowMs)) {
      // The key of errors beyond the limit of keys is a single part, which is used as their type.
      const [storeName, , type = storeName as string] = key.split(separator)
      if (store === undefined || storeName === store) counts.set(type, (counts.get(type) ?? 0) + errors)
    }
    return Object.fromEntries(counts)
  }

  /** Stops observing. Entries stay readable. */
  close(): void {
    this.#removeListener()
  }

  /** Unix time as it would be if the clock had not been set since the start: it only grows. */
  #now(): number {
    return this.#clock.nowMs() - this.#clock.stepsMs
  }

  #add({ store, operation, errorType, error }: FailedOperation): void {
    const nowMs = this.#now()
    const message = this.#redactedMessage(error)
    this.#counts.add([store, operation, errorType].join(separator), nowMs)
    const entry: MutableEntry = {
      firstMs: nowMs,
      lastMs: nowMs,
      store,
      operation,
      errorType,
      count: 1,
      ...(message !== undefined && { message }),
    }
    const key = entryKey(entry)
    const newest = this.#newest.get(key)
    if (newest !== undefined && nowMs - newest.firstMs < mergeWindowMs) {
      newest.count++
      newest.lastMs = nowMs
      return
    }
    this.#newest.set(key, entry)
    const dropped = this.#entries.add(entry)
    if (dropped !== undefined && this.#newest.get(entryKey(dropped)) === dropped) this.#newest.delete(entryKey(dropped))
  }

  #redactedMessage(error: unknown): string | undefined {
    try {
      const message: unknown = this.#redact?.(error)
      return typeof message === 'string' ? message.slice(0, maxMessageLength) : undefined
    } catch (failure) {
      this.#registry.recordCalloutFailure('redactor', failure)
      return undefined
    }
  }
}

/** Errors with the same key are equal. */
function entryKey({ store, operation, errorType, message }: ErrorEntry): string {
  return [store, operation, errorType, ...(message === undefined ? [] : [message])].join(separator)
}
