import type { StoreProbe, StoreState } from './store-binding.ts'

/** A measured store, as health checks see it. It does not keep the store alive. */
export interface MeasuredStore {
  /** The label `store`. Several stores may have the same name. */
  readonly name: string
  /** What stores the data, for example `leveldb`. */
  readonly engine: string
  /** The name of the adapter that measures the store. */
  readonly adapter: string
  /** Returns the store's state now; `closed` if the store was garbage collected. */
  state(): StoreState
  /** Unix time in milliseconds since when the store is known to be open; undefined if it is not. */
  readonly openedMs: number | undefined
  /** Returns the `error.type` of the last attempt to open the store; undefined if the state is not `failed`. */
  openFailure(): string | undefined
  /** Returns the folder of the store's files; undefined if it has none, or it is unknown. */
  directory(): string | undefined
  /** Returns how to check that the store works; undefined if it cannot be checked, or is not open. */
  probe(): StoreProbe | undefined
}

/** The stores that are measured into one registry. */
export class MeasuredStores {
  readonly #stores = new Set<MeasuredStore>()
  readonly #listeners = new Set<() => void>()
  readonly #onFailure: (error: unknown) => void

  /** @param onFailure called each time a listener throws. */
  constructor(onFailure: (error: unknown) => void = () => {}) {
    this.#onFailure = onFailure
  }

  /** Calls `listener` after each store that is added. Returns a function that removes the listener. */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Adds a store. Returns a function that removes it. */
  add(store: MeasuredStore): () => void {
    this.#stores.add(store)
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        // It must not reach the caller of `instrument`.
        this.#onFailure(error)
      }
    }
    return () => {
      this.#stores.delete(store)
    }
  }

  /** Returns the stores that are measured now. */
  list(): readonly MeasuredStore[] {
    return [...this.#stores]
  }
}
