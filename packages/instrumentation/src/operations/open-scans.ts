import type { Counter } from '../metrics/counter.ts'
import { nowMs } from './clock.ts'

/** A scan whose iterator is open. */
export interface OpenScan {
  /** When it started, in milliseconds of `nowMs()`. */
  readonly startMs: number
  /** Whether its iterator was garbage collected. */
  readonly isAbandoned: boolean
  /** Ends and records it. */
  end(): void
}

/**
 * The scans of one store whose iterators are open. An iterator that its reader forgets is garbage collected without being closed: its
 * scan ends at the next collection of the metrics, and is counted as abandoned.
 */
export class OpenScans {
  /** From the oldest to the newest. */
  readonly #scans = new Set<OpenScan>()
  readonly #abandoned: Counter

  /** @param abandoned counts the iterators that were garbage collected. */
  constructor(abandoned: Counter) {
    this.#abandoned = abandoned
  }

  /** How many iterators are open. */
  get count(): number {
    return this.#scans.size
  }

  /** Adds a scan whose iterator is open now. */
  add(scan: OpenScan): void {
    this.#scans.add(scan)
  }

  /** Removes a scan that has ended. */
  delete(scan: OpenScan): void {
    this.#scans.delete(scan)
  }

  /** Returns the age of the oldest open iterator in seconds, 0 if there is none. */
  oldestAgeSeconds(): number {
    const [oldest] = this.#scans
    return oldest === undefined ? 0 : (nowMs() - oldest.startMs) / 1000
  }

  /** Ends all scans, for a store that does not close its iterators when it is closed. */
  endAll(): void {
    for (const scan of this.#scans) scan.end()
  }

  /** Ends the scans whose iterators were garbage collected. */
  endAbandoned(): void {
    for (const scan of this.#scans) {
      if (!scan.isAbandoned) continue
      scan.end()
      this.#abandoned.add(1)
    }
  }
}
