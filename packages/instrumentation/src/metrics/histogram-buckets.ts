/**
 * The layout of a histogram's buckets, and the tables that find the bucket of a value.
 *
 * The fine buckets are those of a base-2 exponential histogram of scale 4, as OpenTelemetry's data model and Prometheus define them:
 * 16 per octave (a factor of 2), each with its upper boundary 2^(k/16). One that contains an explicit bound is split at it. So one index
 * gives the exponential bucket, the explicit bucket and the fine bucket for quantiles, without an error.
 *
 * The index is found without a search and without a logarithm: every octave is divided evenly into 32 bins, and the bin of a value follows
 * from the top 17 bits of its float64. A bin is so narrow that it contains at most one exponential boundary and one explicit bound: the fine
 * bucket is the first one of the bin, plus one for each of these two that the value is above.
 */
export interface HistogramBuckets {
  /** Upper bounds of the explicit buckets, ascending. */
  readonly bounds: readonly number[]
  /** The top 17 bits of the smallest value that has its own bin, minus one. Smaller values share bin 0. */
  readonly base: number
  /** The bin of all values above the range. */
  readonly lastBin: number
  /**
   * Four numbers for each bin: its first fine bucket, then the high words of the one or two boundaries inside it, `noBoundary` for each that
   * it does not have, and a 0. Integers are compared without a branch, which the processor could not predict. Only for a value with the
   * high word of a boundary this does not suffice: see `findFineBucket`.
   */
  readonly bins: Int32Array
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
/** The high word of a boundary that a bin does not have: larger than that of every number. */
const noBoundary = 0x7fffffff
/**
 * The boundaries from 0.5 (included) to 1 (not included): the doubles of Prometheus' table for schema 4, by which its servers and clients
 * divide. Some are the double next to the one that `2 ** (k / 16)` gives. Times a power of 2, they are exact.
 */
const boundariesOfOctave = [
  0.5, 0.5221368912137069, 0.5452538663326288, 0.5693943173783458, 0.5946035575013605, 0.620928906036742, 0.6484197773255048,
  0.6771277734684463, 0.7071067811865475, 0.7384130729697496, 0.7711054127039704, 0.805245165974627, 0.8408964152537144,
  0.8781260801866495, 0.9170040432046711, 0.9576032806985735,
]
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
  const exponentialBoundaries = new Set(boundariesOf(lowestOctave, octaves))
  const edges = [0]
  const bucketOfFineBucket = [0]
  const exponentialBucketOfFineBucket = [0]
  const bins = new Int32Array(4 * (lastBin + 1))
  let bin = 0
  startBin(bins, bin, 0)
  let bucket = 0
  let exponential = lowestOctave * bucketsPerOctave - 1
  for (const boundary of [...new Set([...exponentialBoundaries, ...bounds])].sort((one, other) => one - other)) {
    const ownBin = topBits(boundary) - base
    while (bin < ownBin) startBin(bins, ++bin, edges.length - 1)
    const at = 4 * bin + 1
    bins[bins[at] === noBoundary ? at : at + 1] = highBits(boundary)
    if (boundary === bounds[bucket]) bucket++
    if (exponentialBoundaries.has(boundary)) exponential++
    edges.push(boundary)
    bucketOfFineBucket.push(bucket)
    exponentialBucketOfFineBucket.push(exponential)
  }
  // Above the largest double there is no boundary.
  while (bin < lastBin) startBin(bins, ++bin, edges.length - 1)
  return Object.freeze({
    bounds,
    base,
    lastBin,
    bins,
    bucketOfFineBucket: Uint16Array.from(bucketOfFineBucket),
    fineBucketEnds: Uint16Array.from([...bounds.keys(), bounds.length], (own) => bucketOfFineBucket.lastIndexOf(own) + 1),
    exponentialBucketOfFineBucket: Int32Array.from(exponentialBucketOfFineBucket),
    edges: Float64Array.from([...edges, Number.POSITIVE_INFINITY]),
  })
}

function startBin(bins: Int32Array, bin: number, fineBucket: number): void {
  bins.set([fineBucket, noBoundary, noBoundary, 0], 4 * bin)
}

/** Returns the exponential boundaries of the octaves, ascending, the upper one of the last included. */
function boundariesOf(lowestOctave: number, octaves: number): number[] {
  const all = Array.from({ length: octaves }, (_, octave) =>
    boundariesOfOctave.map((boundary) => boundary * 2 ** (lowestOctave + octave + 1)),
  ).flat()
  return [...all, 2 ** (lowestOctave + octaves)].filter(Number.isFinite)
}

/** Returns the fine bucket of a finite value of 0 or more. */
export function findFineBucket({ base, lastBin, bins, edges }: HistogramBuckets, value: number): number {
  const bin = Math.min(Math.max(topBits(value) - base, 0), lastBin)
  let fineBucket = bins[4 * bin] as number
  while (value > (edges[fineBucket + 1] as number)) fineBucket++
  return fineBucket
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

/** Returns the bits from which the bin follows. */
function topBits(value: number): number {
  return highBits(value) >> 15
}

/** Returns the upper half of a float64. */
function highBits(value: number): number {
  float[0] = value
  return words[highWord] as number
}
