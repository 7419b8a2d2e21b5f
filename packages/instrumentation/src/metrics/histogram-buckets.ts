/**
 * The layout of a histogram's buckets, and the tables that find the bucket of a value.
 *
 * Every octave (a factor of 2) is divided into 16 bins; the bin of a value follows from the top 16 bits of its float64.
 * A bin that contains an explicit bound is split at that bound into two fine buckets; every other bin is one fine
 * bucket. So one index gives both the fine bucket, for quantiles, and the explicit bucket, without an error.
 */
export interface HistogramBuckets {
  /** Upper bounds of the explicit buckets, ascending. */
  readonly bounds: readonly number[]
  /** The top 16 bits of the smallest value that has its own bin, minus one. Smaller values share bin 0. */
  readonly base: number
  /** The bin of all values above the range. */
  readonly lastBin: number
  /** The first fine bucket of each bin. */
  readonly fineBucketOfBin: Uint16Array
  /** The explicit bound inside each bin, Infinity if there is none. */
  readonly thresholdOfBin: Float64Array
  /** The explicit bucket of each fine bucket. */
  readonly bucketOfFineBucket: Uint16Array
  /** The lower edge of each fine bucket; the last entry is Infinity. */
  readonly edges: Float64Array
}

const binsPerOctave = 16
/**
 * The smallest valid bound. The bins begin 7 octaves below it, where a double must still be normal: the top bits of a
 * subnormal number do not give its octave.
 */
const smallestBound = 1e-300
const float = new Float64Array(1)
const words = new Int32Array(float.buffer)
// The byte order of the machine decides which of the two words holds sign and exponent.
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

const bucketsByBounds = new Map<string, HistogramBuckets>()

/**
 * Returns the bucket layout for these bounds; equal bounds share one layout. Its bins extend from 7 octaves below the
 * first bound to 9 octaves above the last: for latencies from 7.45 ns to 2.3 hours.
 *
 * @throws RangeError if there is no bound, or if a bound is not positive and finite, not above the one before it, or in
 * the same bin. Bounds that are at least 6.25 % apart are never in the same bin.
 */
export function histogramBuckets(bounds: readonly number[]): HistogramBuckets {
  const key = bounds.join()
  const existing = bucketsByBounds.get(key)
  if (existing !== undefined) return existing
  const buckets = createBuckets(bounds)
  bucketsByBounds.set(key, buckets)
  return buckets
}

function createBuckets(given: readonly number[]): HistogramBuckets {
  const bounds = Object.freeze([...given])
  checkBounds(bounds)
  const lowestOctave = Math.floor(Math.log2(bounds[0] ?? 1)) - 7
  const octaves = Math.ceil(Math.log2(bounds.at(-1) ?? 1)) + 9 - lowestOctave
  const base = topBits(2 ** lowestOctave) - 1
  const lastBin = octaves * binsPerOctave + 1
  const thresholdOfBin = new Float64Array(lastBin + 1).fill(Number.POSITIVE_INFINITY)
  for (const bound of bounds) {
    const bin = topBits(bound) - base
    if (thresholdOfBin[bin] !== Number.POSITIVE_INFINITY) {
      throw new RangeError(`bounds ${thresholdOfBin[bin]} and ${bound} are too close: bounds must be at least 6.25 % apart`)
    }
    thresholdOfBin[bin] = bound
  }
  const fineBucketOfBin = new Uint16Array(lastBin + 1)
  const edges: number[] = []
  const bucketOfFineBucket: number[] = []
  let bucket = 0
  for (let bin = 0; bin <= lastBin; bin++) {
    fineBucketOfBin[bin] = edges.length
    edges.push(lowerEdge(bin, lowestOctave))
    bucketOfFineBucket.push(bucket)
    const threshold = thresholdOfBin[bin] as number
    if (threshold !== Number.POSITIVE_INFINITY) {
      edges.push(threshold)
      bucketOfFineBucket.push(++bucket)
    }
  }
  return Object.freeze({
    bounds,
    base,
    lastBin,
    fineBucketOfBin,
    thresholdOfBin,
    bucketOfFineBucket: Uint16Array.from(bucketOfFineBucket),
    edges: Float64Array.from([...edges, Number.POSITIVE_INFINITY]),
  })
}

function checkBounds(bounds: readonly number[]): void {
  if (bounds.length === 0)
    throw new RangeError('bounds must contain at least one bound: without bounds a histogram has only one bucket')
  bounds.forEach((bound, index) => {
    if (!(bound >= smallestBound && bound < Number.POSITIVE_INFINITY))
      throw new RangeError(`every bound must be positive (${smallestBound} or more) and finite, got ${bound}`)
    const before = bounds[index - 1]
    if (before !== undefined && bound <= before) throw new RangeError(`bounds must ascend, got ${bound} after ${before}`)
  })
}

function topBits(value: number): number {
  float[0] = value
  return (words[highWord] as number) >> 16
}

function lowerEdge(bin: number, lowestOctave: number): number {
  if (bin === 0) return 0
  const step = bin - 1
  return 2 ** (lowestOctave + Math.floor(step / binsPerOctave)) * (1 + (step % binsPerOctave) / binsPerOctave)
}
