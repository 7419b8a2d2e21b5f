import type { EngineReader } from '../engines/engine-reader.ts'
import type { MetricName, Operation } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import type { StoreProbe, StoreState } from '../registry/measured-stores.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** How one kind of store is measured, in two verbs: what is timed, and what is asked. */
export interface StoreAdapter<Store extends object = object> {
  readonly name: string
  /** The operations it measures: their series are there, at 0, from the start. */
  readonly operations: readonly Operation[]
  /** What its engines say of themselves, by engine: the metrics, beside those of the operations, that are there. */
  readonly engineMetrics: Readonly<Record<string, readonly MetricName[]>>
  /** The codes of the store's errors that its authors documented; others are counted as `_OTHER`. */
  readonly errorCodes: ReadonlySet<string>
  /** Whether this store is of its kind, seen from the store's shape: it may come from any copy of its package. */
  matches(store: object): boolean
  /** What is behind it, `leveldb` for example; the adapter's own name where that cannot be seen. */
  engine(store: Store): string
  /** Whether the store is open (default: it always is): its gauges are absent while it is not. */
  isOpen?(store: Store): boolean
  /** The same for who waits for it (default: `open` or `closed`, as `isOpen` says). */
  stateOf?(store: Store): StoreState
  /** Where the store's files lie; undefined where it has none. */
  directory?(store: Store): string | undefined
  /** How to see whether the store works: see `StoreProbe`. What it does is no operation of the store's users. */
  probe?(store: Store, operations: StoreContext): StoreProbe | undefined
  /** Measures the store from now on. Returns the way back, which leaves no trace. */
  attach(store: Store, operations: StoreContext): () => void
  /** The engine's own numbers, recorded under this store's name; undefined where the engine says nothing. */
  stats?(store: Store, registry: MetricsRegistry, name: string): EngineReader | undefined
}
