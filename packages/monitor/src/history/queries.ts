import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { PausableWork } from '../time/time-slices.ts'
import type { History } from './history.ts'
import { type Bucket, histogramQuantile, predictLinear, rate, Sum } from './indicators.ts'
import type { HistorySeries } from './series.ts'

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

// There may be very many series: the caller decides whether to pause between two of them.

/** Returns the newest value of each series, as a PromQL selector does. */
export function instantValues(history: History, selector: Selector, timeMs: number): PausableWork<LabeledValue[]> {
  return readEach(history, selector, (series) => history.at(series, timeMs))
}

/** Returns the increase per second of each counter, as PromQL's `rate` does. */
export function rates(history: History, selector: Selector, windowMs: number, timeMs: number): PausableWork<LabeledValue[]> {
  return readEach(history, selector, (series) => {
    return rate(history.window(series, timeMs - windowMs, timeMs), windowMs, timeMs)
  })
}

/** Returns the rate of each bucket of a histogram; the label `le` holds the bucket's upper bound. */
export function bucketRates(
  history: History,
  { metric, where }: Selector,
  windowMs: number,
  timeMs: number,
): PausableWork<LabeledValue[]> {
  return rates(history, { metric: bucketSeries(metric), where }, windowMs, timeMs)
}

/** Returns the value of each gauge `aheadSeconds` after `timeMs`, as PromQL's `predict_linear` does. */
export function forecasts(
  history: History,
  selector: Selector,
  windowMs: number,
  timeMs: number,
  aheadSeconds: number,
): PausableWork<LabeledValue[]> {
  return readEach(history, selector, (series) => {
    return predictLinear(history.range(series, timeMs - windowMs, timeMs), timeMs, aheadSeconds)
  })
}

function* readEach(
  history: History,
  { metric, where }: Selector,
  read: (series: HistorySeries) => number | undefined,
): PausableWork<LabeledValue[]> {
  const values: LabeledValue[] = []
  for (const series of history.select(metric, where)) {
    const value = read(series)
    if (value !== undefined) values.push({ labels: series.labels, value })
    yield
  }
  return values
}

/** Adds up values that share these labels, as PromQL's `sum by (...)` does. Without `by`, returns the values unchanged. */
export function* sumBy(
  values: readonly LabeledValue[],
  by: readonly string[] | undefined,
): PausableWork<readonly LabeledValue[]> {
  if (by === undefined) return values
  const sums = new Map<string, { labels: Labels; sum: Sum }>()
  for (const { labels, value } of values) {
    const groupLabels = pickLabels(labels, by)
    const key = seriesKey(groupLabels)
    const group = sums.get(key) ?? { labels: groupLabels, sum: new Sum() }
    sums.set(key, group)
    group.sum.add(value)
    yield
  }
  return [...sums.values()].map(({ labels, sum }) => ({ labels, value: sum.value }))
}

/** Divides values with equal labels, as PromQL's `/` does: x / 0 is infinite, 0 / 0 is NaN. */
export function* divide(dividends: readonly LabeledValue[], divisors: readonly LabeledValue[]): PausableWork<LabeledValue[]> {
  const divisorByKey = new Map<string, number>()
  for (const { labels, value } of divisors) {
    divisorByKey.set(seriesKey(labels), value)
    yield
  }
  const ratios: LabeledValue[] = []
  for (const { labels, value } of dividends) {
    const divisor = divisorByKey.get(seriesKey(labels))
    if (divisor !== undefined) ratios.push({ labels, value: value / divisor })
    yield
  }
  return ratios
}

/** Returns a quantile of each histogram, from the rates or counts of its buckets (label `le`). */
export function* quantiles(buckets: readonly LabeledValue[], quantile: number): PausableWork<LabeledValue[]> {
  const histograms = new Map<string, { labels: Labels; buckets: Bucket[] }>()
  for (const { labels, value } of buckets) {
    const { le = '', ...histogramLabels } = labels
    const key = seriesKey(histogramLabels)
    const histogram = histograms.get(key) ?? { labels: histogramLabels, buckets: [] }
    histograms.set(key, histogram)
    histogram.buckets.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value })
    yield
  }
  const values: LabeledValue[] = []
  for (const histogram of histograms.values()) {
    const value = histogramQuantile(quantile, histogram.buckets)
    if (value !== undefined) values.push({ labels: histogram.labels, value })
    yield
  }
  return values
}

/** Returns the name of the series that hold the buckets of a histogram. */
export function bucketSeries(metric: string): string {
  return `${metric}_bucket`
}

/** Returns these labels only, as `by (...)` and `on (...)` match them. */
export function pickLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))
}
