import type { StoreProbe, StoreState } from './measured-store.ts'
import type { MetricsRegistry } from './registry.ts'
import type { MetricName, Operation } from './semconv.ts'
import type { StoreOperations } from './store-operations.ts'

/**
 * What the engine of one store says of itself, asked before each collection and never on an operation's way. The registry holds
 * its readers: a reader that holds its store weakly (`WeakRef`) leaves one that is dropped free to be collected.
 */
export interface EngineReader {
  /** Asks the engine and records what it says. What it cannot say is left out: absent, never 0. */
  read(): void | Promise<void>
  /** The store is measured no more: what the reader holds open is closed. */
  close?(): void
}

/** How one kind of store is measured, in two verbs: what is timed, and what is asked. */
export interface StoreAdapter<Store extends object = object> {
  readonly name: string
  /** The operations it measures: their series are there, at 0, from the start. */
  readonly operations: readonly Operation[]
  /** What its engines say of themselves, by engine: the metrics, beside those of the operations, that are there. */
  readonly supplies: Readonly<Record<string, readonly MetricName[]>>
  /** The codes of the store's errors that its authors documented; others are counted as `_OTHER`. */
  readonly knownErrors: ReadonlySet<string>
  /** Whether this store is of its kind, seen from the store's shape: it may come from any copy of its package. */
  accepts(store: object): boolean
  /** What is behind it, `leveldb` for example; the adapter's own name where that cannot be seen. */
  engineOf(store: Store): string
  /** Whether the store is open (default: it always is): its gauges are absent while it is not. */
  isOpen?(store: Store): boolean
  /** The same for who waits for it (default: `open` or `closed`, as `isOpen` says). */
  stateOf?(store: Store): StoreState
  /** Where the store's files lie; undefined where it has none. */
  folderOf?(store: Store): string | undefined
  /** How to see whether the store works: see `StoreProbe`. What it does is no operation of the store's users. */
  probe?(store: Store, operations: StoreOperations): StoreProbe | undefined
  /** Measures the store from now on. Returns the way back, which leaves no trace. */
  attach(store: Store, operations: StoreOperations): () => void
  /** The engine's own numbers, recorded under this store's name; undefined where the engine says nothing. */
  stats?(store: Store, registry: MetricsRegistry, name: string): EngineReader | undefined
}
