/** Whether a store can be used now; `failed` where it could not be opened when that was last tried. */
export type StoreState = 'opening' | 'open' | 'closed' | 'failed'

/**
 * How to see whether a store works: a key is written, read back and removed, past everything that belongs to the store's users:
 * nothing of it is counted, and neither hooks nor events see it. Keys and values are text. What a store says of itself and who
 * scans it may come upon the key while it is there. What the store throws is thrown, and so is an error once it is closed.
 */
export interface StoreProbe {
  read(key: string): Promise<string | undefined>
  /** Left out where nothing can be written, or where it would put out what belongs to the store's users (a bounded cache). */
  readonly write?: (key: string, value: string) => Promise<void>
  readonly remove?: (key: string) => Promise<void>
}

/** A store that is measured, for whoever watches over it. The store itself is held weakly. */
export interface MeasuredStore {
  /** The label `store`; several stores may have one. */
  readonly name: string
  readonly engine: string
  readonly adapter: string
  state(): StoreState
  /** The `error.type` of why it could not be opened; undefined where it is not `failed`. */
  openFailure(): string | undefined
  /** Where its files lie; undefined where it has none, or nobody knows. */
  directory(): string | undefined
  /** Undefined where it cannot be tried out, or is closed. */
  probe(): StoreProbe | undefined
}

/** The stores that are measured now. */
export class MeasuredStores {
  readonly #stores = new Set<MeasuredStore>()
  readonly #added = new Set<() => void>()

  /** Tells of each store that comes. Returns the way back. */
  onAdded(listener: () => void): () => void {
    this.#added.add(listener)
    return () => {
      this.#added.delete(listener)
    }
  }

  /** Returns the way back. */
  add(store: MeasuredStore): () => void {
    this.#stores.add(store)
    for (const listener of this.#added) {
      try {
        listener()
      } catch {
        // Whoever listens answers for itself: the store's owner only wants it measured.
      }
    }
    return () => {
      this.#stores.delete(store)
    }
  }

  list(): readonly MeasuredStore[] {
    return [...this.#stores]
  }
}
