/** Samples of one series over a time range, oldest first. Times without a sample are left out. */
export interface RangeSamples {
  readonly timesMs: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/**
 * Returns the increase of a counter in the window that ends at `toMs`, as PromQL's `increase` computes it (Prometheus 3,
 * promql/functions.go, extrapolatedRate): every decrease is a reset to 0. The increase between the first and the last sample is
 * extrapolated to both edges of the window if they are closer than 1.1 times the average sample interval, otherwise by half of
 * that interval, and never to before the counter was 0. Undefined with fewer than two samples.
 */
export function increase({ timesMs, values }: RangeSamples, windowMs: number, toMs: number): number | undefined {
  const factor = extrapolationFactor(timesMs, values, windowMs, toMs)
  return factor === undefined ? undefined : rawIncrease(values) * factor
}

/** Returns the increase per second, as PromQL's `rate` does: divided by the window, not by the time between the samples. */
export function rate({ timesMs, values }: RangeSamples, windowMs: number, toMs: number): number | undefined {
  const factor = extrapolationFactor(timesMs, values, windowMs, toMs)
  return factor === undefined ? undefined : rawIncrease(values) * (factor / (windowMs / 1000))
}

function rawIncrease(values: ArrayLike<number>): number {
  let sum = (values[values.length - 1] as number) - (values[0] as number)
  for (let index = 1; index < values.length; index++) {
    const previous = values[index - 1] as number
    if ((values[index] as number) < previous) sum += previous
  }
  return sum
}

function extrapolationFactor(
  timesMs: ArrayLike<number>,
  values: ArrayLike<number>,
  windowMs: number,
  toMs: number,
): number | undefined {
  const count = timesMs.length
  if (count < 2) return undefined
  const firstMs = timesMs[0] as number
  const lastMs = timesMs[count - 1] as number
  const sampledSeconds = (lastMs - firstMs) / 1000
  const intervalSeconds = sampledSeconds / (count - 1)
  const thresholdSeconds = intervalSeconds * 1.1
  let toStartSeconds = (firstMs - (toMs - windowMs)) / 1000
  let toEndSeconds = (toMs - lastMs) / 1000
  if (toStartSeconds >= thresholdSeconds) toStartSeconds = intervalSeconds / 2
  const increased = rawIncrease(values)
  const firstValue = values[0] as number
  if (increased > 0 && firstValue >= 0) toStartSeconds = Math.min(toStartSeconds, sampledSeconds * (firstValue / increased))
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
export function predictLinear({ timesMs, values }: RangeSamples, toMs: number, aheadSeconds: number): number | undefined {
  const count = timesMs.length
  if (count < 2) return undefined
  const first = values[0] as number
  if (Array.prototype.every.call(values, (value: number) => value === first)) return first
  const x = new Sum()
  const y = new Sum()
  const xy = new Sum()
  const xx = new Sum()
  for (let index = 0; index < count; index++) {
    const seconds = ((timesMs[index] as number) - toMs) / 1000
    const value = values[index] as number
    x.add(seconds)
    y.add(value)
    xy.add(seconds * value)
    xx.add(seconds * seconds)
  }
  const covariance = xy.value - (x.value * y.value) / count
  const variance = xx.value - (x.value * x.value) / count
  const slope = covariance / variance
  return slope * aheadSeconds + (y.value / count - (slope * x.value) / count)
}

/** A sum with compensated rounding errors (Kahan and Neumaier), as PromQL's `sum` computes it. */
export class Sum {
  #sum = 0
  #compensation = 0

  /** Adds a term. */
  add(term: number): void {
    const sum = this.#sum + term
    this.#compensation += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - sum + term : term - sum + this.#sum
    this.#sum = sum
  }

  get value(): number {
    return this.#sum + this.#compensation
  }
}
