import type { CounterCell } from './cell.ts'
import { errorType } from './error-type.ts'
import type { HistogramCell } from './histogram.ts'
import type { Labels } from './labels.ts'
import type { MetricsRegistry } from './registry.ts'
import { clientOperationDuration, metricsOf, type Operation } from './semconv.ts'

/** Whose operations they are. */
export interface StoreIdentity {
  /** The name given by the store's owner: the label `store`, and `db.namespace` in OpenTelemetry's convention. */
  readonly store: string
  /** What kind of store it is, `leveldb` for example: `db.system.name` in OpenTelemetry's convention. */
  readonly engine: string
}

/**
 * The cells of one operation of one store. Recording costs two additions and one index computation, and never throws.
 * The series are there, at 0, from the moment it is made.
 */
export class OperationRecorder {
  readonly operation: Operation
  readonly operations: CounterCell
  readonly latency: HistogramCell
  readonly #errors: CounterCell
  readonly #entries: CounterCell | undefined
  readonly #registry: MetricsRegistry
  readonly #identity: StoreIdentity
  readonly #knownErrors: ReadonlySet<string>
  /** The convention's own histogram, of the successes; undefined under Wombat's names alone. */
  readonly #duration: HistogramCell | undefined

  constructor(
    registry: MetricsRegistry,
    operation: Operation,
    identity: StoreIdentity,
    knownErrors: ReadonlySet<string> = new Set(),
  ) {
    const names = metricsOf(operation)
    const labels: Labels = Object.freeze({ store: identity.store })
    this.operation = operation
    this.operations = registry.counter(names.operations, labels)
    this.latency = registry.histogram(names.latency, labels)
    this.#errors = registry.counter(names.errors, labels)
    this.#entries =
      operation === 'batch' || operation === 'scan' ? registry.counter(`db_${operation}_entries_total`, labels) : undefined
    this.#registry = registry
    this.#identity = identity
    this.#knownErrors = knownErrors
    this.#duration =
      registry.semconv === 'wombat' ? undefined : registry.histogram(clientOperationDuration.name, this.#convention())
  }

  /** An operation that took `seconds` and succeeded; a batch or a scan says how many entries it moved. */
  succeed(seconds: number, entries = 0): void {
    this.operations.add(1)
    this.latency.record(seconds)
    if (entries !== 0) this.#entries?.add(entries)
    if (this.#duration !== undefined) this.#duration.record(seconds)
  }

  /** An operation that took `seconds` and failed: counted and timed like every other, and among the errors. */
  fail(seconds: number, error?: unknown): void {
    this.operations.add(1)
    this.latency.record(seconds)
    this.#errors.add(1)
    const kind = errorType(error, this.#knownErrors)
    this.#registry.incrementCounter('db_errors_total', 1, {
      store: this.#identity.store,
      operation: this.operation,
      error_type: kind,
    })
    if (this.#duration !== undefined) {
      this.#registry.recordHistogram(clientOperationDuration.name, seconds, { ...this.#convention(), 'error.type': kind })
    }
  }

  #convention(): Labels {
    const { store, engine } = this.#identity
    return { 'db.system.name': engine, 'db.namespace': store, 'db.operation.name': this.operation }
  }
}
