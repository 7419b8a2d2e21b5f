/** Whether a store can be used now. `failed`: the last attempt to open it failed. */
export type StoreState = 'opening' | 'open' | 'closed' | 'failed'

/**
 * Reads, writes and removes one key to check that a store works. Nothing of it may be counted as an operation of the
 * store's users or reach their hooks and events; run it inside `StoreContext.withoutMeasuring`. Keys and values are text.
 * Errors of the store are thrown unchanged; a closed store throws.
 */
export interface StoreProbe {
  /** Returns the value of the key; undefined if the key is not there. */
  read(key: string): Promise<string | undefined>
  /** Omit it if the store is read-only, or if a new key would evict one of the users' keys (a bounded cache). */
  readonly write?: (key: string, value: string) => Promise<void>
  /** Required if `write` is there: removes the key that was written. */
  readonly remove?: (key: string) => Promise<void>
}

/**
 * One measured store, as its adapter sees it. The binding may hold the store strongly: only the store keeps the binding
 * alive, and the registry holds it through a `WeakRef`. So a store that is dropped without being closed is garbage
 * collected, and its gauges disappear.
 */
export interface StoreBinding {
  /** Returns the store's state now. Its gauges are exported while it is `opening` or `open`, and absent otherwise. */
  state(): StoreState
  /** Returns the absolute path of the folder with the store's files; undefined if it has none, or is not open yet. */
  directory?(): string | undefined
  /** Returns how to check that the store works; undefined if it cannot be checked. Called only while it is `open`. */
  probe?(): StoreProbe | undefined
  /** Records the engine's own metrics. Runs before each collection, also after the store is closed, never as part of an operation. */
  collect?(): void | Promise<void>
  /** Undoes everything that `StoreAdapter.instrument` did to the store. */
  detach(): void
}
