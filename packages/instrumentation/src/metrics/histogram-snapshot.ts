import type { HistogramBuckets } from './histogram-buckets.ts'

/** A base-2 exponential histogram of OpenTelemetry's data model: bucket i holds (2^(i/2^scale), 2^((i+1)/2^scale)]. */
export interface ExponentialBuckets {
  readonly scale: number
  readonly zeroCount: number
  readonly offset: number
  readonly counts: number[]
}

/** What a histogram held at one moment, and everything that can be said of it. */
export class HistogramSnapshot {
  readonly buckets: HistogramBuckets
  readonly fineCounts: Float64Array
  readonly count: number
  readonly sum: number
  /** Smallest value; undefined where nothing was recorded or, in a difference, nobody knows. */
  readonly min: number | undefined
  readonly max: number | undefined

  constructor(layout: HistogramBuckets, slots: Float64Array, sum: number, min?: number, max?: number) {
    this.buckets = layout
    this.fineCounts = slots
    let count = 0
    // By index: walking a typed array by iterator or callback takes twice as long, and every collection reads them all.
    for (let slot = 0; slot < slots.length; slot++) count += slots[slot] as number
    this.count = count
    this.sum = sum
    this.min = count === 0 ? undefined : min
    this.max = count === 0 ? undefined : max
  }

  /** Counts of the explicit buckets, not cumulative: one for each bound and one for what lies above the last. */
  bucketCounts(): number[] {
    const counts = new Array<number>(this.buckets.bounds.length + 1).fill(0)
    const { fineCounts } = this
    const { bucketOfFineBucket } = this.buckets
    for (let slot = 0; slot < fineCounts.length; slot++) {
      const bucket = bucketOfFineBucket[slot] as number
      counts[bucket] = (counts[bucket] as number) + (fineCounts[slot] as number)
    }
    return counts
  }

  /**
   * The value at or below which a share `q` (0 ... 1) of what was recorded lies, within 3.1 % (half a fine bin) inside the bins' range;
   * undefined where nothing was recorded.
   */
  quantile(q: number): number | undefined {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile lies between 0 and 1, got ${q}`)
    if (this.count === 0) return undefined
    const rank = Math.max(1, Math.ceil(q * this.count))
    let below = 0
    let slot = 0
    for (; slot < this.fineCounts.length - 1; slot++) {
      below += this.fineCounts[slot] as number
      if (below >= rank) break
    }
    return Math.min(Math.max(this.#middle(slot), this.min ?? 0), this.max ?? Number.POSITIVE_INFINITY)
  }

  /** What was recorded since `earlier`, a reading of the same cell. Its smallest and largest value nobody knows. */
  since(earlier: HistogramSnapshot): HistogramSnapshot {
    return new HistogramSnapshot(
      this.buckets,
      this.fineCounts.map((count, slot) => count - (earlier.fineCounts[slot] as number)),
      this.sum - earlier.sum,
    )
  }

  /**
   * The same counts as an exponential histogram: the finest scale up to `maxScale` that needs at most `maxBuckets`. A fine
   * bin goes whole to the bucket of its middle, so a value may stand one bucket beside its own; count and sum are exact.
   *
   * @throws RangeError when a bucket of `maxScale` would be narrower than half a bin, or two values would not fit.
   */
  exponential(maxScale = 3, maxBuckets = 160): ExponentialBuckets {
    if (!Number.isInteger(maxScale) || maxScale > 4)
      throw new RangeError(`maxScale must be a whole number of 4 or less, got ${maxScale}: fine bins tell no more apart`)
    if (!(maxBuckets >= 2)) throw new RangeError(`maxBuckets must be 2 or more, got ${maxBuckets}: 1 lies between two buckets`)
    const middles: Array<[middle: number, count: number]> = []
    this.fineCounts.forEach((count, slot) => {
      if (count !== 0 && slot > 0) middles.push([this.#middle(slot), count])
    })
    const zeroCount = this.fineCounts[0] as number
    const [first] = middles
    const last = middles.at(-1)
    if (first === undefined || last === undefined) return { scale: maxScale, zeroCount, offset: 0, counts: [] }
    const indexAt = (value: number, scale: number): number => Math.ceil(Math.log2(value) * 2 ** scale) - 1
    let scale = maxScale
    while (indexAt(last[0], scale) - indexAt(first[0], scale) >= maxBuckets) scale--
    const offset = indexAt(first[0], scale)
    const counts = new Array<number>(indexAt(last[0], scale) - offset + 1).fill(0)
    for (const [middle, count] of middles) {
      const index = indexAt(middle, scale) - offset
      counts[index] = (counts[index] as number) + count
    }
    return { scale, zeroCount, offset, counts }
  }

  /** The value with the least relative distance to both edges of a slot; the outermost slots have one edge only. */
  #middle(slot: number): number {
    const low = this.buckets.edges[slot] as number
    const high = this.buckets.edges[slot + 1] as number
    if (low === 0) return this.min ?? high
    if (high === Number.POSITIVE_INFINITY) return this.max ?? low
    return (2 * low * high) / (low + high)
  }
}
