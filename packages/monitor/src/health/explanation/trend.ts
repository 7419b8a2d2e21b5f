import type { History } from '../../history/history.ts'
import { predictLinear, type RangeSamples } from '../../history/indicators.ts'
import type { Observation, Trend } from '../check.ts'

const hourMs = 3_600_000

/** A change over the window smaller than this share of the value counts as steady. */
const steadyShare = 0.05

/** A trend over less time than this is not extrapolated. */
const minForecastWindowSeconds = 60

/** Forecasts beyond this are left out. */
const maxForecastSeconds = 30 * 24 * 3600

/**
 * Returns the trend of an observed gauge over the last hour, or as much of it as the history has. Undefined if the history does
 * not have the series, or if it is a counter.
 *
 * @param limitBytes value at which a rising gauge reaches its limit; enables a forecast.
 */
export function computeTrend(
  history: History,
  { metric, labels }: NonNullable<Observation['series']>,
  nowMs: number,
  limitBytes?: number | undefined,
): Trend | undefined {
  const [series] = history.select(metric, labels)
  // A counter always rises, so its direction means nothing.
  if (series === undefined || series.isCounter) return undefined
  const trend = fitTrend(history.range(series, nowMs - hourMs, nowMs))
  const value = history.at(series, nowMs)
  const forecast = trend && value !== undefined ? createForecast(metric, value, trend, limitBytes) : undefined
  return trend && { ...trend, ...(forecast !== undefined && { forecast }) }
}

/** Fits a line by least squares. Returns undefined for fewer than two samples. */
function fitTrend(samples: RangeSamples): Trend | undefined {
  const { timesMs, values } = samples
  const firstMs = timesMs[0]
  const lastMs = timesMs[timesMs.length - 1]
  if (firstMs === undefined || lastMs === undefined || lastMs === firstMs) return undefined
  const now = predictLinear(samples, lastMs, 0)
  const inAnHour = predictLinear(samples, lastMs, 3600)
  if (now === undefined || inAnHour === undefined) return undefined
  const perHour = inAnHour - now
  const overSeconds = (lastMs - firstMs) / 1000
  const change = perHour * (overSeconds / 3600)
  const size = Math.max(...Array.from(values, Math.abs))
  const isSteady = Math.abs(change) <= steadyShare * size
  return { direction: isSteady ? 'steady' : change > 0 ? 'rising' : 'falling', perHour, overSeconds }
}

/** Returns when the resource runs out at the current pace; undefined for metrics that have no limit. */
function createForecast(
  metric: string,
  value: number,
  { direction, perHour, overSeconds }: Trend,
  limitBytes: number | undefined,
): string | undefined {
  if (overSeconds < minForecastWindowSeconds || direction === 'steady') return undefined
  const isDisk = metric === 'db_disk_available_bytes' || metric === 'db_disk_available_inodes'
  const remaining = isDisk ? value : limitBytes === undefined ? undefined : limitBytes - value
  if (remaining === undefined || direction !== (isDisk ? 'falling' : 'rising')) return undefined
  const seconds = Math.max(0, remaining / Math.abs(perHour)) * 3600
  if (seconds > maxForecastSeconds) return undefined
  return `At this pace ${isDisk ? 'it is full' : 'the limit is reached'} in ${formatForecast(seconds)}`
}

function formatForecast(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 120 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
