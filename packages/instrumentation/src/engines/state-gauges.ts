import type { GaugeAggregation } from '../metrics/gauge.ts'
import type { Labels } from '../metrics/labels.ts'
import type { MetricName } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** A gauge that shows a part of what an engine said last. */
export interface StateGauge<State> {
  readonly name: MetricName
  /** Beside the store's name. */
  readonly labels?: Labels
  readonly value: (state: State) => number | undefined
  /** How two stores under one name are made one number: they may lie on one volume, and that is not twice as large. */
  readonly combine?: GaugeAggregation
}

/** For how long an engine that has not answered since is believed: several collections, and not so long that a hang hides. */
const believedMs = 60_000

/** What one engine said last, as gauges of one store. They are not there while nothing is known. */
export class StateGauges<State> {
  readonly #registry: MetricsRegistry
  readonly #store: string
  readonly #isOpen: () => boolean
  readonly #unwatch: Array<() => void> = []
  #state: State | undefined
  #saidMs = Number.NEGATIVE_INFINITY

  /** @param isOpen whether what was said still means anything. */
  constructor(
    gauges: ReadonlyArray<StateGauge<State>>,
    registry: MetricsRegistry,
    store: string,
    isOpen: () => boolean = () => true,
  ) {
    this.#registry = registry
    this.#store = store
    this.#isOpen = isOpen
    this.add(gauges)
  }

  /** More of what the engine says: how much there is may show only with its answers. */
  add(gauges: ReadonlyArray<StateGauge<State>>): void {
    for (const { name, labels, value, combine } of gauges) {
      const gauge = this.#registry.gauge(name, { store: this.#store, ...labels })
      const shown = (): number | undefined => (this.#known === undefined ? undefined : value(this.#known))
      this.#unwatch.push(gauge.observe(shown, combine))
    }
  }

  /** What the engine says from now on; undefined where it says nothing. */
  publish(state: State | undefined): void {
    this.#state = state
    this.#saidMs = performance.now()
  }

  /** Shows what is read. Where that fails nothing is known any more, and the failure is the caller's. */
  async publishFrom(read: () => Promise<State | undefined>): Promise<void> {
    let state: State | undefined
    try {
      state = await read()
    } finally {
      this.publish(state)
    }
  }

  /** Lets the gauges disappear. */
  release(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
  }

  get #known(): State | undefined {
    return performance.now() - this.#saidMs < believedMs && this.#isOpen() ? this.#state : undefined
  }
}
