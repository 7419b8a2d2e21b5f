import { type HistogramBuckets, histogramBuckets } from './histogram-buckets.ts'
import { type Exemplar, HistogramSnapshot } from './histogram-snapshot.ts'
import type { InstrumentOwner } from './instrument-owner.ts'

// Scratch memory that gives access to the bits of a float; shared by all histograms, because recording is synchronous.
// histogram-buckets.ts has its own copy: an import from a third file makes every record 1 ns slower.
const float = new Float64Array(1)
const words = new Int32Array(float.buffer)
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

const noExemplars: readonly Exemplar[] = Object.freeze([])

/**
 * A distribution of values: a count for each fine bucket, the sum, the smallest and the largest value. `record` computes one
 * index, updates four numbers and allocates nothing; quantiles and bucket counts are computed on read.
 */
export class Histogram {
  /** Called with every recorded value: the way to a synchronous OpenTelemetry histogram. Rejected values do not reach it. */
  sink: ((value: number) => void) | undefined = undefined
  /** The layout of the buckets. */
  readonly buckets: HistogramBuckets
  /** The count of each fine bucket, then sum, smallest and largest value. */
  readonly #numbers: Float64Array
  readonly #fineBucketCount: number
  readonly #base: number
  readonly #lastBin: number
  readonly #fineBucketOfBin: Uint16Array
  readonly #thresholdsOfBin: Float64Array
  readonly #owner: InstrumentOwner
  readonly #metric: string
  /** The exemplar of each explicit bucket; undefined before the first one. */
  #exemplars: Array<Exemplar | undefined> | undefined

  constructor(owner: InstrumentOwner, metric: string, bounds: readonly number[]) {
    const buckets = histogramBuckets(bounds)
    this.buckets = buckets
    this.#fineBucketCount = buckets.bucketOfFineBucket.length
    this.#numbers = new Float64Array(this.#fineBucketCount + 3)
    this.#numbers[this.#fineBucketCount + 1] = Number.POSITIVE_INFINITY
    this.#numbers[this.#fineBucketCount + 2] = Number.NEGATIVE_INFINITY
    this.#base = buckets.base
    this.#lastBin = buckets.lastBin
    this.#fineBucketOfBin = buckets.fineBucketOfBin
    this.#thresholdsOfBin = buckets.thresholdsOfBin
    this.#owner = owner
    this.#metric = metric
  }

  /**
   * Records a value in the unit of the metric: a finite number of 0 or more. Never throws: other values are counted as
   * rejected.
   *
   * @param weight how many values it stands for.
   */
  record(value: number, weight = 1): void {
    if (!this.#owner.enabled) return
    if (!(Number.isFinite(value) && value >= 0)) {
      this.#owner.reject(this.#metric, Number.isFinite(value) ? 'negative' : 'not_finite', value)
      return
    }
    const index = this.#fineBucket(value)
    const numbers = this.#numbers
    const end = this.#fineBucketCount
    numbers[index] = (numbers[index] as number) + weight
    numbers[end] = (numbers[end] as number) + value * weight
    if (value < (numbers[end + 1] as number)) numbers[end + 1] = value
    if (value > (numbers[end + 2] as number)) numbers[end + 2] = value
    if (this.sink !== undefined) this.sink(value)
  }

  /**
   * Keeps the operation of a sampled trace as the example for the explicit bucket of its value, instead of the one before: of each bucket, the
   * last one is kept (as OpenTelemetry's `AlignedHistogramBucketExemplarReservoir` may do). Record the value, too.
   */
  setExemplar(exemplar: Exemplar): void {
    if (!this.#owner.enabled || !(exemplar.value >= 0 && exemplar.value < Number.POSITIVE_INFINITY)) return
    this.#exemplars ??= new Array(this.buckets.bounds.length + 1).fill(undefined)
    this.#exemplars[this.buckets.bucketOfFineBucket[this.#fineBucket(exemplar.value)] as number] = exemplar
  }

  /** The exemplars, one for each explicit bucket that has one, by ascending value. */
  get exemplars(): readonly Exemplar[] {
    return this.#exemplars?.filter((exemplar) => exemplar !== undefined) ?? noExemplars
  }

  /** How many numbers `copyNumbers` copies. */
  get numberCount(): number {
    return this.#numbers.length
  }

  /** Copies the count of each fine bucket, then sum, smallest and largest value. An empty histogram has Infinity and -Infinity. */
  copyNumbers(target: Float64Array, offset: number): void {
    target.set(this.#numbers, offset)
  }

  /**
   * Writes for each explicit bound how many values are at most as large, then the count of all values, into `target`. Returns the sum of
   * the values. Unlike `snapshot` it copies nothing.
   */
  readBuckets(target: Float64Array): number {
    const numbers = this.#numbers
    const { fineBucketEnds } = this.buckets
    const bucketCount = fineBucketEnds.length
    const end = this.#fineBucketCount
    const min = numbers[end + 1] as number
    // Most values are in a few octaves: the fine buckets before and after them are not read.
    let index = min === Number.POSITIVE_INFINITY ? end : this.#fineBucket(min)
    const last = min === Number.POSITIVE_INFINITY ? 0 : this.#fineBucket(numbers[end + 2] as number)
    let count = 0
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const stop = Math.min(fineBucketEnds[bucket] as number, last + 1)
      // Four at a time: one by one, each addition waits for the one before it, and this takes three times as long.
      for (; index < stop - 3; index += 4) {
        const first = (numbers[index] as number) + (numbers[index + 1] as number)
        count += first + ((numbers[index + 2] as number) + (numbers[index + 3] as number))
      }
      for (; index < stop; index++) count += numbers[index] as number
      target[bucket] = count
    }
    return numbers[end] as number
  }

  /**
   * Adds what another histogram with the same bounds has recorded.
   *
   * @param bins the fine buckets whose counts grew.
   * @param increments by how much each of them grew.
   * @param sum by how much the sum grew.
   * @param min the smallest value of the other histogram.
   * @param max the largest value of the other histogram.
   */
  merge(bins: readonly number[], increments: readonly number[], sum: number, min: number, max: number): void {
    const numbers = this.#numbers
    const end = this.#fineBucketCount
    for (let at = 0; at < bins.length; at++) {
      const bin = bins[at] as number
      if (bin < end) numbers[bin] = (numbers[bin] as number) + (increments[at] as number)
    }
    numbers[end] = (numbers[end] as number) + sum
    if (min < (numbers[end + 1] as number)) numbers[end + 1] = min
    if (max > (numbers[end + 2] as number)) numbers[end + 2] = max
  }

  /** Returns a copy of the current state; later records do not change it. */
  snapshot(): HistogramSnapshot {
    const end = this.#fineBucketCount
    const [sum = 0, min = 0, max = 0] = this.#numbers.subarray(end)
    return new HistogramSnapshot(this.buckets, this.#numbers.slice(0, end), sum, min, max, this.exemplars)
  }

  /** Returns the fine bucket of a finite value of 0 or more. */
  #fineBucket(value: number): number {
    float[0] = value
    // The sign bit of a negative zero makes the shifted word negative, which is bin 0.
    let bin = ((words[highWord] as number) >> 15) - this.#base
    if (bin < 0) bin = 0
    else if (bin > this.#lastBin) bin = this.#lastBin
    const thresholds = this.#thresholdsOfBin
    const at = bin << 1
    // The sign bit tells whether the value is above the boundary: the processor could not predict a branch.
    float[0] = (thresholds[at] as number) - value
    return (
      (this.#fineBucketOfBin[bin] as number) +
      ((words[highWord] as number) >>> 31) +
      (value > (thresholds[at + 1] as number) ? 1 : 0)
    )
  }
}
