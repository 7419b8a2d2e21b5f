import type { Gauge, GaugeAggregation } from '@wombat/instrumentation'
import { combineGauges } from '@wombat/instrumentation/internal'

/** Returns which database a process means by the name of a store; undefined if the store has no files. */
export type FindDatabase = (worker: string, store: string | undefined) => string | undefined

/** One gauge of several processes. */
export class AggregateGauge {
  readonly #gauge: Gauge
  readonly #aggregation: GaugeAggregation
  readonly #store: string | undefined
  readonly #values = new Map<string, number>()

  constructor(gauge: Gauge, aggregation: GaugeAggregation, store: string | undefined) {
    this.#gauge = gauge
    this.#aggregation = aggregation
    this.#store = store
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
  publish(findDatabase: FindDatabase): void {
    this.#gauge.set(this.#values.size === 0 ? undefined : this.#combine(findDatabase))
  }

  /** Publishes a value that was combined elsewhere. */
  publishValue(value: number | undefined): void {
    this.#gauge.set(value)
  }

  #combine(findDatabase: FindDatabase): number {
    const values = [...this.#values.values()]
    if (this.#aggregation === 'worst') return Math.max(...values)
    if (this.#aggregation !== 'sum_by_database') return combineGauges(this.#aggregation, values)
    // Each process that opens a database reports it as a whole.
    const byDatabase = new Map<string, number>()
    for (const [worker, value] of this.#values) {
      const database = findDatabase(worker, this.#store) ?? worker
      byDatabase.set(database, Math.max(value, byDatabase.get(database) ?? Number.NEGATIVE_INFINITY))
    }
    return combineGauges('sum', [...byDatabase.values()])
  }
}
