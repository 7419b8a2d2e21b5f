import type { Counter } from '../metrics/counter.ts'

/**
 * A number that an engine counts from its opening on, carried over to a counter of ours, which goes on from one opening to
 * the next: begin a new one with each. Where the engine says less than before (it may read its parts one after another),
 * nothing is added until it says more.
 */
export class Cumulative {
  readonly #counter: Counter
  #seen: number | undefined

  /** @param from what the engine had counted when we began: 0 where it is opened only then; by default what it says first. */
  constructor(counter: Counter, from?: number) {
    this.#counter = counter
    this.#seen = from
  }

  /** What the engine says now; undefined where it says nothing. */
  update(value: number | undefined): void {
    if (value === undefined || (this.#seen !== undefined && value <= this.#seen)) return
    if (this.#seen !== undefined) this.#counter.add(value - this.#seen)
    this.#seen = value
  }
}
