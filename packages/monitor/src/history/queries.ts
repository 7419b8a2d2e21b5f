import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from './history.ts'
import { type Bucket, histogramQuantile, predictLinear, rate, Sum } from './indicators.ts'

/** One element of a query result: labels and their value. PromQL calls a list of them an instant vector. */
export interface LabeledValue {
  readonly labels: Labels
  readonly value: number
}

/** Selects the series of one metric. */
export interface Selector {
  readonly metric: string
  /** Only series that have all of these labels (default: all series). */
  readonly where?: Labels | undefined
}

/** Window of queries that name none: five minutes. */
export const defaultWindowMs = 5 * 60_000

/** Returns the newest value of each series, as a PromQL selector does. */
export function instantValues(history: History, { metric, where }: Selector, timeMs: number): LabeledValue[] {
  return history.select(metric, where).flatMap((series) => {
    const value = history.at(series, timeMs)
    return value === undefined ? [] : [{ labels: series.labels, value }]
  })
}

/** Returns the increase per second of each counter, as PromQL's `rate` does. */
export function rates(history: History, selector: Selector, windowMs: number, timeMs: number): LabeledValue[] {
  return history.select(selector.metric, selector.where).flatMap((series) => {
    const value = rate(history.window(series, timeMs - windowMs, timeMs), windowMs, timeMs)
    return value === undefined ? [] : [{ labels: series.labels, value }]
  })
}

/** Returns the rate of each bucket of a histogram; the label `le` holds the bucket's upper bound. */
export function bucketRates(history: History, { metric, where }: Selector, windowMs: number, timeMs: number): LabeledValue[] {
  return rates(history, { metric: bucketSeries(metric), where }, windowMs, timeMs)
}

/** Returns the value of each gauge `aheadSeconds` after `timeMs`, as PromQL's `predict_linear` does. */
export function forecasts(
  history: History,
  selector: Selector,
  windowMs: number,
  timeMs: number,
  aheadSeconds: number,
): LabeledValue[] {
  return history.select(selector.metric, selector.where).flatMap((series) => {
    const value = predictLinear(history.range(series, timeMs - windowMs, timeMs), timeMs, aheadSeconds)
    return value === undefined ? [] : [{ labels: series.labels, value }]
  })
}

/** Adds up values that share these labels, as PromQL's `sum by (...)` does. Without `by`, returns the values unchanged. */
export function sumBy(values: readonly LabeledValue[], by: readonly string[] | undefined): readonly LabeledValue[] {
  if (by === undefined) return values
  const sums = new Map<string, { labels: Labels; sum: Sum }>()
  for (const { labels, value } of values) {
    const groupLabels = pickLabels(labels, by)
    const key = seriesKey(groupLabels)
    const group = sums.get(key) ?? { labels: groupLabels, sum: new Sum() }
    sums.set(key, group)
    group.sum.add(value)
  }
  return [...sums.values()].map(({ labels, sum }) => ({ labels, value: sum.value }))
}

/** Divides values with equal labels, as PromQL's `/` does: x / 0 is infinite, 0 / 0 is NaN. */
export function divide(dividends: readonly LabeledValue[], divisors: readonly LabeledValue[]): LabeledValue[] {
  const divisorByKey = new Map(divisors.map(({ labels, value }) => [seriesKey(labels), value]))
  return dividends.flatMap(({ labels, value }) => {
    const divisor = divisorByKey.get(seriesKey(labels))
    return divisor === undefined ? [] : [{ labels, value: value / divisor }]
  })
}

/** Returns a quantile of each histogram, from the rates or counts of its buckets (label `le`). */
export function quantiles(buckets: readonly LabeledValue[], quantile: number): LabeledValue[] {
  const histograms = new Map<string, { labels: Labels; buckets: Bucket[] }>()
  for (const { labels, value } of buckets) {
    const { le = '', ...histogramLabels } = labels
    const key = seriesKey(histogramLabels)
    const histogram = histograms.get(key) ?? { labels: histogramLabels, buckets: [] }
    histograms.set(key, histogram)
    histogram.buckets.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value })
  }
  return [...histograms.values()].flatMap((histogram) => {
    const value = histogramQuantile(quantile, histogram.buckets)
    return value === undefined ? [] : [{ labels: histogram.labels, value }]
  })
}

/** Returns the name of the series that hold the buckets of a histogram. */
export function bucketSeries(metric: string): string {
  return `${metric}_bucket`
}

/** Returns these labels only, as `by (...)` and `on (...)` match them. */
export function pickLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))
}
