import type { Snapshot } from './snapshot.ts'

/** What is known of the process. */
export interface PollState {
  /** The last answer; undefined if there was none. */
  readonly snapshot: Snapshot | undefined
  /** Why there is no answer now, and since when, as a Unix time in milliseconds. */
  readonly problem: { readonly message: string; readonly sinceMs: number } | undefined
}

/** Reads snapshots again and again. Without an answer, it keeps the last one and tries again. */
export class Poller {
  readonly #read: (signal: AbortSignal) => Promise<Snapshot>
  readonly #intervalMs: number
  readonly #listeners = new Set<() => void>()
  readonly #closed = new AbortController()
  #state: PollState = { snapshot: undefined, problem: undefined }
  #timer: ReturnType<typeof setTimeout> | undefined
  #isPaused = false

  constructor(read: (signal: AbortSignal) => Promise<Snapshot>, intervalMs: number) {
    this.#read = read
    this.#intervalMs = intervalMs
  }

  readonly getState = (): PollState => this.#state

  /** Calls the listener after each change. Returns what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads at once, and from then on. Resolves after the first time. */
  async start(): Promise<PollState> {
    await this.#poll()
    return this.#state
  }

  /** While it is paused, nothing is read. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return
    this.#isPaused = isPaused
    clearTimeout(this.#timer)
    if (!isPaused) void this.#poll()
  }

  close(): void {
    this.#closed.abort()
    clearTimeout(this.#timer)
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closed
    let state: PollState
    try {
      state = { snapshot: await this.#read(signal), problem: undefined }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      state = { ...this.#state, problem: { message, sinceMs: this.#state.problem?.sinceMs ?? Date.now() } }
    }
    if (signal.aborted || this.#isPaused) return
    this.#state = state
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), this.#intervalMs)
    for (const listener of this.#listeners) listener()
  }
}
