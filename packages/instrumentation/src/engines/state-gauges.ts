import type { Labels } from '../metrics/labels.ts'
import type { MetricName } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'

/** A gauge that exports one part of an engine's state. */
export interface StateGauge<State> {
  readonly name: MetricName
  /** Labels beside `store`. */
  readonly labels?: Labels
  readonly value: (state: State) => number | undefined
}

/**
 * How long a state is exported after it was read: longer than several collections, and short enough that a hanging engine
 * shows.
 */
const maxAgeMs = 60_000

/** The gauges of one store's engine: parts of the state that was read last. They are absent while no state is known. */
export class StateGauges<State> {
  readonly #context: StoreContext
  #state: State | undefined
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(gauges: ReadonlyArray<StateGauge<State>>, context: StoreContext) {
    this.#context = context
    this.add(gauges)
  }

  /** Adds gauges: how many levels an engine has may be known only after it was read. */
  add(gauges: ReadonlyArray<StateGauge<State>>): void {
    for (const { name, labels = {}, value } of gauges) {
      const read = (): number | undefined => {
        const state = this.#current
        return state === undefined ? undefined : value(state)
      }
      this.#context.observeGauge(name, read, { labels })
    }
  }

  /** Sets the state that is exported; undefined if it is unknown. */
  publish(state: State | undefined): void {
    this.#state = state
    this.#readAtMs = performance.now()
  }

  /** Publishes what `read` resolves to. If it rejects, the state becomes unknown and the caller gets the error. */
  async publishFrom(read: () => Promise<State | undefined>): Promise<void> {
    let state: State | undefined
    try {
      state = await read()
    } finally {
      this.publish(state)
    }
  }

  get #current(): State | undefined {
    return performance.now() - this.#readAtMs < maxAgeMs ? this.#state : undefined
  }
}
