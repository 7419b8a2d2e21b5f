import { Sum, type WindowSummary } from '../indicators.ts'

/** What the parts of a window amount to, in the order of their times: samples, and steps of several. */
export class WindowTotal {
  count = 0
  firstMs = 0
  lastMs = 0
  /** First and last value. Those of a counter have earlier resets added. */
  first = 0
  last = 0
  #firstValue = 0
  #min = Number.NaN
  #max = Number.NaN
  readonly #sum = new Sum()

  /** @param firstValue the first value as it was. */
  add(
    count: number,
    firstMs: number,
    lastMs: number,
    first: number,
    last: number,
    min: number,
    max: number,
    sum: number,
    firstValue: number,
  ): void {
    if (this.count === 0) {
      this.firstMs = firstMs
      this.first = first
      this.#firstValue = firstValue
      this.#min = min
      this.#max = max
    } else {
      // As min_over_time and max_over_time of PromQL: NaN only if every value is.
      if (min < this.#min || Number.isNaN(this.#min)) this.#min = min
      if (max > this.#max || Number.isNaN(this.#max)) this.#max = max
    }
    this.count += count
    this.lastMs = lastMs
    this.last = last
    this.#sum.add(sum)
  }

  /** Returns the whole window; undefined without any sample. */
  summarize(increase: number): WindowSummary | undefined {
    if (this.count === 0) return undefined
    return {
      count: this.count,
      firstMs: this.firstMs,
      lastMs: this.lastMs,
      firstValue: this.#firstValue,
      lastValue: this.last,
      increase,
      min: this.#min,
      max: this.#max,
      avg: this.#sum.value / this.count,
    }
  }
}
