import type { Span } from '@opentelemetry/api'
import type { Counter } from '../metrics/counter.ts'
import { errorType } from '../metrics/error-type.ts'
import type { Histogram } from '../metrics/histogram.ts'
import type { Labels } from '../metrics/labels.ts'
import { clientOperationDuration, type Operation, operationMetrics } from '../metrics/semconv.ts'
import { endSpan, spanContextOf, startSpan } from '../otel/span.ts'
import type { ObservedOperation, OperationObserver } from '../registry/observer.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import { nowMs } from './clock.ts'

/** Whose operations they are. */
export interface StoreIdentity {
  /** The name given by the store's owner: the label `store`, and `db.namespace` in OpenTelemetry's convention. */
  readonly store: string
  /** What kind of store it is, `leveldb` for example: `db.system.name` in OpenTelemetry's convention. */
  readonly engine: string
}

/** What is known of one call beside its time; looked at only where the operation was slow. */
export interface CallDetails {
  /** On the clock of `performance.now()`. */
  readonly startMs: number
  /** Of keys and values only the sizes are taken. */
  readonly key?: unknown
  readonly value?: unknown
  readonly span?: Span | undefined
  /** How many operations of the store were in flight. */
  readonly inFlight?: number
}

/**
 * The cells of one operation of one store. Recording costs two additions and one index computation, and never throws.
 * The series are there, at 0, from the moment it is made.
 */
export class OperationRecorder implements ObservedOperation {
  readonly operation: Operation
  readonly operations: Counter
  readonly latency: Histogram
  slowThresholdSeconds = Number.POSITIVE_INFINITY
  readonly #watch: OperationObserver
  readonly #errors: Counter
  readonly #entries: Counter | undefined
  readonly #registry: MetricsRegistry
  readonly #identity: StoreIdentity
  readonly #knownErrors: ReadonlySet<string>
  /** The convention's own histogram, of the successes; undefined under Wombat's names alone. */
  readonly #duration: Histogram | undefined
  /** How many operations there are until one is timed. */
  #untilTimed = 0

  constructor(
    registry: MetricsRegistry,
    operation: Operation,
    identity: StoreIdentity,
    knownErrors: ReadonlySet<string> = new Set(),
  ) {
    const names = operationMetrics(operation)
    const labels: Labels = Object.freeze({ store: identity.store })
    this.operation = operation
    this.operations = registry.counter(names.operations, labels)
    this.latency = registry.histogram(names.latency, labels)
    this.#errors = registry.counter(names.errors, labels)
    this.#entries =
      operation === 'batch' || operation === 'scan' ? registry.counter(`db_${operation}_entries_total`, labels) : undefined
    this.#registry = registry
    this.#watch = registry.observer
    this.#identity = identity
    this.#knownErrors = knownErrors
    this.#duration =
      registry.semconv === 'wombat' ? undefined : registry.histogram(clientOperationDuration.name, this.#convention())
    this.#watch.add(this)
  }

  get store(): string {
    return this.#identity.store
  }

  get engine(): string {
    return this.#identity.engine
  }

  /**
   * Whether the operation that begins now is timed. Where only a share is, chance says which: a fixed distance would meet a
   * pattern in the calls, and time the same kind of them again and again.
   */
  shouldTime(): boolean {
    const oneIn = this.#watch.sampleInterval
    if (oneIn === 1) return true
    if (this.#untilTimed > 0) {
      this.#untilTimed--
      return false
    }
    this.#untilTimed = Math.floor(Math.random() * (2 * oneIn - 1))
    return true
  }

  /** A span of the operation that begins now, where spans are wanted. */
  startSpan(): Span | undefined {
    const { tracer } = this.#watch
    return tracer === undefined ? undefined : startSpan(tracer, this.#identity, this.operation)
  }

  /** An operation that took `seconds` and succeeded; a batch or a scan says how many entries it moved, a get what it read. */
  recordSuccess(seconds: number, entries = 0, details?: CallDetails, result?: unknown): void {
    this.countSuccess(entries, details?.span)
    this.latency.record(seconds)
    if (this.#duration !== undefined) this.#duration.record(seconds)
    if (seconds >= this.slowThresholdSeconds) this.emitSlow(seconds, entries, false, details, result)
  }

  /** An operation that took `seconds` and failed: counted and timed like every other, and among the errors. */
  recordFailure(seconds: number, error?: unknown, details?: CallDetails): void {
    const kind = this.countFailure(error, details?.span)
    this.latency.record(seconds)
    if (this.#duration !== undefined) {
      this.#registry.recordHistogram(clientOperationDuration.name, seconds, { ...this.#convention(), 'error.type': kind })
    }
    if (seconds >= this.slowThresholdSeconds) this.emitSlow(seconds, 0, true, details)
  }

  /** An operation that succeeded and was not timed. */
  countSuccess(entries = 0, span?: Span): void {
    this.operations.add(1)
    if (entries !== 0) this.#entries?.add(entries)
    if (span !== undefined) endSpan(span, this.operation, entries)
  }

  /** An operation that failed and was not timed. Returns its `error.type`. */
  countFailure(error: unknown, span?: Span): string {
    this.operations.add(1)
    this.#errors.add(1)
    const { store } = this.#identity
    const kind = errorType(error, this.#knownErrors)
    this.#registry.incrementCounter('db_errors_total', 1, { store, operation: this.operation, error_type: kind })
    if (span !== undefined) endSpan(span, this.operation, 0, kind)
    this.#watch.emitError({ store, operation: this.operation, errorType: kind, error })
    return kind
  }

  /** Tells whoever wants to know of it that an operation was slow. */
  emitSlow(seconds: number, entries: number, isFailed: boolean, details?: CallDetails, result?: unknown): void {
    const { operation } = this
    const hasEntries = operation === 'batch' || operation === 'scan'
    this.#watch.emitSlow({
      ...this.#identity,
      operation,
      startMs: details?.startMs ?? nowMs() - seconds * 1000,
      seconds,
      isFailed,
      entries: hasEntries && !isFailed ? entries : undefined,
      ...sizesOf(operation, details, result),
      inFlight: details?.inFlight,
      trace: spanContextOf(details?.span),
    })
  }

  #convention(): Labels {
    const { store, engine } = this.#identity
    return { 'db.system.name': engine, 'db.namespace': store, 'db.operation.name': this.operation }
  }
}

/** Every store's verbs take the key first and the value second. */
function sizesOf(operation: Operation, { key, value }: Partial<CallDetails> = {}, result?: unknown) {
  const isSingle = operation === 'get' || operation === 'set' || operation === 'delete' || operation === 'has'
  const moved = operation === 'set' ? value : operation === 'get' ? result : undefined
  return { keyBytes: isSingle ? sizeOf(key) : undefined, valueBytes: sizeOf(moved) }
}

function sizeOf(content: unknown): number | undefined {
  if (typeof content === 'string') return Buffer.byteLength(content)
  return ArrayBuffer.isView(content) ? content.byteLength : undefined
}
