import type { Combine } from '../cell.ts'
import type { MetricsRegistry } from '../registry.ts'
import type { MetricName } from '../semconv.ts'

/** A gauge that shows a part of what an engine said last. */
export interface StateGauge<State> {
  readonly name: MetricName
  readonly value: (state: State) => number | undefined
  /** How two stores under one name are made one number: they may lie on one volume, and that is not twice as large. */
  readonly combine?: Combine
}

/** What one engine said last, as gauges of one store. */
export class StateGauges<State> {
  /** Undefined while nothing is known; the gauges are not there then. */
  state: State | undefined
  readonly #unwatch: ReadonlyArray<() => void>

  /** @param isOpen whether what was said still means anything. */
  constructor(gauges: ReadonlyArray<StateGauge<State>>, registry: MetricsRegistry, store: string, isOpen: () => boolean) {
    this.#unwatch = gauges.map(({ name, value, combine }) =>
      registry
        .gauge(name, { store })
        .observe(() => (this.state !== undefined && isOpen() ? value(this.state) : undefined), combine),
    )
  }

  /** Lets the gauges disappear. */
  release(): void {
    for (const unwatch of this.#unwatch) unwatch()
  }
}
