import type { InstrumentOwner } from './instrument-owner.ts'

/** A cumulative number that never decreases. `add` never throws: a value that cannot be added is counted as rejected. */
export class Counter {
  /** The sum of all added amounts. */
  value = 0
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  /** Adds 1. */
  increment(): void {
    if (this.#owner.enabled) this.value++
  }

  /** Adds a finite amount of 0 or more, in the unit of the metric (default 1). */
  add(amount = 1): void {
    if (!this.#owner.enabled) return
    if (Number.isFinite(amount) && amount >= 0) this.value += amount
    else this.#owner.reject(this.#metric, Number.isFinite(amount) ? 'negative' : 'not_finite', amount)
  }
}
