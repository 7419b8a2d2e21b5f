import type { Span } from '@opentelemetry/api'
import type { Counter } from '../metrics/counter.ts'
import { errorType } from '../metrics/error-type.ts'
import type { Histogram } from '../metrics/histogram.ts'
import type { Labels } from '../metrics/labels.ts'
import { clientOperationDuration, type Operation, operationMetrics } from '../metrics/semconv.ts'
import { describeSpans, endSpan, findSpanContext, type OperationSpans, startSpan } from '../otel/span.ts'
import type { ObservedOperation, OperationObserver } from '../registry/observer.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import { nowMs } from './clock.ts'
import { keepExemplar } from './exemplar.ts'

/** The store that operations belong to, as labels and span attributes name it. */
export interface StoreIdentity {
  /**
   * The name that the application gave to the store: the label `store`, and `db.namespace` in OpenTelemetry's
   * convention.
   */
  readonly store: string
  /** The kind of store, for example `leveldb`: `db.system.name` in OpenTelemetry's convention. */
  readonly engine: string
}

/** Details of one call, for its span and for a report if it was slow. */
export interface CallDetails {
  /** The start of the call in milliseconds of `performance.now()`. */
  readonly startMs: number
  /** Only for its size. */
  readonly key?: unknown
  /** Only for its size. */
  readonly value?: unknown
  /** The span of the operation, which the recorder ends. */
  readonly span?: Span | undefined
  /** How many operations of the store were in flight, including this one. */
  readonly inFlight?: number
}

/** Records the calls of a wrapped method. */
export type CallRecorder = Pick<
  OperationRecorder,
  'slowThresholdSeconds' | 'shouldTime' | 'startSpan' | 'recordSuccess' | 'recordFailure' | 'countSuccess' | 'countFailure'
>

/**
 * Records one kind of operation of one store. Its series exist, at 0, from its creation. Recording costs two additions
 * and one index computation, and never throws.
 */
export class OperationRecorder implements ObservedOperation {
  readonly operation: Operation
  /** Counts all operations, both successful and failed. */
  readonly operations: Counter
  /** The durations of the timed operations in seconds. */
  readonly latency: Histogram
  slowThresholdSeconds = Number.POSITIVE_INFINITY
  readonly #observer: OperationObserver
  readonly #errors: Counter
  readonly #entries: Counter | undefined
  readonly #registry: MetricsRegistry
  readonly #identity: StoreIdentity
  readonly #errorCodes: ReadonlySet<string>
  /** `db.client.operation.duration` of the successes; `undefined` if the registry exports only Wombat's names. */
  readonly #duration: Histogram | undefined
  /** Operations of this recorder alone: others may add to the same counter. */
  timedOperations = 0
  #untimedOperations = 0
  /** How many operations were counted since the last timed one. */
  #unrepresented = 0
  #sampleInterval = 1
  /** How many operations are left until the next timed one. */
  #untilTimed = 0
  /** Created with the first span. */
  #spans: OperationSpans | undefined
  #failedOperations = 0
  /** How many successes the durations under OpenTelemetry's name stand for. */
  #representedSuccesses = 0

  /**
   * Creates the series of the operation, at 0.
   *
   * @param errorCodes the documented codes of the store's errors; other errors are counted as `_OTHER`.
   * @throws TypeError if the name of the store is not a valid label.
   */
  constructor(
    registry: MetricsRegistry,
    operation: Operation,
    identity: StoreIdentity,
    errorCodes: ReadonlySet<string> = new Set(),
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
    this.#observer = registry.observer
    this.#identity = identity
    this.#errorCodes = errorCodes
    this.#duration =
      registry.semconv === 'wombat' ? undefined : registry.histogram(clientOperationDuration.name, this.#conventionLabels())
    this.#observer.add(this)
  }

  get store(): string {
    return this.#identity.store
  }

  get engine(): string {
    return this.#identity.engine
  }

  /** How many operations have been counted. */
  get countedOperations(): number {
    return this.timedOperations + this.#untimedOperations
  }

  /** One in so many operations is timed, on average. */
  get sampleInterval(): number {
    return this.#sampleInterval
  }

  set sampleInterval(interval: number) {
    if (interval === this.#sampleInterval) return
    this.#sampleInterval = interval
    // Whatever was drawn before says nothing of the next ones.
    this.#untilTimed = interval === 1 ? 0 : untilNext(interval)
  }

  /**
   * Returns whether the operation that starts now is timed. Each one is with the same probability, whatever came before: a fixed distance
   * could match a pattern in the calls, and only without a memory does a timed operation stand for as many others whether it is short or
   * long.
   */
  shouldTime(): boolean {
    const observer = this.#observer
    if (observer.onNextOperation !== undefined) observer.operationStarted()
    if (this.#untilTimed > 0) {
      this.#untilTimed--
      return false
    }
    const { budget } = observer
    if (--budget.timingsLeft < 0) budget.exceed(this)
    if (this.#sampleInterval !== 1) this.#untilTimed = untilNext(this.#sampleInterval)
    return true
  }

  /** Starts a span for the operation that starts now; `undefined` if there is no tracer. */
  startSpan(): Span | undefined {
    const { tracer } = this.#observer
    if (tracer === undefined) return undefined
    this.#spans ??= describeSpans(this.#identity, this.operation)
    return startSpan(tracer, this.#spans, this.#observer.onTracerFailure)
  }

  /**
   * Records a successful operation.
   *
   * @param seconds its duration in seconds.
   * @param entries how many entries a batch wrote or a scan returned.
   * @param result what a get read: only for its size.
   */
  recordSuccess(seconds: number, entries = 0, details?: CallDetails, result?: unknown): void {
    this.#record(seconds)
    this.#addSuccess(entries, details?.span)
    keepExemplar(this.#observer, this.latency, this.#duration, seconds, details)
    if (this.#duration !== undefined) {
      const successes = this.countedOperations - this.#failedOperations
      this.#duration.record(seconds, successes - this.#representedSuccesses)
      this.#representedSuccesses = successes
    }
    if (seconds >= this.slowThresholdSeconds) this.emitSlow(seconds, entries, false, details, result)
  }

  /**
   * Records a failed operation: counted and timed like a successful one, and counted as an error.
   *
   * @param seconds its duration in seconds.
   */
  recordFailure(seconds: number, error?: unknown, details?: CallDetails): void {
    this.#record(seconds)
    const type = this.#addFailure(error, details?.span)
    keepExemplar(this.#observer, this.latency, undefined, seconds, details)
    if (this.#duration !== undefined) {
      this.#registry.recordHistogram(clientOperationDuration.name, seconds, { ...this.#conventionLabels(), 'error.type': type })
    }
    if (seconds >= this.slowThresholdSeconds) this.emitSlow(seconds, 0, true, details)
  }

  /** Records the duration of an operation, which stands for those that were counted since the last timed one, too. */
  #record(seconds: number): void {
    this.timedOperations++
    this.latency.record(seconds, this.#unrepresented + 1)
    this.#unrepresented = 0
  }

  /** Counts a successful operation that was not timed. */
  countSuccess(entries = 0, span?: Span): void {
    this.#untimedOperations++
    this.#unrepresented++
    this.#addSuccess(entries, span)
  }

  /** Counts a failed operation that was not timed. */
  countFailure(error: unknown, span?: Span): void {
    this.#untimedOperations++
    this.#unrepresented++
    this.#addFailure(error, span)
  }

  #addSuccess(entries: number, span: Span | undefined): void {
    this.operations.increment()
    if (entries !== 0) this.#entries?.add(entries)
    if (span !== undefined) endSpan(span, this.operation, entries, this.#observer.onTracerFailure)
  }

  /** Returns the `error.type`. */
  #addFailure(error: unknown, span: Span | undefined): string {
    this.#failedOperations++
    this.operations.increment()
    this.#errors.increment()
    const { store } = this.#identity
    const type = errorType(error, this.#errorCodes)
    this.#registry.incrementCounter('db_errors_total', 1, { store, operation: this.operation, error_type: type })
    if (span !== undefined) endSpan(span, this.operation, 0, this.#observer.onTracerFailure, type)
    this.#observer.emitError({ store, operation: this.operation, errorType: type, error })
    return type
  }

  /** Reports an operation that took `seconds` and reached the threshold to the observer. */
  emitSlow(seconds: number, entries: number, isFailed: boolean, details?: CallDetails, result?: unknown): void {
    const { operation } = this
    const hasEntries = operation === 'batch' || operation === 'scan'
    this.#observer.emitSlow({
      ...this.#identity,
      operation,
      startMs: details?.startMs ?? nowMs() - seconds * 1000,
      seconds,
      isFailed,
      entries: hasEntries && !isFailed ? entries : undefined,
      ...measureSizes(operation, details, result),
      inFlight: details?.inFlight,
      trace: findSpanContext(details?.span, this.#observer.onTracerFailure),
    })
  }

  #conventionLabels(): Labels {
    const { store, engine } = this.#identity
    return { 'db.system.name': engine, 'db.namespace': store, 'db.operation.name': this.operation }
  }
}

/**
 * Returns the sizes of key and value in bytes. Relies on every store's methods taking the key first and the value
 * second.
 */
function measureSizes(operation: Operation, { key, value }: Partial<CallDetails> = {}, result?: unknown) {
  const isSingle = operation === 'get' || operation === 'set' || operation === 'delete' || operation === 'has'
  const content = operation === 'set' ? value : operation === 'get' ? result : undefined
  return { keyBytes: isSingle ? byteLength(key) : undefined, valueBytes: byteLength(content) }
}

function byteLength(content: unknown): number | undefined {
  if (typeof content === 'string') return Buffer.byteLength(content)
  return ArrayBuffer.isView(content) ? content.byteLength : undefined
}

/** Draws how many operations are not timed before the next one is. */
function untilNext(interval: number): number {
  return Math.floor(Math.log(1 - Math.random()) / Math.log(1 - 1 / interval))
}
