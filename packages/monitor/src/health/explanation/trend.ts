import type { History } from '../../history/history.ts'
import { predictLinear, type Samples } from '../../history/indicators.ts'
import type { Observation, Trend } from '../check.ts'

const hourMs = 3_600_000

/** A change over the window that is smaller than this part of the value is none. */
const steadyShare = 0.05

/** Of less time than this, nothing is foretold. */
const foretellingSeconds = 60

/** What lies further ahead than this is not worth a word. */
const furthestSeconds = 30 * 24 * 3600

/** How the number of an observation went in the last hour, or as much of it as there is; undefined where nobody remembers. */
export function computeTrend(
  history: History,
  series: NonNullable<Observation['series']>,
  nowMs: number,
  limitBytes?: number | undefined,
): Trend | undefined {
  const [known] = history.select(series.metric, series.labels)
  // A counter rises, whatever becomes of what it counts.
  if (known === undefined || known.isCounter) return undefined
  const trend = fitTrend(history.range(known, nowMs - hourMs, nowMs))
  const value = history.at(known, nowMs)
  const outlook = trend && value !== undefined ? forecast(series.metric, value, trend, limitBytes) : undefined
  return trend && { ...trend, ...(outlook !== undefined && { outlook }) }
}

/** The line of least squares through these samples; undefined with fewer than two. */
function fitTrend(samples: Samples): Trend | undefined {
  const { timesMs, values } = samples
  const firstMs = timesMs[0]
  const lastMs = timesMs[timesMs.length - 1]
  if (firstMs === undefined || lastMs === undefined || lastMs === firstMs) return undefined
  const now = predictLinear(samples, lastMs, 0) as number
  const perHour = (predictLinear(samples, lastMs, 3600) as number) - now
  const overSeconds = (lastMs - firstMs) / 1000
  const change = perHour * (overSeconds / 3600)
  const size = Math.max(...Array.from(values, Math.abs))
  const isSteady = Math.abs(change) <= steadyShare * size
  return { direction: isSteady ? 'steady' : change > 0 ? 'rising' : 'falling', perHour, overSeconds }
}

/** What it comes to if it goes on like this, for what can run out. */
function forecast(metric: string, value: number, { direction, perHour, overSeconds }: Trend, limitBytes: number | undefined) {
  if (overSeconds < foretellingSeconds || direction === 'steady') return undefined
  const isDisk = metric === 'db_disk_available_bytes' || metric === 'db_disk_available_inodes'
  const room = isDisk ? value : limitBytes === undefined ? undefined : limitBytes - value
  if (room === undefined || direction !== (isDisk ? 'falling' : 'rising')) return undefined
  const seconds = Math.max(0, room / Math.abs(perHour)) * 3600
  if (seconds > furthestSeconds) return undefined
  return `At this pace ${isDisk ? 'it is full' : 'the limit is reached'} in ${formatForecast(seconds)}`
}

function formatForecast(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 120 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
