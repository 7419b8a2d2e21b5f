import type { Exemplar } from './histogram-snapshot.ts'

const windowMs = 10
/** At most so many operations of a bucket look for their trace in each window: 800 a second, which take 0.3 ms. */
const maxPerWindow = 8

/** The last exemplar of each explicit bucket of a histogram. */
export class ExemplarReservoir {
  readonly #exemplars: Array<Exemplar | undefined>
  readonly #windowEndMs: Float64Array
  readonly #leftInWindow: Uint8Array

  constructor(bucketCount: number) {
    this.#exemplars = new Array<Exemplar | undefined>(bucketCount).fill(undefined)
    this.#windowEndMs = new Float64Array(bucketCount)
    this.#leftInWindow = new Uint8Array(bucketCount)
  }

  /** Returns whether a bucket takes an exemplar at this time. */
  takes(bucket: number, nowMs: number): boolean {
    const windowEndMs = this.#windowEndMs
    const leftInWindow = this.#leftInWindow
    if (nowMs >= (windowEndMs[bucket] as number)) {
      windowEndMs[bucket] = nowMs + windowMs
      leftInWindow[bucket] = maxPerWindow
    }
    const left = leftInWindow[bucket] as number
    if (left === 0) return false
    leftInWindow[bucket] = left - 1
    return true
  }

  set(bucket: number, exemplar: Exemplar): void {
    this.#exemplars[bucket] = exemplar
  }

  /** The exemplars, by ascending value. */
  get all(): readonly Exemplar[] {
    return this.#exemplars.filter((exemplar) => exemplar !== undefined)
  }
}
