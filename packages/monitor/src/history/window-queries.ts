import type { Labels, MetricName } from '@wombat/instrumentation'
import type { History } from './history.ts'
import { increase } from './indicators.ts'
import type { HistorySeries } from './series.ts'

/** What a gauge is now; of several series the largest. Undefined where none is known. */
export function maxNow(history: History, metric: MetricName, labels: Labels, nowMs: number): number | undefined {
  return maxSeriesNow(history, metric, labels, nowMs)?.value
}

/** The series of a gauge that is the largest now. */
export function maxSeriesNow(
  history: History,
  metric: MetricName,
  labels: Labels,
  nowMs: number,
): { readonly series: HistorySeries; readonly value: number } | undefined {
  let largest: { readonly series: HistorySeries; readonly value: number } | undefined
  for (const series of history.select(metric, labels)) {
    const value = history.at(series, nowMs)
    if (value !== undefined && value > (largest?.value ?? Number.NEGATIVE_INFINITY)) largest = { series, value }
  }
  return largest
}

/** What gauges are now, added up; undefined where none is known. */
export function sumNow(history: History, metric: MetricName, labels: Labels, nowMs: number): number | undefined {
  const known = history.select(metric, labels).flatMap((series) => history.at(series, nowMs) ?? [])
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value)
}

/**
 * How much counters grew in the last `windowSeconds`, added up: exactly what was counted, restarts included, and nothing
 * extrapolated: a count is told as it is. Undefined where no series was seen twice.
 */
export function increaseOver(
  history: History,
  metric: MetricName,
  labels: Labels,
  windowSeconds: number,
  nowMs: number,
): number | undefined {
  let sum: number | undefined
  for (const series of history.select(metric, labels)) {
    const own = seriesIncrease(history, series, windowSeconds * 1000, nowMs)
    if (own !== undefined) sum = (sum ?? 0) + own
  }
  return sum
}

/** The same for counters whose series appear with the first thing they count: what they begin with is growth. */
export function increaseFromFirst(
  history: History,
  metric: MetricName,
  labels: Labels,
  windowSeconds: number,
  nowMs: number,
): number {
  const fromMs = nowMs - windowSeconds * 1000
  let sum = 0
  for (const series of history.select(metric, labels)) {
    if (history.at(series, fromMs) === undefined) sum += history.range(series, fromMs, nowMs).values[0] ?? 0
    sum += seriesIncrease(history, series, windowSeconds * 1000, nowMs) ?? 0
  }
  return sum
}

function seriesIncrease(history: History, series: HistorySeries, windowMs: number, nowMs: number): number | undefined {
  const fromMs = nowMs - windowMs
  const { timesMs, values } = history.range(series, fromMs, nowMs)
  const before = history.at(series, fromMs)
  const all = {
    timesMs: before === undefined ? timesMs : [fromMs, ...Array.from(timesMs)],
    values: before === undefined ? values : [before, ...Array.from(values)],
  }
  const firstMs = all.timesMs[0]
  const lastMs = all.timesMs[all.timesMs.length - 1]
  // Over just the time that was sampled there is nothing to extrapolate.
  return firstMs === undefined || lastMs === undefined ? undefined : increase(all, lastMs - firstMs, lastMs)
}
