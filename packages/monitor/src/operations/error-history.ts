import type { FailedOperation, MetricsRegistry } from '@wombat/instrumentation'
import { FailureCounts } from './failure-counts.ts'
import { RecentBuffer } from './recent-buffer.ts'

/** Equal errors within one second. */
export interface ErrorEntry {
  /** Unix time in milliseconds of the first and of the last. */
  readonly firstMs: number
  readonly lastMs: number
  readonly store: string
  readonly operation: string
  readonly errorType: string
  readonly count: number
  /** What the redactor made of the error; without one there is no message. */
  readonly message?: string
}

export interface ErrorHistoryOptions {
  readonly registry: MetricsRegistry
  /** How many entries are kept; with 0 nothing is. */
  readonly keep: number
  /** What of an error may be shown: it may hold keys, values and paths. Where it fails there is no message. */
  readonly redact?: ((error: unknown) => string | undefined) | undefined
  /** Unix time in milliseconds. */
  readonly now?: () => number
}

type Entry = { -readonly [Name in keyof ErrorEntry]: ErrorEntry[Name] }

/** Equal errors that come within so long of the first are one entry. */
const togetherMs = 1000
/** No message is longer: a redactor may let a whole value through. */
const maximumMessage = 500
const separator = '\u0000'

/** The last errors of all stores, and how many there were of which kind. Bounded, whatever fails. */
export class ErrorHistory {
  readonly #now: () => number
  readonly #redact: ((error: unknown) => string | undefined) | undefined
  readonly #entries: RecentBuffer<Entry>
  /** The newest entry of each kind, as long as it is among the entries. */
  readonly #newest = new Map<string, Entry>()
  readonly #counts: FailureCounts
  readonly #isKept: boolean
  readonly #unwatch: () => void

  /** @throws RangeError */
  constructor({ registry, keep, redact, now = Date.now }: ErrorHistoryOptions) {
    if (!Number.isInteger(keep) || keep < 0) {
      throw new RangeError(`keep must be a whole number of 0 or more, got ${keep}: so many errors are remembered`)
    }
    this.#now = now
    this.#redact = redact
    this.#isKept = keep > 0
    this.#entries = new RecentBuffer(Math.max(1, keep))
    this.#counts = new FailureCounts(now())
    this.#unwatch = this.#isKept ? registry.observer.onError((failed) => this.#add(failed)) : () => {}
  }

  /** Newest first. */
  get entries(): ErrorEntry[] {
    return [...this.#entries].map((entry) => ({ ...entry }))
  }

  /** Since when, in Unix time, every error is counted: undefined where none is. */
  get knownSinceMs(): number | undefined {
    return this.#isKept ? this.#counts.sinceMs : undefined
  }

  /**
   * Failed operations each second within the last `windowMs`, of one store or of all. Undefined where the window reaches further
   * back than errors are known: to the beginning or, after very many, to `knownSinceMs`. To within the errors of one second.
   */
  errorRate(windowMs: number, store?: string): number | undefined {
    const fromMs = this.#now() - windowMs
    if (!this.#isKept || !(windowMs > 0) || fromMs < this.#counts.sinceMs) return undefined
    let count = 0
    for (const [kind, failures] of this.#counts.since(fromMs)) {
      const [of, operation] = kind.split(separator)
      // To open or to close a store is no operation.
      if ((store === undefined || of === store) && operation !== 'open' && operation !== 'close') count += failures
    }
    return (count * 1000) / windowMs
  }

  /** Errors by type within the last `windowMs`, or all that are known. */
  countsByType(windowMs = Number.POSITIVE_INFINITY, store?: string): Record<string, number> {
    const counts = new Map<string, number>()
    for (const [kind, failures] of this.#counts.since(this.#now() - windowMs)) {
      const [of, , type = of as string] = kind.split(separator)
      if (store === undefined || of === store) counts.set(type, (counts.get(type) ?? 0) + failures)
    }
    return Object.fromEntries(counts)
  }

  close(): void {
    this.#unwatch()
  }

  #add({ store, operation, errorType, error }: FailedOperation): void {
    const nowMs = this.#now()
    const kind = [store, operation, errorType].join(separator)
    this.#counts.add(kind, nowMs)
    const message = this.#messageOf(error)
    const identity = message === undefined ? kind : `${kind}${separator}${message}`
    const known = this.#newest.get(identity)
    if (known !== undefined && Math.abs(nowMs - known.firstMs) < togetherMs) {
      known.count++
      known.lastMs = nowMs
      return
    }
    const entry: Entry = {
      firstMs: nowMs,
      lastMs: nowMs,
      store,
      operation,
      errorType,
      count: 1,
      ...(message !== undefined && { message }),
    }
    this.#newest.set(identity, entry)
    const gone = this.#entries.add(entry)
    if (gone !== undefined) this.#forget(gone)
  }

  #forget({ store, operation, errorType, message, ...gone }: Entry): void {
    const identity = [store, operation, errorType, ...(message === undefined ? [] : [message])].join(separator)
    if (this.#newest.get(identity)?.firstMs === gone.firstMs) this.#newest.delete(identity)
  }

  #messageOf(error: unknown): string | undefined {
    try {
      const message: unknown = this.#redact?.(error)
      return typeof message === 'string' ? message.slice(0, maximumMessage) : undefined
    } catch {
      return undefined
    }
  }
}
