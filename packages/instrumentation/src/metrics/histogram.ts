import { ExemplarReservoir } from './exemplar-reservoir.ts'
import { findFineBucket, type HistogramBuckets, histogramBuckets } from './histogram-buckets.ts'
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
  /** @internal The store that it belonged to, if that was forgotten: published again when something is recorded. */
  forgotten: object | undefined = undefined
  /** The layout of the buckets. */
  readonly buckets: HistogramBuckets
  /** Sum, smallest and largest value, then the count of each fine bucket. What is at the same place in each is written fastest. */
  readonly #numbers: Float64Array
  readonly #base: number
  readonly #lastBin: number
  readonly #bins: Int32Array
  readonly #owner: InstrumentOwner
  readonly #metric: string
  /** The exemplars; undefined before the first operation that may have one. */
  #exemplars: ExemplarReservoir | undefined

  constructor(owner: InstrumentOwner, metric: string, bounds: readonly number[]) {
    const buckets = histogramBuckets(bounds)
    this.buckets = buckets
    this.#numbers = new Float64Array(3 + buckets.bucketOfFineBucket.length)
    this.#numbers[1] = Number.POSITIVE_INFINITY
    this.#numbers[2] = Number.NEGATIVE_INFINITY
    this.#base = buckets.base
    this.#lastBin = buckets.lastBin
    this.#bins = buckets.bins
    this.#owner = owner
    this.#metric = metric
  }

  /**
   * Records a value in the unit of the metric: a finite number of 0 or more. Never throws: other values are counted as
   * rejected.
   *
   * @param weight how many values it stands for, a whole number: so many are counted, and added to the sum.
   */
  record(value: number, weight = 1): void {
    if (!this.#owner.enabled) return
    if (weight !== 1 || !(Number.isFinite(value) && value >= 0)) {
      // Elsewhere: V8 copies only a short function into its callers.
      this.#recordOther(value, weight)
      return
    }
    float[0] = value
    // Without the sign bit, which a negative zero has.
    const high = (words[highWord] as number) & 0x7fffffff
    let bin = (high >> 15) - this.#base
    if (bin < 0) bin = 0
    else if (bin > this.#lastBin) bin = this.#lastBin
    const bins = this.#bins
    const at = bin << 2
    const one = bins[at + 1] as number
    const other = bins[at + 2] as number
    // The sign bit of each difference tells whether the value is above the boundary.
    const fineBucket =
      high === one || high === other
        ? findFineBucket(this.buckets, value)
        : (bins[at] as number) + ((one - high) >>> 31) + ((other - high) >>> 31)
    const numbers = this.#numbers
    numbers[fineBucket + 3] = (numbers[fineBucket + 3] as number) + 1
    numbers[0] = (numbers[0] as number) + value
    if (value < (numbers[1] as number)) numbers[1] = value
    if (value > (numbers[2] as number)) numbers[2] = value
    if (this.sink !== undefined) this.sink(value)
  }

  /**
   * Returns whether the explicit bucket of this value takes an exemplar now. A bucket that fills quickly takes some of its values only: to
   * find the trace of each would cost more than to record it.
   *
   * @param nowMs milliseconds of `performance.now()`.
   */
  takesExemplar(value: number, nowMs: number): boolean {
    if (!this.#owner.enabled || !(Number.isFinite(value) && value >= 0)) return false
    this.#exemplars ??= new ExemplarReservoir(this.buckets.bounds.length + 1)
    return this.#exemplars.takes(this.buckets.bucketOfFineBucket[findFineBucket(this.buckets, value)] as number, nowMs)
  }

  /**
   * Keeps the operation of a sampled trace as the example for the explicit bucket of its value, instead of the one before: of each bucket, the
   * last one is kept (as OpenTelemetry's `AlignedHistogramBucketExemplarReservoir` may do). Record the value, too.
   */
  setExemplar(exemplar: Exemplar): void {
    if (!this.#owner.enabled || !(Number.isFinite(exemplar.value) && exemplar.value >= 0)) return
    this.#exemplars ??= new ExemplarReservoir(this.buckets.bounds.length + 1)
    this.#exemplars.set(this.buckets.bucketOfFineBucket[findFineBucket(this.buckets, exemplar.value)] as number, exemplar)
  }

  /** The exemplars, one for each explicit bucket that has one, by ascending value. */
  get exemplars(): readonly Exemplar[] {
    return this.#exemplars?.all ?? noExemplars
  }

  /** @internal Whether nothing was recorded. */
  get isEmpty(): boolean {
    return (this.#numbers[1] as number) > (this.#numbers[2] as number)
  }

  /** @internal Removes everything that was recorded. */
  reset(): void {
    this.#numbers.fill(0)
    this.#numbers[1] = Number.POSITIVE_INFINITY
    this.#numbers[2] = Number.NEGATIVE_INFINITY
    this.#exemplars = undefined
  }

  /** How many numbers `copyNumbers` copies. */
  get numberCount(): number {
    return this.#numbers.length
  }

  /** Copies the count of each fine bucket, then sum, smallest and largest value. An empty histogram has Infinity and -Infinity. */
  copyNumbers(target: Float64Array, offset: number): void {
    const numbers = this.#numbers
    const end = offset + numbers.length - 3
    target.set(numbers.subarray(3), offset)
    for (let at = 0; at < 3; at++) target[end + at] = numbers[at] as number
  }

  /**
   * Writes for each explicit bound how many values are at most as large, then the count of all values, into `target`. Returns the sum of
   * the values. Unlike `snapshot` it copies nothing.
   */
  readBuckets(target: Float64Array): number {
    const numbers = this.#numbers
    const { fineBucketEnds } = this.buckets
    const bucketCount = fineBucketEnds.length
    const [min, max] = [numbers[1] as number, numbers[2] as number]
    if (min > max) {
      target.fill(0, 0, bucketCount)
      return 0
    }
    // Most values are in a few octaves: the fine buckets before and after them are not read.
    let index = 3 + findFineBucket(this.buckets, min)
    const end = 4 + findFineBucket(this.buckets, max)
    let count = 0
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const stop = Math.min(3 + (fineBucketEnds[bucket] as number), end)
      // Four at a time: one by one, each addition waits for the one before it, and this takes three times as long.
      for (; index < stop - 3; index += 4) {
        const first = (numbers[index] as number) + (numbers[index + 1] as number)
        count += first + ((numbers[index + 2] as number) + (numbers[index + 3] as number))
      }
      for (; index < stop; index++) count += numbers[index] as number
      target[bucket] = count
    }
    return numbers[0] as number
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
    for (let at = 0; at < bins.length; at++) {
      const position = 3 + (bins[at] as number)
      if (position < numbers.length) numbers[position] = (numbers[position] as number) + (increments[at] as number)
    }
    this.#extend(sum, min, max)
  }

  /** Returns a copy of the current state; later records do not change it. */
  snapshot(): HistogramSnapshot {
    const numbers = this.#numbers
    const [sum, min, max] = [numbers[0] as number, numbers[1] as number, numbers[2] as number]
    return new HistogramSnapshot(this.buckets, numbers.slice(3), sum, min, max, this.exemplars)
  }

  /** Records a value that stands for several, or rejects one. */
  #recordOther(value: number, weight: number): void {
    if (!(Number.isFinite(value) && value >= 0)) {
      this.#owner.reject(this.#metric, Number.isFinite(value) ? 'negative' : 'not_finite', value)
      return
    }
    if (!(Number.isSafeInteger(weight) && weight > 0)) {
      this.#owner.reject(this.#metric, Number.isFinite(weight) ? 'negative' : 'not_finite', weight)
      return
    }
    const position = 3 + findFineBucket(this.buckets, value)
    const numbers = this.#numbers
    numbers[position] = (numbers[position] as number) + weight
    this.#extend(weight * value, value, value)
    if (this.sink !== undefined) this.sink(value)
  }

  #extend(sum: number, min: number, max: number): void {
    const numbers = this.#numbers
    numbers[0] = (numbers[0] as number) + sum
    if (min < (numbers[1] as number)) numbers[1] = min
    if (max > (numbers[2] as number)) numbers[2] = max
  }
}
