/**
 * Where a value is counted. Every octave is cut into 16 fine bins, found from the top 16 bits of the float64; a bin that an
 * explicit bound falls into takes two slots, one on each side of the bound. So one index gives both resolutions exactly.
 */
export interface HistogramBuckets {
  readonly bounds: readonly number[]
  /** Top 16 bits of the smallest value with a bin of its own, less one: smaller ones share bin 0. */
  readonly base: number
  /** The bin of everything too large for the range. */
  readonly lastBin: number
  /** First slot of each bin. */
  readonly fineBucketOfBin: Uint16Array
  /** The bound inside each bin, or Infinity. */
  readonly thresholdOfBin: Float64Array
  /** Explicit bucket of each slot. */
  readonly bucketOfFineBucket: Uint16Array
  /** Lower edge of each slot and, at the end, Infinity. */
  readonly edges: Float64Array
}

const binsPerOctave = 16
/** Seven octaves below it doubles still have their full precision, so that the bins are where their top bits say. */
const smallestBound = 1e-300
const float = new Float64Array(1)
const words = new Int32Array(float.buffer)
// Which of the two words holds sign and exponent depends on the machine's byte order.
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

const bucketsByBounds = new Map<string, HistogramBuckets>()

/**
 * The layout for these bounds, made once. Its bins reach from 7 octaves below the first bound to 3 above the last.
 *
 * @throws RangeError when a bound is not positive and finite, not above the one before it, or shares a bin with it; bounds
 * that are 6.25 % apart never do.
 */
export function histogramBuckets(bounds: readonly number[]): HistogramBuckets {
  const key = bounds.join()
  const known = bucketsByBounds.get(key)
  if (known !== undefined) return known
  const made = createBuckets(bounds)
  bucketsByBounds.set(key, made)
  return made
}

function createBuckets(given: readonly number[]): HistogramBuckets {
  const bounds = Object.freeze([...given])
  checkBounds(bounds)
  const lowestOctave = Math.floor(Math.log2(bounds[0] ?? 1)) - 7
  const octaves = Math.ceil(Math.log2(bounds.at(-1) ?? 1)) + 3 - lowestOctave
  const base = topBits(2 ** lowestOctave) - 1
  const lastBin = octaves * binsPerOctave + 1
  const thresholdOfBin = new Float64Array(lastBin + 1).fill(Number.POSITIVE_INFINITY)
  for (const bound of bounds) {
    const bin = topBits(bound) - base
    if (thresholdOfBin[bin] !== Number.POSITIVE_INFINITY) {
      throw new RangeError(`bounds ${thresholdOfBin[bin]} and ${bound} lie in one bin: they must be at least 6.25 % apart`)
    }
    thresholdOfBin[bin] = bound
  }
  const slotOfBin = new Uint16Array(lastBin + 1)
  const edges: number[] = []
  const bucketOfSlot: number[] = []
  let bucket = 0
  for (let bin = 0; bin <= lastBin; bin++) {
    slotOfBin[bin] = edges.length
    edges.push(lowerEdge(bin, lowestOctave))
    bucketOfSlot.push(bucket)
    const threshold = thresholdOfBin[bin] as number
    if (threshold !== Number.POSITIVE_INFINITY) {
      edges.push(threshold)
      bucketOfSlot.push(++bucket)
    }
  }
  return Object.freeze({
    bounds,
    base,
    lastBin,
    fineBucketOfBin: slotOfBin,
    thresholdOfBin,
    bucketOfFineBucket: Uint16Array.from(bucketOfSlot),
    edges: Float64Array.from([...edges, Number.POSITIVE_INFINITY]),
  })
}

function checkBounds(bounds: readonly number[]): void {
  if (bounds.length === 0)
    throw new RangeError('bounds must hold at least one bound: a histogram without any counts nothing apart')
  bounds.forEach((bound, index) => {
    if (!(bound >= smallestBound && bound < Number.POSITIVE_INFINITY))
      throw new RangeError(`a bound must be positive (${smallestBound} or more) and finite, got ${bound}`)
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
