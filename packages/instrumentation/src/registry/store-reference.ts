import { errorKind } from '../metrics/error-type.ts'
import type { Labels } from '../metrics/labels.ts'
import type { MetricName } from '../metrics/semconv.ts'
import { logDiagnostic } from './diagnostics.ts'
import type { MeasuredStore } from './measured-stores.ts'
import type { ObservedOperation, ObservedStore } from './observer.ts'
import type { MetricsRegistry } from './registry.ts'
import type { StoreBinding, StoreProbe, StoreState } from './store-binding.ts'

/** The part of a measured store that only the store itself keeps alive: everything in it may reference the store. */
export interface StoreOwnedParts {
  /** Undefined until the adapter has returned it. */
  binding: StoreBinding | undefined
  /** Settles what may have ended since the last collection. Must not throw. */
  beforeCollection: (() => void) | undefined
  /** How to read each gauge, by index. */
  readonly gauges: Array<() => number | undefined>
}

/** Something that must be closed when the store is gone, for example an open file. */
export interface Closeable {
  /** Releases the resource. */
  close(): void
}

/** Names of one measured store: the labels `store`, `engine` and `adapter`. */
export type StoreNames = Pick<MeasuredStore, 'name' | 'engine' | 'adapter'>

/**
 * Releases what the registry holds of a store that its owner dropped without closing it. The held value reaches the store
 * only through a `WeakRef`; otherwise the store would never be collected.
 */
const droppedStores = new FinalizationRegistry<StoreReference>((reference) => reference.onDropped())

/**
 * Everything that a registry holds of one store: its gauges, its collector and its entry among the measured stores. It
 * reaches the store through one `WeakRef` only.
 */
export class StoreReference implements MeasuredStore {
  readonly name: string
  readonly engine: string
  readonly adapter: string
  readonly #registry: MetricsRegistry
  readonly #parts: WeakRef<StoreOwnedParts>
  readonly #cleanUps = new Set<() => void>()
  #directory: string | undefined
  #lastOpenFailure: string | undefined
  #openedMs: number | undefined
  #isInUse = false
  #recorders: readonly ObservedOperation[] = []
  /** The operations that had been counted when the store was looked at last. */
  #countedOperations = 0

  constructor(registry: MetricsRegistry, { name, engine, adapter }: StoreNames, parts: StoreOwnedParts) {
    this.name = name
    this.engine = engine
    this.adapter = adapter
    this.#registry = registry
    this.#parts = new WeakRef(parts)
  }

  state(): StoreState {
    const state = this.#lookUp('state', () => this.#binding?.state())
    if (state === undefined) return 'closed'
    return state === 'closed' && this.#lastOpenFailure !== undefined ? 'failed' : state
  }

  get openedMs(): number | undefined {
    return this.#openedMs
  }

  openFailure(): string | undefined {
    return this.state() === 'failed' ? this.#lastOpenFailure : undefined
  }

  /** Keeps the first folder that is known: after `process.chdir` the same relative path means another one. */
  directory(): string | undefined {
    this.#directory ??= this.#lookUp('folder', () => this.#binding?.directory?.())
    return this.#directory
  }

  probe(): StoreProbe | undefined {
    return this.state() === 'open' ? this.#lookUp('health probe', () => this.#binding?.probe?.()) : undefined
  }

  /** Records why the store could not be opened. */
  onOpenFailed(errorType: string): void {
    this.#lastOpenFailure = errorType
  }

  /** Records that the store was opened. */
  onOpened(): void {
    this.#lastOpenFailure = undefined
    this.#setInUse(true)
    this.#setOpen(true)
  }

  /** Records that the store is open or closed, if that has changed: not every store calls a method when it does. */
  updateState(): void {
    const state = this.state()
    this.#setInUse(state !== 'closed')
    if (state !== 'opening') this.#setOpen(state === 'open')
  }

  /** The store was garbage collected. */
  onDropped(): void {
    this.#setOpen(false)
    this.release()
  }

  /** Exports the store's gauge with this index while the store is opening or open. */
  observeGauge(index: number, name: MetricName, labels: Labels): void {
    const gauge = this.#registry.gauge(name, labels)
    this.#cleanUps.add(
      gauge.observe(
        () => this.#readGauge(index, name),
        () => this.directory(),
      ),
    )
  }

  /** Lists the store in its registry and collects from it until it is released or garbage collected. */
  publish(store: object): void {
    this.#cleanUps.add(this.#registry.collectors.add(() => this.#collect()))
    this.directory()
    // A store that is closed and stays closed ends, too.
    this.#setInUse(true)
    this.updateState()
    droppedStores.register(store, this, this)
    this.#cleanUps.add(this.#registry.stores.add(this))
  }

  /** Adds the store's operations to the registry's observer. */
  observeOperations(inFlight: ObservedStore, recorders: Iterable<ObservedOperation>): void {
    const { observer } = this.#registry
    const observed = [...recorders]
    this.#recorders = observed
    observer.stores.add(inFlight)
    this.#cleanUps.add(() => {
      observer.stores.delete(inFlight)
      for (const recorder of observed) observer.remove(recorder)
    })
  }

  /** Closes `resource` on release. It must not reference the store. Returns a function that cancels it. */
  closeOnRelease(resource: Closeable): () => void {
    const close = (): void => resource.close()
    this.#cleanUps.add(close)
    return () => {
      this.#cleanUps.delete(close)
    }
  }

  /** Removes everything of the store from the registry but its counters and histograms. */
  release(): void {
    droppedStores.unregister(this)
    this.#setInUse(false)
    for (const cleanUp of this.#cleanUps) {
      try {
        cleanUp()
      } catch (error) {
        // The others must run all the same, and after a garbage collection an error would end the process.
        logDiagnostic('warn', `could not release a resource of store ${this.name}`, errorKind(error))
      }
    }
    this.#cleanUps.clear()
  }

  get #binding(): StoreBinding | undefined {
    return this.#parts.deref()?.binding
  }

  #collect(): void | Promise<void> {
    const parts = this.#parts.deref()
    parts?.beforeCollection?.()
    this.updateState()
    if (this.#registry.isForgotten(this.name)) {
      // The engine of a closed store may record under the name, which would appear again. Failed operations are to.
      if (!this.#isInUse && this.#countOperations() === this.#countedOperations) return undefined
      this.#registry.publishAgain(this.name)
    }
    this.#countedOperations = this.#countOperations()
    return parts?.binding?.collect?.()
  }

  #countOperations(): number {
    return this.#recorders.reduce((sum, { countedOperations }) => sum + countedOperations, 0)
  }

  #setInUse(isInUse: boolean): void {
    if (isInUse === this.#isInUse) return
    this.#isInUse = isInUse
    this.#countedOperations = this.#countOperations()
    if (isInUse) this.#registry.beginStore(this.name)
    else this.#registry.endStore(this.name)
  }

  #setOpen(isOpen: boolean): void {
    if (isOpen === (this.#openedMs !== undefined)) return
    const nowMs = Date.now()
    this.#openedMs = isOpen ? nowMs : undefined
    const { observer } = this.#registry
    if (!observer.hasEventListeners) return
    const { name: store, engine, adapter } = this
    const kind = isOpen ? 'store_opened' : 'store_closed'
    observer.emitEvent({ kind, store, id: observer.nextEventId(), startMs: nowMs, endMs: nowMs, details: { engine, adapter } })
  }

  #readGauge(index: number, name: MetricName): number | undefined {
    const parts = this.#parts.deref()
    const state = this.#lookUp('state', () => parts?.binding?.state())
    return state === 'open' || state === 'opening' ? this.#lookUp(name, () => parts?.gauges[index]?.()) : undefined
  }

  /** Asks the adapter, which asks the store. What fails is unknown: it is counted, and said once for each store. */
  #lookUp<Result>(what: string, look: () => Result): Result | undefined {
    try {
      return look()
    } catch (error) {
      this.#registry.recordSourceFailure(`the ${what} of store ${JSON.stringify(this.name)}`, error)
      return undefined
    }
  }
}
