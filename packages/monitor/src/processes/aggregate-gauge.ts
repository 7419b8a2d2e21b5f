import type { Gauge, GaugeAggregation } from '@wombat/instrumentation'
import { combineGauges } from '@wombat/instrumentation/internal'

/** Returns what the value of a process is of, such as its database; undefined if no other process has the same. */
export type FindSource = (worker: string, aggregation: GaugeAggregation, store: string | undefined) => string | undefined

/** One gauge of several processes. */
export class AggregateGauge {
  readonly #gauge: Gauge
  readonly #aggregation: GaugeAggregation
  /** The value of the label `store`. */
  readonly store: string | undefined
  readonly #values = new Map<string, number>()

  constructor(gauge: Gauge, aggregation: GaugeAggregation, store: string | undefined) {
    this.#gauge = gauge
    this.#aggregation = aggregation
    this.store = store
  }

  /** Sets the value of one process; undefined if it has none. */
  set(worker: string, value: number | undefined): void {
    if (value === undefined) this.#values.delete(worker)
    else this.#values.set(worker, value)
  }

  valueOf(worker: string): number | undefined {
    return this.#values.get(worker)
  }

  get workers(): Iterable<string> {
    return this.#values.keys()
  }

  /** Publishes the value of all processes. */
  publish(findSource: FindSource): void {
    const workers = [...this.#values.keys()]
    if (workers.length === 0) {
      this.#gauge.set(undefined)
      return
    }
    const sources = workers.map((worker) => findSource(worker, this.#aggregation, this.store) ?? worker)
    this.#gauge.set(combineGauges(this.#aggregation, [...this.#values.values()], sources))
  }

  /** Publishes a value that was combined elsewhere. */
  publishValue(value: number | undefined): void {
    this.#gauge.set(value)
  }
}
