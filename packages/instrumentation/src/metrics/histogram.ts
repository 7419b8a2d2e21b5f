import { type HistogramBuckets, histogramBuckets } from './histogram-buckets.ts'
import { HistogramSnapshot } from './histogram-snapshot.ts'
import type { InstrumentOwner } from './instrument-owner.ts'

// Shared scratch memory: the way to a float's bits. Recording is synchronous, so nobody sees it half written. The layout has its
// own: imported from a third file, these cost every record 1 ns more.
const float = new Float64Array(1)
const words = new Int32Array(float.buffer)
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/**
 * One histogram: a slot per fine bin, a sum, a smallest and a largest value. `record` computes one index, touches four
 * numbers and allocates nothing; everything that can be said of the distribution is worked out when somebody reads it.
 */
export class Histogram {
  /** Told of every value taken, where the application's own SDK keeps a histogram too. */
  sink: ((value: number) => void) | undefined = undefined
  readonly buckets: HistogramBuckets
  /** Counts by slot; then sum, smallest, largest. */
  readonly #numbers: Float64Array
  readonly #slots: number
  readonly #base: number
  readonly #lastBin: number
  readonly #slotOfBin: Uint16Array
  readonly #thresholdOfBin: Float64Array
  readonly #owner: InstrumentOwner
  readonly #metric: string

  constructor(owner: InstrumentOwner, metric: string, bounds: readonly number[]) {
    const layout = histogramBuckets(bounds)
    this.buckets = layout
    this.#slots = layout.bucketOfFineBucket.length
    this.#numbers = new Float64Array(this.#slots + 3)
    this.#numbers[this.#slots + 1] = Number.POSITIVE_INFINITY
    this.#numbers[this.#slots + 2] = Number.NEGATIVE_INFINITY
    this.#base = layout.base
    this.#lastBin = layout.lastBin
    this.#slotOfBin = layout.fineBucketOfBin
    this.#thresholdOfBin = layout.thresholdOfBin
    this.#owner = owner
    this.#metric = metric
  }

  /** Takes a value of 0 or more. NaN, negative and infinite ones are refused and counted. Never throws. */
  record(value: number): void {
    if (!this.#owner.enabled) return
    if (!(Number.isFinite(value) && value >= 0)) {
      this.#owner.reject(this.#metric, Number.isFinite(value) ? 'negative' : 'not_finite', value)
      return
    }
    float[0] = value
    // A negative zero has its sign bit set: the signed shift takes it below 0 and so into bin 0.
    let bin = ((words[highWord] as number) >> 16) - this.#base
    if (bin < 0) bin = 0
    else if (bin > this.#lastBin) bin = this.#lastBin
    const numbers = this.#numbers
    const slots = this.#slots
    const slot = (this.#slotOfBin[bin] as number) + (value > (this.#thresholdOfBin[bin] as number) ? 1 : 0)
    numbers[slot] = (numbers[slot] as number) + 1
    numbers[slots] = (numbers[slots] as number) + value
    if (value < (numbers[slots + 1] as number)) numbers[slots + 1] = value
    if (value > (numbers[slots + 2] as number)) numbers[slots + 2] = value
    if (this.sink !== undefined) this.sink(value)
  }

  /** All that was recorded until now, as a copy that stays as it is. */
  snapshot(): HistogramSnapshot {
    const slots = this.#slots
    const [sum = 0, min = 0, max = 0] = this.#numbers.subarray(slots)
    return new HistogramSnapshot(this.buckets, this.#numbers.slice(0, slots), sum, min, max)
  }
}
