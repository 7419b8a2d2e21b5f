/** Samples of one series, oldest first, without gaps. */
export interface Samples {
  readonly timesMs: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/**
 * How much a counter grew in the window that ends at `toMs`, as PromQL's `increase` has it (Prometheus 3,
 * promql/functions.go, extrapolatedRate): every drop is a restart from 0; the growth between the first and the last sample
 * is extrapolated to the window's edges where they are within 1.1 times the average distance of samples, else by half that
 * distance, and never to before the counter was 0. Undefined with fewer than two samples.
 */
export function increase({ timesMs, values }: Samples, windowMs: number, toMs: number): number | undefined {
  const factor = extrapolation(timesMs, values, windowMs, toMs)
  return factor === undefined ? undefined : growth(values) * factor
}

/** Increase per second, as PromQL's `rate` has it: divided by the length of the window, not of what was sampled. */
export function rate({ timesMs, values }: Samples, windowMs: number, toMs: number): number | undefined {
  const factor = extrapolation(timesMs, values, windowMs, toMs)
  return factor === undefined ? undefined : growth(values) * (factor / (windowMs / 1000))
}

function growth(values: ArrayLike<number>): number {
  let grown = (values[values.length - 1] as number) - (values[0] as number)
  for (let index = 1; index < values.length; index++) {
    const before = values[index - 1] as number
    if ((values[index] as number) < before) grown += before
  }
  return grown
}

function extrapolation(
  timesMs: ArrayLike<number>,
  values: ArrayLike<number>,
  windowMs: number,
  toMs: number,
): number | undefined {
  const count = timesMs.length
  if (count < 2) return undefined
  const first = timesMs[0] as number
  const last = timesMs[count - 1] as number
  const sampled = (last - first) / 1000
  const distance = sampled / (count - 1)
  const threshold = distance * 1.1
  let toStart = (first - (toMs - windowMs)) / 1000
  let toEnd = (toMs - last) / 1000
  if (toStart >= threshold) toStart = distance / 2
  const grown = growth(values)
  const startValue = values[0] as number
  if (grown > 0 && startValue >= 0) toStart = Math.min(toStart, sampled * (startValue / grown))
  if (toEnd >= threshold) toEnd = distance / 2
  return (sampled + toStart + toEnd) / sampled
}

/** One bucket of a histogram: how many, or how many per second, were at most `le`. */
export interface Bucket {
  readonly le: number
  readonly count: number
}

/**
 * A quantile of cumulative buckets, as PromQL's `histogram_quantile` has it: linear within the bucket, the highest bound for
 * what lies above it. Undefined without observations or without a bucket for Infinity.
 */
export function histogramQuantile(q: number, buckets: readonly Bucket[]): number | undefined {
  const sorted = monotonic([...buckets].sort((one, other) => one.le - other.le))
  const highest = sorted.at(-1)
  if (highest === undefined || highest.le !== Number.POSITIVE_INFINITY || sorted.length < 2 || !(highest.count > 0))
    return undefined
  let rank = q * highest.count
  const found = sorted.findIndex(({ count }, index) => index === sorted.length - 1 || count >= rank)
  if (found === sorted.length - 1) return sorted.at(-2)?.le
  const { le: end, count: within } = sorted[found] as Bucket
  if (found === 0 && end <= 0) return end
  const below = sorted[found - 1]
  const start = below?.le ?? 0
  rank -= below?.count ?? 0
  return start + (end - start) * (rank / (within - (below?.count ?? 0)))
}

/** Rates of buckets may disagree in the last digit; a cumulative count never falls. */
function monotonic(buckets: readonly Bucket[]): Bucket[] {
  let highest = 0
  return buckets.map(({ le, count }) => {
    highest = Math.max(highest, count)
    return { le, count: highest }
  })
}

/**
 * What a gauge will be `aheadSeconds` after `toMs` if it goes on as in these samples: the line of least squares, as PromQL's
 * `predict_linear` has it. Undefined with fewer than two samples.
 */
export function predictLinear({ timesMs, values }: Samples, toMs: number, aheadSeconds: number): number | undefined {
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

/** A sum that carries its rounding error along (Kahan, Neumaier), as PromQL's `sum` does. */
export class Sum {
  #sum = 0
  #error = 0

  add(term: number): void {
    const sum = this.#sum + term
    this.#error += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - sum + term : term - sum + this.#sum
    this.#sum = sum
  }

  get value(): number {
    return this.#sum + this.#error
  }
}
