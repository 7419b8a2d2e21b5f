import { nowMs } from './clock.ts'

/** The snapshots of one store that are open. */
export class OpenSnapshots {
  /** When each was opened, in milliseconds of `nowMs()`; from the oldest to the newest. */
  readonly #opened = new Set<{ readonly startMs: number }>()

  /** How many snapshots are open. */
  get count(): number {
    return this.#opened.size
  }

  /** Counts a snapshot as open from now on. Returns a function that ends it; a second call does nothing. */
  open(): () => void {
    const snapshot = { startMs: nowMs() }
    this.#opened.add(snapshot)
    return () => {
      this.#opened.delete(snapshot)
    }
  }

  /** Returns the age of the oldest open snapshot in seconds, 0 if there is none. */
  oldestAgeSeconds(): number {
    const [oldest] = this.#opened
    return oldest === undefined ? 0 : (nowMs() - oldest.startMs) / 1000
  }
}
