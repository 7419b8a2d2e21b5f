import type { InstrumentOwner } from './instrument-owner.ts'
import type { GaugeAggregation } from './semconv.ts'

/** Returns one value for several, at least one. `sum_by_database` and `worst` need more than the values: they add, and take the largest. */
export function combineGauges(aggregation: GaugeAggregation, values: readonly number[]): number {
  if (aggregation === 'min') return Math.min(...values)
  if (aggregation === 'max' || aggregation === 'worst') return Math.max(...values)
  return values.reduce((sum, value) => sum + value, 0)
}

/** A current value. It is `undefined` while the value is unknown; then the series is not exported. */
export class Gauge {
  #value: number | undefined
  #aggregation: GaugeAggregation = 'sum'
  readonly #callbacks = new Set<() => number | undefined>()
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  /** The aggregate of the callbacks that return a number; if none does, the value that was set last. */
  get value(): number | undefined {
    let aggregate: number | undefined
    for (const callback of this.#callbacks) {
      const value = this.#call(callback)
      if (value === undefined) continue
      if (aggregate === undefined) aggregate = value
      else aggregate = this.#aggregation === 'sum' ? aggregate + value : Math.max(aggregate, value)
    }
    return aggregate ?? this.#value
  }

  /**
   * Sets the value; `undefined` removes the series until the next value. Never throws: values that are not finite numbers
   * are rejected.
   */
  set(value: number | undefined): void {
    if (!this.#owner.enabled) return
    if (value === undefined || Number.isFinite(value)) this.#value = value
    else this.#owner.reject(this.#metric, 'not_finite', value)
  }

  /**
   * Reads the value from a callback at each collection; the callback returns `undefined` if the value is unknown.
   * Several callbacks are aggregated, for example those of two stores with the same name. Returns a function that
   * removes the callback.
   */
  observe(callback: () => number | undefined, aggregation: GaugeAggregation = 'sum'): () => void {
    // One registration for each call: the same function may be passed twice.
    const registered = (): number | undefined => callback()
    this.#aggregation = aggregation
    this.#callbacks.add(registered)
    return () => {
      this.#callbacks.delete(registered)
    }
  }

  /** Returns undefined if the value is unknown. */
  #call(callback: () => number | undefined): number | undefined {
    try {
      const value = callback()
      return Number.isFinite(value) ? value : undefined
    } catch (error) {
      this.#owner.recordSourceFailure(`the gauge ${this.#metric}`, error)
      return undefined
    }
  }
}
