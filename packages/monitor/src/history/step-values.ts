/** How the values of several series at one step become one, as PromQL's operators of the same names do. */
export const aggregations = ['sum', 'max', 'min', 'avg'] as const

/** How the values of several series become one. */
export type Aggregation = (typeof aggregations)[number]

/** The value of a series at each step of a range; a step may have none. */
export class StepValues {
  readonly #values: Float64Array
  readonly #counts: Uint32Array
  /** Whether no step has a value. */
  readonly isEmpty: boolean

  /** @param counts 0 for each step without a value. */
  constructor(values: Float64Array, counts: Uint32Array, isEmpty: boolean) {
    this.#values = values
    this.#counts = counts
    this.isEmpty = isEmpty
  }

  /** Returns the value at a step; undefined if there is none. */
  at(index: number): number | undefined {
    return this.#counts[index] === 0 ? undefined : this.#values[index]
  }

  get length(): number {
    return this.#values.length
  }
}

/** Combines values at each step of a range. */
export class StepAccumulator {
  readonly #aggregation: Aggregation
  readonly #values: Float64Array
  /** The rounding errors of sums (Kahan and Neumaier), as PromQL compensates them; created with the first sum of two values. */
  #compensations: Float64Array | undefined
  readonly #counts: Uint32Array
  #isEmpty = true

  constructor(count: number, aggregation: Aggregation = 'sum') {
    this.#aggregation = aggregation
    this.#values = new Float64Array(count)
    this.#counts = new Uint32Array(count)
  }

  /** Adds the value of one series at a step. */
  add(index: number, value: number): void {
    const count = this.#counts[index] as number
    const before = this.#values[index] as number
    this.#counts[index] = count + 1
    this.#isEmpty = false
    if (count === 0) this.#values[index] = value
    else if (this.#aggregation === 'max') {
      if (value > before || Number.isNaN(before)) this.#values[index] = value
    } else if (this.#aggregation === 'min') {
      if (value < before || Number.isNaN(before)) this.#values[index] = value
    } else this.#sum(index, before, value)
  }

  /** Returns the combined values. Nothing may be added after it. */
  values(): StepValues {
    for (let index = 0; index < this.#values.length; index++) {
      const sum = (this.#values[index] as number) + (this.#compensations?.[index] ?? 0)
      this.#values[index] = this.#aggregation === 'avg' ? sum / (this.#counts[index] as number) : sum
    }
    return new StepValues(this.#values, this.#counts, this.#isEmpty)
  }

  #sum(index: number, before: number, value: number): void {
    this.#compensations ??= new Float64Array(this.#values.length)
    const sum = before + value
    const compensation = this.#compensations[index] as number
    // As PromQL: an infinite sum has nothing to compensate.
    if (!Number.isFinite(sum)) this.#compensations[index] = 0
    else
      this.#compensations[index] =
        compensation + (Math.abs(before) >= Math.abs(value) ? before - sum + value : value - sum + before)
    this.#values[index] = sum
  }
}
