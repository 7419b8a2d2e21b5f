import { errorType } from '../metrics/error-type.ts'
import type { Labels } from '../metrics/labels.ts'
import { type MetricName, metrics, type Operation, operations } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import type { StoreBinding } from '../registry/store-binding.ts'
import type { StoreEvent, StoreEventKind, StoreEventOf } from '../registry/store-event.ts'
import { type Closeable, type StoreOwnedParts, StoreReference } from '../registry/store-reference.ts'
import { InFlightOperations } from './in-flight.ts'
import { MethodPatch } from './method-patch.ts'
import { OpenScans } from './open-scans.ts'
import { OperationRecorder, type StoreIdentity } from './recorder.ts'
import { deleteMark, getMark, type StoreMark, setMark } from './store-mark.ts'

/** Which store it is: labels of its metrics. */
export interface StoreDescription extends StoreIdentity {
  readonly adapter: string
  /** The kind of store, for example `leveldb`. */
  readonly engine: string
  /** Whether the store was found, not instrumented by the application (default false). */
  readonly isAutomatic?: boolean
  /** The SQL of the statements that the application has named, by their name (default: none). */
  readonly statementNames?: Readonly<Record<string, string>>
  /** Whether operations are also recorded by sublevel (default false). */
  readonly bySublevel?: boolean
}

/** How a gauge is exported. */
export interface GaugeOptions {
  /** Labels beside `store`. */
  readonly labels?: Labels
}

/** Engines whose operations are native code, or a structure in memory: no span can be created inside. */
const nativeEngines: ReadonlySet<string> = new Set(['leveldb', 'rocksdb', 'memory', 'sqlite'])

/** Everything an adapter needs to measure one store. `instrument` creates one for each store. */
export class StoreContext implements StoreMark {
  /** Where the store's metrics are recorded. */
  readonly registry: MetricsRegistry
  /** The label `store`. */
  readonly name: string
  /** The kind of store, for example `leveldb`. */
  readonly engine: string
  /** Whether the store was found, not instrumented by the application. */
  readonly isAutomatic: boolean
  /** Whether what the store calls may create spans, which are to be children of the operation's. */
  readonly hasSpansBelow: boolean
  /** Whether operations are also recorded by sublevel. */
  readonly bySublevel: boolean
  /** The operations that have begun and are not settled. */
  readonly inFlight = new InFlightOperations()
  /** The open iterators; undefined if the adapter lists no scans. */
  readonly openScans: OpenScans | undefined
  /**
   * True during the synchronous part of an operation. What the store calls on itself meanwhile (a batch behind a chained
   * batch, an iterator behind `keys()`) is part of that operation and is not counted again.
   */
  isNested = false
  /** The SQL of the statements that the application has named, by their name. */
  readonly statementNames: Readonly<Record<string, string>>
  readonly #identity: StoreIdentity
  readonly #adapter: string
  readonly #errorCodes: ReadonlySet<string>
  readonly #recorders = new Map<Operation, OperationRecorder>()
  /** The operations of which a wrapper has the recorder. */
  readonly #wrapped = new Set<Operation>()
  readonly #missingMethods: string[] = []
  /** The objects that have this context as their mark. */
  readonly #marked: object[] = []
  /** Patches made before the adapter has returned its binding: undone if it throws. */
  readonly #patches: MethodPatch[] = []
  readonly #parts: StoreOwnedParts = { binding: undefined, gauges: [], beforeCollection: undefined }
  readonly #reference: StoreReference
  #isEnded = false

  /** Creates the series of the operations that the adapter lists, at 0. */
  constructor(
    registry: MetricsRegistry,
    { store, engine, adapter, isAutomatic = false, statementNames = {}, bySublevel = false }: StoreDescription,
    listedOperations: readonly Operation[],
    errorCodes: ReadonlySet<string>,
  ) {
    this.registry = registry
    this.name = store
    this.engine = engine
    this.isAutomatic = isAutomatic
    this.statementNames = statementNames
    this.bySublevel = bySublevel
    this.#identity = { store, engine }
    this.hasSpansBelow = !nativeEngines.has(engine)
    this.#adapter = adapter
    this.#errorCodes = errorCodes
    for (const operation of listedOperations) {
      this.#recorders.set(operation, new OperationRecorder(registry, operation, this.#identity, errorCodes))
    }
    if (listedOperations.includes('scan')) {
      this.openScans = new OpenScans(registry.counter('db_abandoned_iterators_total', { store }))
    }
    this.#reference = new StoreReference(registry, { name: store, engine, adapter }, this.#parts)
    this.#observeOperations(listedOperations, { engine, adapter })
  }

  /** Whether an operation that begins now is measured. */
  get isMeasuring(): boolean {
    return !this.isNested && !this.#isEnded && this.registry.enabled
  }

  /**
   * Returns the recorder of an operation; the same one each time.
   *
   * @throws TypeError if the adapter's `operations` do not contain it: its series would not exist from the start.
   */
  recorder(operation: Operation): OperationRecorder {
    const recorder = this.#recorders.get(operation)
    if (recorder !== undefined) {
      this.#wrapped.add(operation)
      return recorder
    }
    const listed = [...this.#recorders.keys()].join(', ') || 'empty'
    const advice = operations.includes(operation)
      ? `but its operations are ${listed}: add ${operation}`
      : `which does not exist: use one of ${operations.join(', ')}`
    throw new TypeError(`adapter "${this.#adapter}" measures the operation ${operation}, ${advice}`)
  }

  /** Keeps the name of a method that `wrapMethods` got and the store does not have, for an error message of `bind`. */
  addMissingMethod(name: string): void {
    this.#missingMethods.push(name)
  }

  /** Creates a patch for methods of the store. It is undone if the adapter's `instrument` throws. */
  patch(target: object): MethodPatch {
    const patch = new MethodPatch(target)
    if (this.#parts.binding === undefined) this.#patches.push(patch)
    return patch
  }

  /**
   * Exports a gauge: `read` runs at each collection, and may reference the store. The gauge is absent while the store is not
   * `opening` or `open`, and while `read` returns undefined: what is unknown is absent, never 0.
   *
   * @throws TypeError if the metric is not a gauge of the catalog, or does not have these labels.
   */
  observeGauge(name: MetricName, read: () => number | undefined, { labels }: GaugeOptions = {}): void {
    if (this.#isEnded) return
    const kind = metrics[name]?.kind
    if (kind !== undefined && kind !== 'gauge') {
      const advice = `use context.registry.${kind === 'counter' ? 'counter' : 'histogram'}("${name}", { store: context.name })`
      throw new TypeError(`adapter "${this.#adapter}" observes ${name} as a gauge, but it is a ${kind}: ${advice}`)
    }
    const index = this.#parts.gauges.push(read) - 1
    this.#reference.observeGauge(index, name, { store: this.name, ...labels })
  }

  /**
   * Closes `resource` when measuring ends or the store is garbage collected. The resource must not reference the store, or
   * the store is never collected. Returns a function that cancels it.
   */
  closeOnRelease(resource: Closeable): () => void {
    return this.#reference.closeOnRelease(resource)
  }

  /** Counts a failure to open or to close the store; neither is an operation. */
  recordLifecycleError(verb: 'open' | 'close', error: unknown): void {
    if (this.#isEnded) return
    const { store } = this.#identity
    const type = errorType(error, this.#errorCodes)
    if (verb === 'open') this.#reference.onOpenFailed(type)
    this.registry.incrementCounter('db_errors_total', 1, { store, operation: verb, error_type: type })
    this.registry.observer.emitError({ store, operation: verb, errorType: type, error })
  }

  /** Records that the store was opened: an earlier failure to open it no longer counts. */
  recordOpened(): void {
    if (!this.#isEnded) this.#reference.onOpened()
  }

  /** Records that the store was closed. The collections notice it, too, but later. */
  recordClosed(): void {
    if (!this.#isEnded) this.#reference.updateState()
  }

  /** Whether anyone listens to the events of the store: otherwise none needs to be created. */
  get hasEventListeners(): boolean {
    return !this.#isEnded && this.registry.observer.hasEventListeners
  }

  /** Reports an event of the store's engine. Never throws. */
  emitEvent<Kind extends StoreEventKind>(event: Omit<StoreEventOf<Kind>, 'store'>): void {
    if (this.hasEventListeners) this.registry.observer.emitEvent({ ...event, store: this.name } as StoreEvent)
  }

  /** Runs `run` without measuring the operations it begins. What begins after a promise of it is measured again. */
  withoutMeasuring<Result>(run: () => Result): Result {
    return this.withNested(true, run)
  }

  /** Runs `run` as a part of the operation that the store performs now, or, with `false`, as code of the store's caller. */
  withNested<Result>(isNested: boolean, run: () => Result): Result {
    const before = this.isNested
    this.isNested = isNested
    try {
      return run()
    } finally {
      this.isNested = before
    }
  }

  /**
   * Publishes the store with the binding that its adapter returned. Called once, by `instrument`.
   *
   * @param optional operations for which the store may have no method.
   * @throws TypeError if the adapter has wrapped no method for another one of its operations.
   */
  bind(store: object, binding: StoreBinding, optional: readonly Operation[] = []): void {
    this.#parts.binding = binding
    this.#patches.length = 0
    this.#assertAllWrapped(optional)
    this.#reference.publish(store)
  }

  /**
   * Marks an object as measured by this context, until it ends.
   *
   * @throws TypeError if the object is frozen.
   */
  mark(object: object): void {
    setMark(object, this)
    this.#marked.push(object)
  }

  /**
   * Stops measuring the store: withdraws its gauges and detaches the adapter, or undoes its patches if it never returned a
   * binding. Measures nothing more, even if other code kept one of the wrapped methods.
   */
  end(): void {
    this.#isEnded = true
    for (const object of this.#marked.splice(0)) if (getMark(object) === this) deleteMark(object)
    this.#reference.release()
    this.#parts.binding?.detach()
    for (const patch of this.#patches.splice(0).reverse()) patch.undo()
  }

  /** Throws if the adapter has requested no recorder for one of its operations: its series would stay at 0. */
  #assertAllWrapped(optional: readonly Operation[]): void {
    const unwrapped = [...this.#recorders.keys()].filter((one) => !this.#wrapped.has(one) && !optional.includes(one))
    if (unwrapped.length === 0) return
    const [noun, pronoun] = unwrapped.length === 1 ? ['operation', 'it'] : ['operations', 'them']
    const problem = `adapter "${this.#adapter}" lists the ${noun} ${unwrapped.join(', ')} but wraps no method for ${pronoun}`
    const missing = this.#missingMethods.join(', ')
    throw new TypeError(
      missing === ''
        ? `${problem}: wrap one with wrapMethods or context.recorder, or remove it from operations`
        : `${problem}; wrapMethods got ${missing}, which the store does not have`,
    )
  }

  #observeOperations(
    listedOperations: readonly Operation[],
    { engine, adapter }: Pick<StoreDescription, 'engine' | 'adapter'>,
  ): void {
    this.#reference.observeOperations(this.inFlight, this.#recorders.values())
    this.observeGauge('db_store_info', () => 1, { labels: { engine, adapter } })
    if (listedOperations.length === 0) return
    this.observeGauge('db_queue_depth', () => this.inFlight.depth)
    this.observeGauge('db_oldest_operation_age_seconds', () => this.inFlight.oldestAgeSeconds())
    const { openScans } = this
    if (openScans === undefined) return
    this.#parts.beforeCollection = () => openScans.endAbandoned()
    this.observeGauge('db_open_iterators', () => openScans.count)
    this.observeGauge('db_oldest_iterator_age_seconds', () => openScans.oldestAgeSeconds())
  }
}
