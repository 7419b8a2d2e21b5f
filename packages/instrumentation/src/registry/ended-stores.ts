/** How long the series of a store stay after it has ended, in milliseconds: as long as Prometheus looks back for a value. */
export const defaultRetentionMs = 300_000

/** The series of at most so many ended stores are kept. */
const maxEndedStores = 200
const maxGoneStores = 10_000

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
  /** Names of stores that were forgotten, the last ones: a late series, such as that of an alert, is forgotten as well. */
  readonly #gone = new Set<string>()

  constructor(retentionMs: number) {
    this.retentionMs = retentionMs
  }

  /** A store with this name is in use from now on. */
  begin(name: string): void {
    this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1)
    this.#ended.delete(name)
    this.#gone.delete(name)
  }

  /** A store with this name was closed or dropped. */
  end(name: string): void {
    const left = (this.#inUse.get(name) ?? 1) - 1
    if (left > 0) this.#inUse.set(name, left)
    else {
      this.#inUse.delete(name)
      this.#restart(name)
    }
  }

  /** A series of a store appeared. If the store has ended, its time begins anew: something was recorded under its name. */
  onSeries(name: string): void {
    if (this.#ended.has(name) || this.#gone.has(name)) this.#restart(name)
  }

  /** The series of a name were removed. */
  forget(name: string): void {
    if (!this.#ended.delete(name)) return
    this.#gone.add(name)
    const [oldest = name] = this.#gone
    if (this.#gone.size > maxGoneStores) this.#gone.delete(oldest)
  }

  #restart(name: string): void {
    this.#gone.delete(name)
    this.#ended.delete(name)
    this.#ended.set(name, performance.now())
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
