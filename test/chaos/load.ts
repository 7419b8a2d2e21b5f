import { setTimeout as sleep } from 'node:timers/promises'

/** The operations of a store that the load uses. */
export interface LoadedStore {
  put(key: string, value: string): Promise<unknown>
  get(key: string): Promise<unknown>
  /** Opens the store again after an error that leaves it unusable. */
  reopen(): Promise<void>
}

/** What the load has seen itself. */
export interface Tally {
  puts: number
  gets: number
  failedPuts: number
  failedGets: number
}

/** How many keys each store has. */
const keyCount = 5000
const pauseMs = 4

/** Writes to one store and reads back, without an end. Errors of the store are counted; a wrong value is a fault. */
export class Load {
  readonly tally: Tally = { puts: 0, gets: 0, failedPuts: 0, failedGets: 0 }
  readonly #store: LoadedStore
  readonly #secrets: { readonly key: string; readonly value: string }
  readonly #onFault: (text: string) => void
  /** What was written and acknowledged. */
  readonly #written = new Map<string, string>()
  #isRunning = true

  constructor(store: LoadedStore, secrets: { readonly key: string; readonly value: string }, onFault: (text: string) => void) {
    this.#store = store
    this.#secrets = secrets
    this.#onFault = onFault
  }

  async run(): Promise<void> {
    for (let index = 0; this.#isRunning; index++) {
      const key = `${this.#secrets.key}-${index % keyCount}`
      const isWritten = await this.#put(key, `${this.#secrets.value}-${index}`)
      const isRead = await this.#get(key)
      if (!isWritten || !isRead) {
        await sleep(100)
        await this.#store.reopen().catch(() => {})
      } else if (index % 20 === 0) await sleep(pauseMs)
    }
  }

  stop(): void {
    this.#isRunning = false
  }

  async #put(key: string, value: string): Promise<boolean> {
    try {
      await this.#store.put(key, value)
      this.tally.puts++
      this.#written.set(key, value)
      return true
    } catch (error) {
      // Whether it was written is not known.
      this.#written.delete(key)
      if (!hasReachedStore(error)) return false
      this.tally.puts++
      this.tally.failedPuts++
      return false
    }
  }

  async #get(key: string): Promise<boolean> {
    try {
      const value = await this.#store.get(key)
      this.tally.gets++
      const expected = this.#written.get(key)
      if (expected !== undefined && value !== expected)
        this.#onFault(`a store returned ${value === undefined ? 'no' : 'a wrong'} value`)
      return true
    } catch (error) {
      if (!hasReachedStore(error)) return false
      this.tally.gets++
      this.tally.failedGets++
      return false
    }
  }
}

/** A database that is not open refuses an operation before it begins: it is none. */
function hasReachedStore(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code !== 'LEVEL_DATABASE_NOT_OPEN'
}
