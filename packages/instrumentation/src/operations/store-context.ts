import { errorType } from '../metrics/error-type.ts'
import type { GaugeAggregation } from '../metrics/gauge.ts'
import type { Labels } from '../metrics/labels.ts'
import type { MetricName, Operation } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import { InFlightOperations } from './in-flight.ts'
import { OperationRecorder, type StoreIdentity } from './recorder.ts'

/** What an adapter says of a store beside its operations; what it does not know it leaves out. */
export interface StoreDescription extends StoreIdentity {
  readonly engineVersion?: string
  readonly adapter: string
}

/** Everything an adapter needs to measure one store: its recorders, what is in flight, and whether to measure now. */
export class StoreContext {
  readonly inFlight = new InFlightOperations()
  openIterators = 0
  /**
   * True while the store runs the synchronous part of an operation: what it calls of itself meanwhile (a batch behind a
   * chained batch, an iterator behind `keys()`) is part of that operation and not counted again.
   */
  isNested = false
  /** Whether the store's gauges mean anything now: see `askWhetherOpen`. */
  isOpen: () => boolean = () => true
  /** The `error.type` of why it could not be opened when that was last tried. */
  openFailure: string | undefined
  readonly registry: MetricsRegistry
  readonly #description: StoreDescription
  readonly #knownErrors: ReadonlySet<string>
  readonly #recorders = new Map<Operation, OperationRecorder>()
  #unwatch: Array<() => void> = []
  #ended = false

  /** The series of the supplied operations are there, at 0, from now on. */
  constructor(
    registry: MetricsRegistry,
    description: StoreDescription,
    supplied: readonly Operation[],
    knownErrors: ReadonlySet<string>,
  ) {
    this.registry = registry
    this.#description = description
    this.#knownErrors = knownErrors
    for (const operation of supplied) this.recorder(operation)
    registry.observer.stores.add(this.inFlight)
  }

  /** Whether an operation that begins now is measured. */
  get isMeasuring(): boolean {
    return !this.isNested && !this.#ended && this.registry.enabled
  }

  recorder(operation: Operation): OperationRecorder {
    let recorder = this.#recorders.get(operation)
    if (recorder === undefined) {
      recorder = new OperationRecorder(this.registry, operation, this.#description, this.#knownErrors)
      this.#recorders.set(operation, recorder)
    }
    return recorder
  }

  /**
   * How to see whether the store is open. The registry's gauges ask this: so the store is held weakly here, and `isOpen` must
   * know it by its argument only.
   */
  askWhetherOpen<Store extends object>(store: Store, isOpen: (store: Store) => boolean): void {
    this.isOpen = weakly(store, isOpen)
  }

  /** Counts a failure to open or close the store, which is not one of its operations. */
  recordLifecycleError(verb: 'open' | 'close', error: unknown): void {
    if (this.#ended) return
    const { store } = this.#description
    const kind = errorType(error, this.#knownErrors)
    if (verb === 'open') this.openFailure = kind
    this.registry.incrementCounter('db_errors_total', 1, { store, operation: verb, error_type: kind })
    this.registry.observer.emitError({ store, operation: verb, errorType: kind, error })
  }

  /** Runs what is no operation of the store's users. What it begins after it has returned, past a promise, is measured again. */
  withoutMeasuring<Result>(run: () => Result): Result {
    const before = this.isNested
    this.isNested = true
    try {
      return run()
    } finally {
      this.isNested = before
    }
  }

  /** Shows the store's gauges: it is open, or about to be. */
  publishGauges(): void {
    this.openFailure = undefined
    if (this.#unwatch.length > 0 || this.#ended) return
    const { store, engine, engineVersion, adapter } = this.#description
    const version = engineVersion === undefined ? {} : { engine_version: engineVersion }
    this.#observe('db_store_info', { store, engine, ...version, adapter }, () => 1, 'max')
    if (this.#recorders.size > 0) {
      this.#observe('db_queue_depth', { store }, () => this.inFlight.depth)
      this.#observe('db_oldest_operation_age_seconds', { store }, () => this.inFlight.oldestAgeSeconds(), 'max')
    }
    if (this.#recorders.has('scan')) this.#observe('db_open_iterators', { store }, () => this.openIterators)
  }

  /** Lets the store's gauges disappear: it is closed. Its counters stay. */
  withdrawGauges(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
  }

  /** Measures nothing more, also where somebody wrapped a method of ours and so keeps it. */
  end(): void {
    this.#ended = true
    const { observer } = this.registry
    observer.stores.delete(this.inFlight)
    for (const recorder of this.#recorders.values()) observer.remove(recorder)
    this.withdrawGauges()
  }

  #observe(name: MetricName, labels: Labels, read: () => number, combine?: GaugeAggregation): void {
    const whileOpen = (): number | undefined => (this.isOpen() ? read() : undefined)
    this.#unwatch.push(this.registry.gauge(name, labels).observe(whileOpen, combine))
  }
}

/** In a function of its own: closures made together hold what any of them holds. */
function weakly<Store extends object>(store: Store, isOpen: (store: Store) => boolean): () => boolean {
  const held = new WeakRef(store)
  return () => {
    const store = held.deref()
    return store !== undefined && isOpen(store)
  }
}
