import type { Counter } from '../metrics/counter.ts'

/**
 * Adds the growth of a count that the engine keeps since it was opened to a counter. The counter continues across openings:
 * create a new one for each opening. A value below the last one adds nothing (an engine may read its parts one after
 * another).
 */
export class EngineCount {
  readonly #counter: Counter
  #last: number | undefined

  /** @param initial what the engine had counted when measuring began: 0 for a new opening. Default: the first value. */
  constructor(counter: Counter, initial?: number) {
    this.#counter = counter
    this.#last = initial
  }

  /** Adds the growth since the last value; undefined if the engine reported none. */
  update(value: number | undefined): void {
    if (value === undefined || (this.#last !== undefined && value <= this.#last)) return
    if (this.#last !== undefined) this.#counter.add(value - this.#last)
    this.#last = value
  }
}
