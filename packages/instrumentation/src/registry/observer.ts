import type { SpanContext, Tracer } from '@opentelemetry/api'
import type { Histogram } from '../metrics/histogram.ts'
import type { Operation } from '../metrics/semconv.ts'

/** An operation that took its time. Never its key and never its value. */
export interface SlowOperation {
  readonly store: string
  readonly engine: string
  readonly operation: Operation
  /** When it was called or, of a scan, opened; on the clock of `performance.now()`. */
  readonly startMs: number
  /** From call to settlement; of a scan, without what its reader took in between. */
  readonly seconds: number
  readonly isFailed: boolean
  /** Of a batch or a scan. */
  readonly entries: number | undefined
  /** The size of its key, and of the value written or read, where they are text or bytes. */
  readonly keyBytes: number | undefined
  readonly valueBytes: number | undefined
  /** The operations of the store that were in flight when it settled, itself included; undefined where nobody counts them. */
  readonly inFlight: number | undefined
  /** Its own span or, without one, the span it was called in. */
  readonly trace: SpanContext | undefined
}

/** An operation, or an opening or closing of a store, that failed. */
export interface FailedOperation {
  readonly store: string
  readonly operation: Operation | 'open' | 'close'
  readonly errorType: string
  /** What was thrown: it may hold keys, values and paths, and is for nobody's eyes as it is. */
  readonly error: unknown
}

/** One operation of one store, as seen from outside. */
export interface ObservedOperation {
  readonly operation: Operation
  readonly store: string
  readonly engine: string
  readonly latency: Histogram
  /** From how long on it is slow (default Infinity). */
  slowThresholdSeconds: number
}

/** The operations in flight of one store. */
export interface ObservedStore {
  readonly depth: number
  oldestAgeSeconds(): number
  /** Gives operations that are not timed a time to count from. */
  markInFlight(nowMs: number): void
}

/**
 * What is looked at, of all operations of one registry, beside counting and timing them: the slow and the failed ones, spans, and
 * how many are timed at all. Everything can be changed at run time. While nobody looks it costs an operation nothing.
 */
export class OperationObserver {
  /** Makes a span of each operation, as a child of the active one. */
  tracer: Tracer | undefined
  readonly operations = new Set<ObservedOperation>()
  readonly stores = new Set<ObservedStore>()
  readonly #slow = new Set<(operation: SlowOperation) => void>()
  readonly #failed = new Set<(operation: FailedOperation) => void>()
  readonly #added = new Set<(operation: ObservedOperation) => void>()
  #timeOneIn = 1

  /** Of how many operations one is timed, at random; every one is counted. */
  get sampleInterval(): number {
    return this.#timeOneIn
  }

  /** @throws RangeError */
  set sampleInterval(count: number) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`timeOneIn must be a whole number of 1 or more, got ${count}: one operation in so many is timed`)
    }
    this.#timeOneIn = count
  }

  /** Tells of each operation that takes its `slowSeconds` or longer. Returns the way back. */
  onSlow(listener: (operation: SlowOperation) => void): () => void {
    return subscribe(this.#slow, listener)
  }

  /** Tells of each operation that fails. Returns the way back. */
  onError(listener: (operation: FailedOperation) => void): () => void {
    return subscribe(this.#failed, listener)
  }

  /** Tells of each operation of each store that there is and that comes. Returns the way back. */
  onOperation(listener: (operation: ObservedOperation) => void): () => void {
    for (const operation of this.operations) listener(operation)
    return subscribe(this.#added, listener)
  }

  add(operation: ObservedOperation): void {
    this.operations.add(operation)
    emit(this.#added, operation)
  }

  remove(operation: ObservedOperation): void {
    this.operations.delete(operation)
  }

  emitSlow(operation: SlowOperation): void {
    emit(this.#slow, operation)
  }

  emitError(operation: FailedOperation): void {
    emit(this.#failed, operation)
  }

  /** Operations in flight, and the age in seconds of the oldest, over all stores. */
  inFlight(): { depth: number; oldestSeconds: number } {
    let depth = 0
    let oldestSeconds = 0
    for (const store of this.stores) {
      depth += store.depth
      oldestSeconds = Math.max(oldestSeconds, store.oldestAgeSeconds())
    }
    return { depth, oldestSeconds }
  }

  /** To be called now and then while not every operation is timed: what is in flight then is as good as timed from here on. */
  markInFlight(nowMs: number): void {
    if (this.#timeOneIn > 1) for (const store of this.stores) store.markInFlight(nowMs)
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** A listener that fails must not reach the store's caller. */
function emit<Subject>(listeners: Iterable<(subject: Subject) => void>, subject: Subject): void {
  for (const listener of listeners) {
    try {
      listener(subject)
    } catch {
      // Whoever listens answers for itself.
    }
  }
}
