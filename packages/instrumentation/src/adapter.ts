import type { Operation } from './semconv.ts'
import type { StoreOperations } from './store-operations.ts'

/** How one kind of store is measured. A new kind is one file with one of these, and one line in the suite that proves it. */
export interface StoreAdapter {
  readonly name: string
  /** The operations it measures: their series are there, at 0, from the start. */
  readonly operations: readonly Operation[]
  /** The codes of the store's errors that its authors documented; others are counted as `_OTHER`. */
  readonly knownErrors: ReadonlySet<string>
  /** Whether this store is of its kind, seen from the store's shape: it may come from any copy of its package. */
  accepts(store: object): boolean
  /** What is behind it, `leveldb` for example; the adapter's own name where that cannot be seen. */
  engineOf(store: object): string
  /** Measures the store from now on. Returns the way back, which leaves no trace. */
  attach(store: object, operations: StoreOperations): () => void
}
