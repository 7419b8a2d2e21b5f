/** Records values that no operation records, for example those of an engine. Called before each collection. */
export type CollectCallback = () => void | Promise<void>

/** How long a collection waits for its callbacks. The values of a slower callback appear in a later collection. */
const timeoutMs = 1000

/**
 * A collection within this time after another one reuses its values: several readers and instruments may collect at
 * once.
 */
const freshMs = 20

/** The collect callbacks of one registry. */
export class Collectors {
  /** Each callback with its unfinished run. */
  readonly #running = new Map<CollectCallback, Promise<void> | undefined>()
  readonly #warned = new WeakSet<CollectCallback>()
  readonly #onFailure: (first?: { readonly error: unknown }) => void
  readonly #onLate: (late: number, all: number) => void
  readonly #onCollect: () => void
  #collection: Promise<void> | undefined
  #collectedMs = Number.NEGATIVE_INFINITY

  /**
   * @param onFailure called each time a callback fails, the first time with its error, and for each callback that is unfinished when a
   *   collection ends.
   * @param onLate called with the number of unfinished callbacks, and of all, when a collection ends without them.
   * @param onCollect called before each collection. Must not throw.
   */
  constructor(
    onFailure: (first?: { readonly error: unknown }) => void = () => {},
    onLate: (late: number, all: number) => void = () => {},
    onCollect: () => void = () => {},
  ) {
    this.#onCollect = onCollect
    this.#onFailure = onFailure
    this.#onLate = onLate
  }

  /** Adds a callback. Returns a function that removes it. */
  add(callback: CollectCallback): () => void {
    this.#running.set(callback, undefined)
    return () => {
      this.#running.delete(callback)
    }
  }

  /** Runs all callbacks, each at most once at a time, and waits for them up to 1 s. Never rejects. */
  collect(): Promise<void> {
    this.#onCollect()
    if (this.#running.size === 0 || performance.now() - this.#collectedMs < freshMs) return this.#collection ?? Promise.resolve()
    this.#collection ??= this.#runAll().finally(() => {
      this.#collection = undefined
      this.#collectedMs = performance.now()
    })
    return this.#collection
  }

  /** Collects even if the values are fresh, after a collection that is running. Never rejects. */
  async collectNow(): Promise<void> {
    await this.#collection
    this.#collectedMs = Number.NEGATIVE_INFINITY
    await this.collect()
  }

  async #runAll(): Promise<void> {
    const runs = [...this.#running.keys()].map((callback) => this.#run(callback))
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([Promise.all(runs), timeout])
    clearTimeout(timer)
    const late = [...this.#running.values()].filter((run) => run !== undefined).length
    for (let count = 0; count < late; count++) this.#onFailure()
    if (late > 0) this.#onLate(late, this.#running.size)
  }

  #run(callback: CollectCallback): Promise<void> {
    const unfinished = this.#running.get(callback)
    if (unfinished !== undefined) return unfinished
    const run = (async () => callback())()
      .catch((error: unknown) => this.#fail(callback, error))
      .finally(() => {
        if (this.#running.has(callback)) this.#running.set(callback, undefined)
      })
    this.#running.set(callback, run)
    return run
  }

  #fail(callback: CollectCallback, error: unknown): void {
    const isFirst = !this.#warned.has(callback)
    this.#warned.add(callback)
    this.#onFailure(isFirst ? { error } : undefined)
  }
}
