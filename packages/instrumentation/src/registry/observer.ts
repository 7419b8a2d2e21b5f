import type { SpanContext, Tracer } from '@opentelemetry/api'
import type { Histogram } from '../metrics/histogram.ts'
import type { Operation } from '../metrics/semconv.ts'
import type { CalloutTarget } from './callouts.ts'
import { hasContextManager } from './global-api.ts'
import { type BudgetedOperation, OverheadBudget } from './overhead-budget.ts'
import type { StoreEvent } from './store-event.ts'

/** An operation that reached the slow-operation threshold: sizes only, never a key or a value. */
export interface SlowOperation {
  readonly store: string
  readonly engine: string
  readonly operation: Operation
  /** When the operation was called, or the scan was opened: milliseconds of `performance.now()`. */
  readonly startMs: number
  /** The duration in seconds, from call to settlement. For a scan without the time its reader took between entries. */
  readonly seconds: number
  readonly isFailed: boolean
  /** How many entries a batch or scan moved; `undefined` for other operations and for failures. */
  readonly entries: number | undefined
  /**
   * The size of the key in bytes; `undefined` if it is not a string or a byte array, or if the operation has no single
   * key.
   */
  readonly keyBytes: number | undefined
  /** The size of the value that was read or written, in bytes; `undefined` if it is not a string or a byte array. */
  readonly valueBytes: number | undefined
  /**
   * How many operations of the store were in flight when it settled, including itself; `undefined` if they are not
   * tracked.
   */
  readonly inFlight: number | undefined
  /** The operation's own span or, without one, the span that was active at the call. */
  readonly trace: SpanContext | undefined
}

/** A failed operation, or a failure to open or close a store. */
export interface FailedOperation {
  readonly store: string
  readonly operation: Operation | 'open' | 'close'
  /** The value of the label `error_type`. */
  readonly errorType: string
  /** The thrown value. It may contain keys, values and paths: do not log or export it unchanged. */
  readonly error: unknown
}

/** One kind of operation of one store, for example the gets of `orders`. */
export interface ObservedOperation extends BudgetedOperation {
  readonly operation: Operation
  readonly store: string
  readonly engine: string
  /** The durations of the timed operations in seconds. */
  readonly latency: Histogram
  /** The duration in seconds from which an operation counts as slow (default Infinity: none does). */
  slowThresholdSeconds: number
}

/** The operations in flight of one store. */
export interface ObservedStore {
  /** How many operations are in flight. */
  readonly depth: number
  /** Returns the age of the oldest operation in flight in seconds, 0 if there is none. */
  oldestAgeSeconds(): number
  /** Sets a provisional start time for operations that are not timed: `nowMs`, in milliseconds of `performance.now()`. */
  markInFlight(nowMs: number): void
}

/** After so many operations without a context manager, it is looked for again: finding none costs 10 ns. */
const operationsPerLook = 64

/**
 * Observes the stores of one registry, in addition to counts and latencies: slow and failed operations, events of the
 * engines, spans, and the share of operations that are timed. All settings can change at run time; without a
 * listener and a tracer, an operation pays nothing.
 */
export class OperationObserver {
  /** Creates a span for each operation, as a child of the active span. Without a tracer there are no spans. */
  tracer: Tracer | undefined
  /**
   * Whether latencies keep exemplars: the traces of operations inside sampled spans (default true: the filter `trace_based` of OpenTelemetry's
   * specification; false is its `always_off`).
   */
  exemplarsEnabled = true
  /** Called when the next operation of a store starts, once: whatever watches operations can rest until then. */
  onNextOperation: (() => void) | undefined
  /** The operations of all measured stores. */
  readonly operations = new Set<ObservedOperation>()
  /** The operations in flight of each measured store. */
  readonly stores = new Set<ObservedStore>()
  /** Limits the time that measuring takes (default: no limit). */
  readonly budget = new OverheadBudget()
  readonly #slowListeners = new Set<(operation: SlowOperation) => void>()
  readonly #errorListeners = new Set<(operation: FailedOperation) => void>()
  readonly #operationListeners = new Set<(operation: ObservedOperation) => void>()
  readonly #eventListeners = new Set<(event: StoreEvent) => void>()
  #eventIds = 0
  #sampleInterval = 1
  #hasContextManager = false
  #untilLook = 0
  readonly #onListenerFailure: (error: unknown) => void
  /** Counts an error of the application's tracer or context manager. */
  readonly onTracerFailure: (error: unknown) => void

  /** @param onFailure called each time a listener, the tracer or the context manager throws. */
  constructor(onFailure: (target: CalloutTarget, error: unknown) => void = () => {}) {
    this.#onListenerFailure = (error) => onFailure('listener', error)
    this.onTracerFailure = (error) => onFailure('tracer', error)
  }

  /** Whether an operation without a span of its own may be inside one of the application. Costs next to nothing if none can be. */
  get mayBeInSpan(): boolean {
    if (this.#hasContextManager) return true
    if (this.#untilLook-- > 0) return false
    this.#untilLook = operationsPerLook
    this.#hasContextManager = hasContextManager()
    return this.#hasContextManager
  }

  /** Calls `onNextOperation`. Never throws. */
  operationStarted(): void {
    const listener = this.onNextOperation
    this.onNextOperation = undefined
    try {
      listener?.()
    } catch (error) {
      this.#onListenerFailure(error)
    }
  }

  /**
   * One of this many operations is timed, chosen at random (default 1: all). All operations are counted, and a timed one stands for those
   * counted since the last timed one. With a budget, it is the least interval.
   */
  get sampleInterval(): number {
    return this.#sampleInterval
  }

  /** @throws RangeError if the interval is not a whole number of 1 or more. */
  set sampleInterval(interval: number) {
    if (!Number.isInteger(interval) || interval < 1) {
      throw new RangeError(
        `sampleInterval must be a whole number of 1 or more, got ${interval}: one of this many operations is timed`,
      )
    }
    this.#sampleInterval = interval
    for (const operation of this.operations) operation.sampleInterval = interval
  }

  /**
   * Adapts the share of operations that are timed to the budget. Call it about once a second: without it, a budget only limits sudden load.
   *
   * @param nowMs milliseconds of `performance.now()`.
   */
  adaptTiming(nowMs: number): void {
    this.budget.adapt(nowMs, this.operations, this.#sampleInterval)
  }

  /**
   * Calls the listener for each operation that reaches its `slowThresholdSeconds`. Returns a function that removes the
   * listener.
   */
  onSlow(listener: (operation: SlowOperation) => void): () => void {
    return subscribe(this.#slowListeners, listener)
  }

  /** Calls the listener for each failed operation. Returns a function that removes the listener. */
  onError(listener: (operation: FailedOperation) => void): () => void {
    return subscribe(this.#errorListeners, listener)
  }

  /**
   * Calls the listener for each existing operation of each store and for each new one. Returns a function that removes
   * the listener.
   */
  onOperation(listener: (operation: ObservedOperation) => void): () => void {
    for (const operation of this.operations) listener(operation)
    return subscribe(this.#operationListeners, listener)
  }

  /**
   * Calls the listener for each event: flushes, compactions and write stalls of engines, and stores that are opened and
   * closed. Returns a function that removes the listener.
   */
  onEvent(listener: (event: StoreEvent) => void): () => void {
    return subscribe(this.#eventListeners, listener)
  }

  /** Whether anyone listens to events: otherwise none needs to be created. */
  get hasEventListeners(): boolean {
    return this.#eventListeners.size > 0
  }

  /** Returns the number of a new event. */
  nextEventId(): number {
    return ++this.#eventIds
  }

  /** Notifies the listeners of an event. Never throws. */
  emitEvent(event: StoreEvent): void {
    emit(this.#eventListeners, event, this.#onListenerFailure)
  }

  /** Adds an operation of a store and notifies the listeners. */
  add(operation: ObservedOperation): void {
    operation.sampleInterval = this.#sampleInterval
    this.operations.add(operation)
    emit(this.#operationListeners, operation, this.#onListenerFailure)
  }

  /** Removes an operation of a store that is not measured any more. */
  remove(operation: ObservedOperation): void {
    this.operations.delete(operation)
  }

  /** Notifies the listeners of a slow operation. Never throws. */
  emitSlow(operation: SlowOperation): void {
    emit(this.#slowListeners, operation, this.#onListenerFailure)
  }

  /** Notifies the listeners of a failed operation. Never throws. */
  emitError(operation: FailedOperation): void {
    emit(this.#errorListeners, operation, this.#onListenerFailure)
  }

  /** Returns the number of operations in flight in all stores, and the age of the oldest in seconds (0 if there is none). */
  inFlight(): { depth: number; oldestSeconds: number } {
    let depth = 0
    let oldestSeconds = 0
    for (const store of this.stores) {
      depth += store.depth
      oldestSeconds = Math.max(oldestSeconds, store.oldestAgeSeconds())
    }
    return { depth, oldestSeconds }
  }

  /**
   * Sets `nowMs` as the start time of the operations in flight that are not timed. Call it regularly if not all are timed: then long
   * operations are found all the same.
   */
  markInFlight(nowMs: number): void {
    if (this.#sampleInterval > 1 || this.budget.share !== undefined) for (const store of this.stores) store.markInFlight(nowMs)
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** An error of a listener must not reach the store's caller. */
function emit<Subject>(
  listeners: Iterable<(subject: Subject) => void>,
  subject: Subject,
  onFailure: (error: unknown) => void,
): void {
  for (const listener of listeners) {
    try {
      listener(subject)
    } catch (error) {
      onFailure(error)
    }
  }
}
