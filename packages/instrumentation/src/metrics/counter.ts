import type { InstrumentOwner } from './instrument-owner.ts'

/** A number that only grows. `add` never throws: a value it cannot take is counted and dropped. */
export class Counter {
  value = 0
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  add(amount = 1): void {
    if (!this.#owner.enabled) return
    if (Number.isFinite(amount) && amount >= 0) this.value += amount
    else this.#owner.reject(this.#metric, Number.isFinite(amount) ? 'negative' : 'not_finite', amount)
  }
}
