/** Samples of one series over a time range, oldest first. Times without a sample are left out. */
export interface RangeSamples {
  readonly timesMs: ArrayLike<number>
  readonly values: ArrayLike<number>
  /** How many samples each value stands for, if not all stand for one. */
  readonly counts?: ArrayLike<number>
  /** How far the times of these samples are from their mean: the sum of squares, in s². */
  readonly timeSpreads?: ArrayLike<number>
  /** The sum of the distances from the mean time, in seconds, times those from the mean value. */
  readonly slopeSums?: ArrayLike<number>
}

/** What a window of samples of one series amounts to. `rate` and the other functions over a window are computed from it. */
export interface WindowSummary {
  /** Number of samples. */
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /** The value of the first sample, as it was. */
  readonly firstValue: number
  readonly lastValue: number
  /** How much a counter grew from the first to the last sample, resets included. */
  readonly increase: number
  readonly min: number
  readonly max: number
  readonly avg: number
}

/** Returns what samples amount to, exactly as PromQL's functions over a window compute it; undefined without any. */
export function summarizeSamples({ timesMs, values }: RangeSamples): WindowSummary | undefined {
  const count = values.length
  if (count === 0) return undefined
  const sum = new Sum()
  let min = values[0] as number
  let max = min
  for (let index = 0; index < count; index++) {
    const value = values[index] as number
    if (value < min || Number.isNaN(min)) min = value
    if (value > max || Number.isNaN(max)) max = value
    sum.add(value)
  }
  return {
    count,
    firstMs: timesMs[0] as number,
    lastMs: timesMs[count - 1] as number,
    firstValue: values[0] as number,
    lastValue: values[count - 1] as number,
    increase: addIncreases(values),
    min,
    max,
    avg: sum.value / count,
  }
}

/** Returns how much a counter grew over its samples: every decrease is a reset to 0. */
function addIncreases(values: ArrayLike<number>): number {
  let sum = (values[values.length - 1] as number) - (values[0] as number)
  for (let index = 1; index < values.length; index++) {
    const previous = values[index - 1] as number
    if ((values[index] as number) < previous) sum += previous
  }
  return sum
}

/**
 * Returns the increase of a counter in the window that ends at `toMs`, as PromQL's `increase` computes it (Prometheus 3,
 * promql/functions.go, extrapolatedRate): every decrease is a reset to 0. The increase between the first and the last sample is
 * extrapolated to both edges of the window if they are closer than 1.1 times the average sample interval, otherwise by half of
 * that interval, and never to before the counter was 0. Undefined with fewer than two samples.
 */
export function increase(window: WindowSummary | undefined, windowMs: number, toMs: number): number | undefined {
  const factor = window && extrapolationFactor(window, windowMs, toMs)
  return factor === undefined ? undefined : (window as WindowSummary).increase * factor
}

/** Returns the increase per second, as PromQL's `rate` does: divided by the window, not by the time between the samples. */
export function rate(window: WindowSummary | undefined, windowMs: number, toMs: number): number | undefined {
  const factor = window && extrapolationFactor(window, windowMs, toMs)
  return factor === undefined ? undefined : (window as WindowSummary).increase * (factor / (windowMs / 1000))
}

function extrapolationFactor(window: WindowSummary, windowMs: number, toMs: number): number | undefined {
  const { count, firstMs, lastMs, firstValue, increase } = window
  if (count < 2) return undefined
  const sampledSeconds = (lastMs - firstMs) / 1000
  const intervalSeconds = sampledSeconds / (count - 1)
  const thresholdSeconds = intervalSeconds * 1.1
  let toStartSeconds = (firstMs - (toMs - windowMs)) / 1000
  let toEndSeconds = (toMs - lastMs) / 1000
  if (toStartSeconds >= thresholdSeconds) toStartSeconds = intervalSeconds / 2
  if (increase > 0 && firstValue >= 0) toStartSeconds = Math.min(toStartSeconds, sampledSeconds * (firstValue / increase))
  if (toEndSeconds >= thresholdSeconds) toEndSeconds = intervalSeconds / 2
  return (sampledSeconds + toStartSeconds + toEndSeconds) / sampledSeconds
}

/** One cumulative bucket of a histogram: the count, or rate, of observations of at most `le`. */
export interface Bucket {
  readonly le: number
  readonly count: number
}

/**
 * Returns a quantile from cumulative buckets, as PromQL's `histogram_quantile` does: interpolated linearly within its bucket; the
 * highest finite bound if it lies above that. Undefined without observations or without a bucket for Infinity.
 */
export function histogramQuantile(q: number, buckets: readonly Bucket[]): number | undefined {
  const sorted = toMonotonic([...buckets].sort((one, other) => one.le - other.le))
  const highest = sorted.at(-1)
  if (highest === undefined || highest.le !== Number.POSITIVE_INFINITY || sorted.length < 2 || !(highest.count > 0))
    return undefined
  let rank = q * highest.count
  const bucketIndex = sorted.findIndex(({ count }, index) => index === sorted.length - 1 || count >= rank)
  if (bucketIndex === sorted.length - 1) return sorted.at(-2)?.le
  const { le: end, count: cumulative } = sorted[bucketIndex] as Bucket
  if (bucketIndex === 0 && end <= 0) return end
  const previous = sorted[bucketIndex - 1]
  const start = previous?.le ?? 0
  rank -= previous?.count ?? 0
  return start + (end - start) * (rank / (cumulative - (previous?.count ?? 0)))
}

/** Rates of buckets may differ in the last digit; this restores that cumulative counts never fall. */
function toMonotonic(buckets: readonly Bucket[]): Bucket[] {
  let highest = 0
  return buckets.map(({ le, count }) => {
    highest = Math.max(highest, count)
    return { le, count: highest }
  })
}

/**
 * Returns the value of a gauge `aheadSeconds` after `toMs` by linear regression over the samples, as PromQL's `predict_linear`
 * does. Undefined with fewer than two samples.
 */
export function predictLinear(samples: RangeSamples, toMs: number, aheadSeconds: number): number | undefined {
  const { timesMs, values, counts, timeSpreads, slopeSums } = samples
  const count = timesMs.length
  if (count === 0 || (count === 1 && (counts?.[0] ?? 1) < 2)) return undefined
  const first = values[0] as number
  const isConstant = Array.prototype.every.call(values, (value: number, index: number) => {
    return value === first && (slopeSums?.[index] ?? 0) === 0
  })
  if (isConstant) return first
  const n = new Sum()
  const x = new Sum()
  const y = new Sum()
  const xy = new Sum()
  const xx = new Sum()
  for (let index = 0; index < count; index++) {
    const weight = counts?.[index] ?? 1
    const seconds = ((timesMs[index] as number) - toMs) / 1000
    const value = values[index] as number
    n.add(weight)
    x.add(weight * seconds)
    y.add(weight * value)
    xy.add(weight * seconds * value + (slopeSums?.[index] ?? 0))
    xx.add(weight * seconds * seconds + (timeSpreads?.[index] ?? 0))
  }
  const covariance = xy.value - (x.value * y.value) / n.value
  const variance = xx.value - (x.value * x.value) / n.value
  const slope = covariance / variance
  return slope * aheadSeconds + (y.value / n.value - (slope * x.value) / n.value)
}

/** A sum with compensated rounding errors (Kahan and Neumaier), as PromQL's `sum` computes it. */
export class Sum {
  #sum = 0
  #compensation = 0

  /** Adds a term. */
  add(term: number): void {
    const sum = this.#sum + term
    // As PromQL: an infinite sum has nothing to compensate.
    if (!Number.isFinite(sum)) this.#compensation = 0
    else this.#compensation += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - sum + term : term - sum + this.#sum
    this.#sum = sum
  }

  get value(): number {
    return this.#sum + this.#compensation
  }
}
