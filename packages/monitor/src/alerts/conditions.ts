import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { type Bucket, histogramQuantile, predictLinear, rate, Sum } from '../history/indicators.ts'
import type { HistorySeries } from '../history/series.ts'
import { type Condition, defaultWindowMs, isAbove } from './rule.ts'

/** What a condition looks at, for one set of labels. NaN and what is unknown are not among them. */
export interface Reading {
  readonly labels: Labels
  readonly value: number
}

/** The numbers that a condition compares, at this moment. Pure: the same history and time give the same answer. */
export function readCondition(condition: Condition, history: History, nowMs: number): Reading[] {
  return unfiltered(condition, history, nowMs).filter(({ value }) => !Number.isNaN(value))
}

/** Whether a value is past a threshold in the direction of the condition; strictly, as PromQL's `>` and `<`. */
export function isBreached(condition: Condition, value: number, threshold: number): boolean {
  return isAbove(condition) ? value > threshold : value < threshold
}

/** The labels that hold now: those of the readings past the threshold. */
export function holding(condition: Condition, history: History, nowMs: number): Reading[] {
  const all = readCondition(condition, history, nowMs)
  if (condition.condition === 'metric_absent') return all
  return all.filter(({ value }) => isBreached(condition, value, condition.threshold))
}

/** Whether no series that the condition looks at has a value now: PromQL's `absent`. */
export function isAbsent(condition: Condition, history: History, nowMs: number): boolean {
  return values(history, conditionMetrics(condition), condition.where, nowMs).length === 0
}

/** The name of the series behind a condition: of a histogram, its buckets. */
export function conditionMetrics({ condition, metric }: Condition): string {
  return condition.startsWith('quantile_') ? `${metric}_bucket` : metric
}

function unfiltered(condition: Condition, history: History, nowMs: number): Reading[] {
  const { metric, where } = condition
  switch (condition.condition) {
    case 'metric_above':
    case 'metric_below':
      return values(history, metric, where, nowMs)
    case 'metric_absent':
      return values(history, metric, where, nowMs).length > 0 ? [] : [{ labels: where ?? {}, value: 1 }]
    case 'rate_above':
    case 'rate_below': {
      return sumByLabels(ratesOf(history, metric, where, condition.windowMs, nowMs), condition.by)
    }
    case 'ratio_above':
    case 'ratio_below': {
      const { by, windowMs, of } = condition
      return divideSeries(
        sumByLabels(ratesOf(history, metric, where, windowMs, nowMs), by),
        sumByLabels(ratesOf(history, of, where, windowMs, nowMs), by),
      )
    }
    case 'share_above':
    case 'share_below': {
      const { by, of } = condition
      return divideSeries(
        sumByLabels(values(history, metric, where, nowMs), by),
        sumByLabels(values(history, of, where, nowMs), by),
      )
    }
    case 'quantile_above':
    case 'quantile_below': {
      const { by, windowMs, quantile } = condition
      return quantiles(
        sumByLabels(ratesOf(history, conditionMetrics(condition), where, windowMs, nowMs), by && [...by, 'le']),
        quantile,
      )
    }
    case 'forecast_above':
    case 'forecast_below':
      return history.select(metric, where).flatMap((series) => {
        const samples = history.range(series, nowMs - (condition.windowMs ?? defaultWindowMs), nowMs)
        const value = predictLinear(samples, nowMs, condition.aheadMs / 1000)
        return value === undefined ? [] : [{ labels: series.labels, value }]
      })
  }
}

function values(history: History, metric: string, where: Labels | undefined, nowMs: number): Reading[] {
  return history.select(metric, where).flatMap((series) => {
    const value = history.at(series, nowMs)
    return value === undefined ? [] : [{ labels: series.labels, value }]
  })
}

function ratesOf(
  history: History,
  metric: string,
  where: Labels | undefined,
  windowMs = defaultWindowMs,
  nowMs: number,
): Reading[] {
  return history.select(metric, where).flatMap((series: HistorySeries) => {
    const value = rate(history.range(series, nowMs - windowMs, nowMs), windowMs, nowMs)
    return value === undefined ? [] : [{ labels: series.labels, value }]
  })
}

/** `sum by (...)`; without labels to add up by, each stays for itself. */
function sumByLabels(all: readonly Reading[], by: readonly string[] | undefined): Reading[] {
  if (by === undefined) return [...all]
  const sums = new Map<string, { labels: Labels; sum: Sum }>()
  for (const { labels, value } of all) {
    const kept = only(labels, by)
    const identity = seriesKey(kept)
    const group = sums.get(identity) ?? { labels: kept, sum: new Sum() }
    sums.set(identity, group)
    group.sum.add(value)
  }
  return [...sums.values()].map(({ labels, sum }) => ({ labels, value: sum.value }))
}

/** One vector over another, where both have the labels. Over 0 it is infinite, and 0 over 0 is nothing, as in PromQL. */
function divideSeries(over: readonly Reading[], under: readonly Reading[]): Reading[] {
  const divisors = new Map(under.map(({ labels, value }) => [seriesKey(labels), value]))
  return over.flatMap(({ labels, value }) => {
    const divisor = divisors.get(seriesKey(labels))
    return divisor === undefined ? [] : [{ labels, value: value / divisor }]
  })
}

function quantiles(buckets: readonly Reading[], q: number): Reading[] {
  const groups = new Map<string, { labels: Labels; buckets: Bucket[] }>()
  for (const { labels, value } of buckets) {
    const { le = '', ...rest } = labels
    const identity = seriesKey(rest)
    const group = groups.get(identity) ?? { labels: rest, buckets: [] }
    groups.set(identity, group)
    group.buckets.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value })
  }
  return [...groups.values()].flatMap((group) => {
    const value = histogramQuantile(q, group.buckets)
    return value === undefined ? [] : [{ labels: group.labels, value }]
  })
}

/** These labels alone, as `by (...)` and `on (...)` see them. */
export function only(labels: Labels, keys: readonly string[]): Labels {
  return Object.fromEntries(keys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])))
}
