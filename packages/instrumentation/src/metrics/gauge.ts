import type { InstrumentOwner } from './instrument-owner.ts'

/** How a gauge that several sources speak for is made one number. */
export type GaugeAggregation = 'sum' | 'max'

/** A number that is what it is now; undefined while unknown, and then it is not exported. */
export class Gauge {
  #value: number | undefined
  #combine: GaugeAggregation = 'sum'
  readonly #sources = new Set<() => number | undefined>()
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  /** What was set or, where sources are observed, what those say that know it. */
  get value(): number | undefined {
    if (this.#sources.size === 0) return this.#value
    let combined: number | undefined
    for (const source of this.#sources) {
      const value = ask(source)
      if (value === undefined) continue
      if (combined === undefined) combined = value
      else combined = this.#combine === 'sum' ? combined + value : Math.max(combined, value)
    }
    return combined
  }

  /** `undefined` makes the series disappear until it is known again. Never throws. */
  set(value: number | undefined): void {
    if (!this.#owner.enabled) return
    if (value === undefined || Number.isFinite(value)) this.#value = value
    else this.#owner.reject(this.#metric, 'not_finite', value)
  }

  /**
   * From now on the value is what `source` says whenever somebody looks; undefined where it does not know. Two stores under
   * one name are two sources of one gauge. Returns the way back.
   */
  observe(source: () => number | undefined, combine: GaugeAggregation = 'sum'): () => void {
    const own = (): number | undefined => source()
    this.#combine = combine
    this.#sources.add(own)
    return () => {
      this.#sources.delete(own)
    }
  }
}

function ask(source: () => number | undefined): number | undefined {
  try {
    const value = source()
    return Number.isFinite(value) ? value : undefined
  } catch {
    return undefined
  }
}
