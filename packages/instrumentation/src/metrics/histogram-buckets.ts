/**
 * The layout of a histogram's buckets, and the tables that find the bucket of a value.
 *
 * The fine buckets are those of a base-2 exponential histogram of scale 4, as OpenTelemetry's data model and Prometheus define them:
 * 16 per octave (a factor of 2), each with its upper boundary 2^(k/16). One that contains an explicit bound is split at it. So one index
 * gives the exponential bucket, the explicit bucket and the fine bucket for quantiles, without an error.
 *
 * The index is found without a logarithm: every octave is divided evenly into 32 bins, and the bin of a value follows from the top 17 bits
 * of its float64. A bin is so narrow that it contains at most one exponential boundary and one explicit bound: the fine bucket is the
 * first one of the bin, plus one for each of these two that the value is above.
 */
export interface HistogramBuckets {
  /** Upper bounds of the explicit buckets, ascending. */
  readonly bounds: readonly number[]
  /** The top 17 bits of the smallest value that has its own bin, minus one. Smaller values share bin 0. */
  readonly base: number
  /** The bin of all values above the range. */
  readonly lastBin: number
  /** The first fine bucket of each bin. */
  readonly fineBucketOfBin: Uint16Array
  /** Two numbers for each bin: the boundaries inside it, Infinity if there is none. */
  readonly thresholdsOfBin: Float64Array
  /** The explicit bucket of each fine bucket. */
  readonly bucketOfFineBucket: Uint16Array
  /** For each explicit bucket the fine bucket after its last one. */
  readonly fineBucketEnds: Uint16Array
  /**
   * The exponential bucket of scale 4 of each fine bucket: bucket `i` has the values in (2^(i/16), 2^((i+1)/16)]. The first fine bucket, of
   * the values too small for one, has none: its entry has no meaning. The last one has all values above the range.
   */
  readonly exponentialBucketOfFineBucket: Int32Array
  /** The lower edge of each fine bucket, which the bucket does not contain; the last entry is Infinity. */
  readonly edges: Float64Array
}

/** The scale of the fine buckets: there are 2^4 per octave. */
export const fineScale = 4
const bucketsPerOctave = 2 ** fineScale
const binsPerOctave = 32
/** The boundaries from 1 (included) to 2 (not included). Times a power of 2, they are exact. */
const boundariesOfOctave = Array.from({ length: bucketsPerOctave }, (_, step) => 2 ** (step / bucketsPerOctave))
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
 * Returns the bucket layout for these bounds; equal bounds share one layout. Its buckets extend from 7 octaves below the
 * first bound to 9 octaves above the last: for latencies from 7.45 ns to 2.3 hours.
 *
 * @throws RangeError if there is no bound, or if a bound is not positive and finite, not above the one before it, or in
 * the same sixteenth of an octave. Bounds that are at least 6.25 % apart never are.
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
  const explicit = new Set(bounds)
  const edges = [0]
  const bucketOfFineBucket = [0]
  const exponentialBucketOfFineBucket = [0]
  const fineBucketOfBin = new Uint16Array(lastBin + 1)
  const thresholdsOfBin = new Float64Array(2 * (lastBin + 1)).fill(Number.POSITIVE_INFINITY)
  let bin = 0
  let bucket = 0
  let exponential = lowestOctave * bucketsPerOctave - 1
  for (const boundary of boundaries(bounds, lowestOctave, octaves)) {
    const ownBin = Math.min(topBits(boundary) - base, lastBin)
    while (bin < ownBin) fineBucketOfBin[++bin] = edges.length - 1
    const isFirst = thresholdsOfBin[2 * bin] === Number.POSITIVE_INFINITY
    thresholdsOfBin[2 * bin + (isFirst ? 0 : 1)] = boundary
    if (explicit.has(boundary)) bucket++
    if (isExponential(boundary)) exponential++
    edges.push(boundary)
    bucketOfFineBucket.push(bucket)
    exponentialBucketOfFineBucket.push(exponential)
  }
  return Object.freeze({
    bounds,
    base,
    lastBin,
    fineBucketOfBin,
    thresholdsOfBin,
    bucketOfFineBucket: Uint16Array.from(bucketOfFineBucket),
    fineBucketEnds: Uint16Array.from([...bounds.keys(), bounds.length], (own) => bucketOfFineBucket.lastIndexOf(own) + 1),
    exponentialBucketOfFineBucket: Int32Array.from(exponentialBucketOfFineBucket),
    edges: Float64Array.from([...edges, Number.POSITIVE_INFINITY]),
  })
}

/** Returns the boundaries of the fine buckets, ascending: the exponential ones of the octaves, and the bounds. */
function boundaries(bounds: readonly number[], lowestOctave: number, octaves: number): number[] {
  const exponential = Array.from({ length: octaves }, (_, octave) =>
    boundariesOfOctave.map((boundary) => boundary * 2 ** (lowestOctave + octave)),
  ).flat()
  const all = new Set([...exponential, 2 ** (lowestOctave + octaves), ...bounds])
  return [...all].sort((one, other) => one - other)
}

function isExponential(boundary: number): boolean {
  const octave = Math.floor(Math.log2(boundary))
  return boundariesOfOctave.includes(boundary / 2 ** octave)
}

function checkBounds(bounds: readonly number[]): void {
  if (bounds.length === 0)
    throw new RangeError('bounds must contain at least one bound: without bounds a histogram has only one bucket')
  bounds.forEach((bound, index) => {
    if (!(bound >= smallestBound && bound < Number.POSITIVE_INFINITY))
      throw new RangeError(`every bound must be positive (${smallestBound} or more) and finite, got ${bound}`)
    const before = bounds[index - 1]
    if (before === undefined) return
    if (bound <= before) throw new RangeError(`bounds must ascend, got ${bound} after ${before}`)
    if (topBits(bound) >> 1 === topBits(before) >> 1)
      throw new RangeError(`bounds ${before} and ${bound} are too close: bounds must be at least 6.25 % apart`)
  })
}

function topBits(value: number): number {
  float[0] = value
  return (words[highWord] as number) >> 15
}
