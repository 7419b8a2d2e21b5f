import type { InstrumentOwner } from './instrument-owner.ts'
import type { GaugeAggregation } from './semconv.ts'

/**
 * Combines the values of several sources, of which there is at least one.
 *
 * @param sources what each value is of: the database or the process. Values of the same one are the same, and count once.
 */
export function combineGauges(
  aggregation: GaugeAggregation,
  values: readonly number[],
  sources: readonly unknown[] = values.map((_, index) => index),
): number {
  if (aggregation === 'min') return Math.min(...values)
  if (aggregation === 'max' || aggregation === 'worst') return Math.max(...values)
  if (aggregation === 'sum') return values.reduce((sum, value) => sum + value, 0)
  const bySource = new Map<unknown, number>()
  for (const [index, value] of values.entries()) {
    const source = sources[index]
    bySource.set(source, Math.max(value, bySource.get(source) ?? Number.NEGATIVE_INFINITY))
  }
  return [...bySource.values()].reduce((sum, value) => sum + value, 0)
}

/** A value that is read at each collection. */
interface Callback {
  readonly read: () => number | undefined
  /** Returns what the value is of; undefined if it is of nothing that others read, too. */
  readonly source: () => string | undefined
}

/** A current value. It is `undefined` while the value is unknown; then the series is not exported. */
export class Gauge {
  /** @internal The store that it belonged to, if that was forgotten: published again when something is recorded. */
  forgotten: object | undefined = undefined
  #value: number | undefined
  readonly #aggregation: GaugeAggregation
  readonly #callbacks = new Set<Callback>()
  readonly #owner: InstrumentOwner
  readonly #metric: string

  /** @param aggregation how the values of several callbacks become one */
  constructor(owner: InstrumentOwner, metric: string, aggregation: GaugeAggregation = 'sum') {
    this.#owner = owner
    this.#metric = metric
    this.#aggregation = aggregation
  }

  /** @internal Removes the value that was set last. */
  reset(): void {
    this.#value = undefined
  }

  /** The values of the callbacks that return a number, combined; if none does, the value that was set last. */
  get value(): number | undefined {
    const values: number[] = []
    const sources: unknown[] = []
    for (const callback of this.#callbacks) {
      const value = this.#call(callback)
      if (value === undefined) continue
      values.push(value)
      sources.push(callback.source() ?? callback)
    }
    return values.length === 0 ? this.#value : combineGauges(this.#aggregation, values, sources)
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
   * Reads the value from a callback at each collection; the callback returns `undefined` if the value is unknown. The values of several
   * callbacks, for example those of two stores with the same name, are combined as the definition of the metric says. Returns a
   * function that removes the callback.
   *
   * @param source returns the database that the value is of, for `sum_by_database`; undefined if no other callback reads it.
   */
  observe(read: () => number | undefined, source: () => string | undefined = () => undefined): () => void {
    // One registration for each call: the same function may be passed twice.
    const callback = { read, source }
    this.#callbacks.add(callback)
    return () => {
      this.#callbacks.delete(callback)
    }
  }

  /** Returns undefined if the value is unknown. */
  #call({ read }: Callback): number | undefined {
    try {
      const value = read()
      return Number.isFinite(value) ? value : undefined
    } catch (error) {
      this.#owner.recordSourceFailure(`the gauge ${this.#metric}`, error)
      return undefined
    }
  }
}
