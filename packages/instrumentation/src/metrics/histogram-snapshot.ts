import { fineScale, type HistogramBuckets } from './histogram-buckets.ts'

/** One recorded value with the trace that it belongs to. */
export interface Exemplar {
  /** In the unit of the metric. */
  readonly value: number
  /** When it was recorded, in Unix milliseconds. */
  readonly timeMs: number
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
}

/**
 * A base-2 exponential histogram of OpenTelemetry's data model: bucket `i` counts the values in (2^(i/2^scale),
 * 2^((i+1)/2^scale)].
 */
export interface ExponentialBuckets {
  readonly scale: number
  /** How many values are `zeroThreshold` or less. */
  readonly zeroCount: number
  readonly zeroThreshold: number
  /** The index of the first bucket in `counts`. */
  readonly offset: number
  readonly counts: number[]
}

/**
 * The state of a histogram at one moment. Quantiles and bucket counts are computed on read. Values, sum, quantiles and
 * bounds are in the unit of the metric.
 */
export class HistogramSnapshot {
  /** The layout of the buckets. */
  readonly buckets: HistogramBuckets
  /** The count of each fine bucket. */
  readonly fineCounts: Float64Array
  readonly count: number
  readonly sum: number
  /** The smallest value; `undefined` if there is none, or if this is a difference (see `since`). */
  readonly min: number | undefined
  /** The largest value; `undefined` if there is none, or if this is a difference (see `since`). */
  readonly max: number | undefined
  /** Values with their traces: at most one for each explicit bucket, ascending. Those of a difference were recorded in between. */
  readonly exemplars: readonly Exemplar[]

  constructor(
    buckets: HistogramBuckets,
    fineCounts: Float64Array,
    sum: number,
    min?: number,
    max?: number,
    exemplars: readonly Exemplar[] = [],
  ) {
    this.buckets = buckets
    this.exemplars = exemplars
    this.fineCounts = fineCounts
    let count = 0
    // By index: iterators and callbacks take twice as long on a typed array, and each collection reads all of them.
    for (let index = 0; index < fineCounts.length; index++) count += fineCounts[index] as number
    this.count = count
    this.sum = sum
    this.min = count === 0 ? undefined : min
    this.max = count === 0 ? undefined : max
  }

  /**
   * Returns the counts of the explicit buckets, not cumulative: one for each bound, then one for all values above the
   * last bound.
   */
  bucketCounts(): number[] {
    const counts = new Array<number>(this.buckets.bounds.length + 1).fill(0)
    const { fineCounts } = this
    const { bucketOfFineBucket } = this.buckets
    for (let index = 0; index < fineCounts.length; index++) {
      const bucket = bucketOfFineBucket[index] as number
      counts[bucket] = (counts[bucket] as number) + (fineCounts[index] as number)
    }
    return counts
  }

  /**
   * Returns the quantile `q` of the recorded values; `undefined` if there are none. The relative error is at most 2.2 %
   * (half a fine bucket) for values within the range of the fine buckets: for latencies from 7.45 ns to 2.3 hours.
   *
   * @param q a share from 0 to 1: 0.99 for P99.
   * @throws RangeError if `q` is not between 0 and 1.
   */
  quantile(q: number): number | undefined {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile must be between 0 and 1, got ${q}`)
    if (this.count === 0) return undefined
    const rank = Math.max(1, Math.ceil(q * this.count))
    let cumulative = 0
    let index = 0
    for (; index < this.fineCounts.length - 1; index++) {
      cumulative += this.fineCounts[index] as number
      if (cumulative >= rank) break
    }
    return Math.min(Math.max(this.#middle(index), this.min ?? 0), this.max ?? Number.POSITIVE_INFINITY)
  }

  /**
   * Returns what was recorded after `earlier`, an older snapshot of the same histogram. The smallest and the largest
   * value of a difference are unknown.
   */
  since(earlier: HistogramSnapshot): HistogramSnapshot {
    return new HistogramSnapshot(
      this.buckets,
      this.fineCounts.map((count, index) => count - (earlier.fineCounts[index] as number)),
      this.sum - earlier.sum,
      undefined,
      undefined,
      this.exemplars.filter((exemplar) => !earlier.exemplars.includes(exemplar)),
    )
  }

  /**
   * Returns the counts as an exponential histogram: the finest scale up to `maxScale` that needs at most `maxBuckets`. Every value is in its
   * bucket: the fine buckets are those of scale 4, and each lower scale joins two of them into one. The values above the range of the fine
   * buckets are in the bucket that begins there.
   *
   * @throws RangeError if `maxScale` is above 4, where a bucket would be narrower than a fine one, or `maxBuckets` is
   * below 2.
   */
  exponential(maxScale = fineScale, maxBuckets = 160): ExponentialBuckets {
    if (!Number.isInteger(maxScale) || maxScale > fineScale)
      throw new RangeError(
        `maxScale must be a whole number of ${fineScale} or less, got ${maxScale}: the fine buckets are those of scale ${fineScale}`,
      )
    if (!(maxBuckets >= 2))
      throw new RangeError(
        `maxBuckets must be 2 or more, got ${maxBuckets}: one bucket cannot hold values on both sides of its boundary`,
      )
    const { fineCounts } = this
    const { exponentialBucketOfFineBucket: bucketOf, edges } = this.buckets
    const zeroThreshold = edges[1] as number
    const zeroCount = fineCounts[0] as number
    let first = 1
    let last = fineCounts.length - 1
    while (first <= last && fineCounts[first] === 0) first++
    while (last > first && fineCounts[last] === 0) last--
    if (first > last) return { scale: maxScale, zeroCount, zeroThreshold, offset: 0, counts: [] }
    const [lowest, highest] = [bucketOf[first] as number, bucketOf[last] as number]
    let shift = fineScale - maxScale
    while (joined(highest, shift) - joined(lowest, shift) >= maxBuckets) shift++
    const offset = joined(lowest, shift)
    const counts = new Array<number>(joined(highest, shift) - offset + 1).fill(0)
    for (let index = first; index <= last; index++) {
      const bucket = joined(bucketOf[index] as number, shift) - offset
      counts[bucket] = (counts[bucket] as number) + (fineCounts[index] as number)
    }
    return { scale: fineScale - shift, zeroCount, zeroThreshold, offset, counts }
  }

  /**
   * Returns the value with the smallest relative distance to both edges of a fine bucket. The outermost ones have only
   * one edge.
   */
  #middle(fineBucket: number): number {
    const low = this.buckets.edges[fineBucket] as number
    const high = this.buckets.edges[fineBucket + 1] as number
    if (low === 0) return this.min ?? high
    if (high === Number.POSITIVE_INFINITY) return this.max ?? low
    return (2 * low * high) / (low + high)
  }
}

/** Returns the bucket of a scale that is lower by `shift`. Larger shifts than 31 would wrap: all buckets are -1 or 0 long before. */
function joined(bucket: number, shift: number): number {
  return bucket >> Math.min(shift, 31)
}
