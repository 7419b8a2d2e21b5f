import type { InstrumentOwner } from './instrument-owner.ts'

/** A cumulative number that never decreases. `add` never throws: a value that cannot be added is counted as rejected. */
export class Counter {
  /** The sum of all added amounts. */
  value = 0
  /** @internal The store that it belonged to, if that was forgotten: published again when something is recorded. */
  forgotten: object | undefined = undefined
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  /** @internal Counts from 0 again. */
  reset(): void {
    this.value = 0
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
