/** Why a value was not taken. */
export const refusals = ['negative', 'not_finite', 'undeclared', 'wrong_kind', 'labels'] as const
export type Refusal = (typeof refusals)[number]

/** What a cell asks of its registry: whether to record at all, and where to say that it refused a value. */
export interface CellOwner {
  readonly enabled: boolean
  refuse(metric: string, reason: Refusal, got: unknown): void
}

/** A number that only grows. `add` never throws: a value it cannot take is counted and dropped. */
export class CounterCell {
  value = 0
  readonly #owner: CellOwner
  readonly #metric: string

  constructor(owner: CellOwner, metric: string) {
    this.#owner = owner
    this.#metric = metric
  }

  add(amount = 1): void {
    if (!this.#owner.enabled) return
    if (Number.isFinite(amount) && amount >= 0) this.value += amount
    else this.#owner.refuse(this.#metric, Number.isFinite(amount) ? 'negative' : 'not_finite', amount)
  }
}

/** How a gauge that several sources speak for is made one number. */
export type Combine = 'sum' | 'max'

/** A number that is what it is now; undefined while unknown, and then it is not exported. */
export class GaugeCell {
  #value: number | undefined
  #combine: Combine = 'sum'
  readonly #sources = new Set<() => number | undefined>()
  readonly #owner: CellOwner
  readonly #metric: string

  constructor(owner: CellOwner, metric: string) {
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
    else this.#owner.refuse(this.#metric, 'not_finite', value)
  }

  /**
   * From now on the value is what `source` says whenever somebody looks; undefined where it does not know. Two stores under
   * one name are two sources of one gauge. Returns the way back.
   */
  observe(source: () => number | undefined, combine: Combine = 'sum'): () => void {
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
