/** How long the series of a store stay after it has ended, in milliseconds: as long as Prometheus looks back for a value. */
export const defaultRetentionMs = 300_000

/** The series of at most so many ended stores are kept. */
const maxEndedStores = 500

/**
 * Which names of measured stores are in use, and since when the others are not. The series of a name stay for a while after its last store was
 * closed or dropped, so that a last collection has its counts.
 */
export class EndedStores {
  /** How long the series of an ended store stay, in milliseconds. */
  retentionMs: number
  /** How many stores of each name are in use. */
  readonly #inUse = new Map<string, number>()
  /** When each name was last in use, in milliseconds of `performance.now()`; the oldest first. */
  readonly #ended = new Map<string, number>()

  constructor(retentionMs: number) {
    this.retentionMs = retentionMs
  }

  /** Whether a measured store has or had this name, and its series are still there. */
  has(name: string): boolean {
    return this.#inUse.has(name) || this.#ended.has(name)
  }

  /** A store with this name is in use from now on. */
  begin(name: string): void {
    this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1)
    this.#ended.delete(name)
  }

  /** A store with this name was closed or dropped. */
  end(name: string): void {
    const left = (this.#inUse.get(name) ?? 1) - 1
    if (left > 0) this.#inUse.set(name, left)
    else {
      this.#inUse.delete(name)
      this.restart(name)
    }
  }

  /** Begins the time of a name that has ended anew, unless it is in use: something was recorded under it. */
  restart(name: string): void {
    if (this.#inUse.has(name)) return
    this.#ended.delete(name)
    this.#ended.set(name, performance.now())
  }

  /** Forgets a name that is not in use. */
  delete(name: string): void {
    this.#ended.delete(name)
  }

  /** Returns the next name whose series go away now, and whether it is because there are too many; undefined if there is none. */
  next(): { readonly name: string; readonly isEarly: boolean } | undefined {
    const [oldest] = this.#ended
    if (oldest === undefined) return undefined
    const [name, endedMs] = oldest
    if (performance.now() - endedMs >= this.retentionMs) return { name, isEarly: false }
    return this.#ended.size > maxEndedStores ? { name, isEarly: true } : undefined
  }
}
