import type { Labels, MetricName } from '@wombat/instrumentation'
import type { History } from './history.ts'
import type { HistorySeries } from './series.ts'

/** Returns the current value of a gauge, the largest of all matching series; undefined if none has a value now. */
export function maxNow(history: History, metric: MetricName, labels: Labels, nowMs: number): number | undefined {
  return maxSeriesNow(history, metric, labels, nowMs)?.value
}

/** Returns the matching series with the largest current value; undefined if none has a value now. */
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

/** Returns the sum of the current values of all matching gauges; undefined if none has a value now. */
export function sumNow(history: History, metric: MetricName, labels: Labels, nowMs: number): number | undefined {
  const values = history.select(metric, labels).flatMap((series) => history.at(series, nowMs) ?? [])
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value)
}

/**
 * Returns how much the matching counters grew in the last `windowSeconds`, resets included. The result is the exact count: it
 * is not extrapolated to the whole window. Undefined if no series has two samples.
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
    const growth = seriesIncrease(history, series, windowSeconds * 1000, nowMs)
    if (growth !== undefined) sum = (sum ?? 0) + growth
  }
  return sum
}

/** As `increaseOver`, for counters that appear with the first event they count: their first value counts as growth. */
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
    if (history.at(series, fromMs) === undefined) sum += history.window(series, fromMs, nowMs)?.firstValue ?? 0
    sum += seriesIncrease(history, series, windowSeconds * 1000, nowMs) ?? 0
  }
  return sum
}

/** Returns how much one counter grew in the last `windowMs`: the exact count, not extrapolated. Undefined without two samples. */
export function seriesIncrease(history: History, series: HistorySeries, windowMs: number, nowMs: number): number | undefined {
  const fromMs = nowMs - windowMs
  const window = history.window(series, fromMs, nowMs)
  if (window === undefined) return undefined
  // The sample before the window, too: what was counted between it and the first sample in the window counts.
  const initial = history.at(series, fromMs)
  if (initial === undefined) return window.count < 2 ? undefined : window.increase
  return window.increase + (window.firstValue < initial ? window.firstValue : window.firstValue - initial)
}
