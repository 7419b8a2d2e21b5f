import { get, type Parameters } from '../api/client.ts'
import type { QueryFunction, QueryRangeAnswer } from '../api/types.ts'
import { toParameterDuration } from '../format/durations.ts'
import { isHistoryKnown, sampleIntervalMs } from './history.ts'
import { RangeCache, type RangeState } from './range-cache.ts'
import { mergePoints, type PointSeries, type RangePoints } from './range-points.ts'
import { lastWindow, type TimeWindow, timeRange } from './time-range.ts'

/** What a chart shows: a function of metrics, one series for each combination of the labels in `by`. */
export interface RangeQuery {
  readonly metric: string | readonly string[]
  /** Default `value`. */
  readonly function?: QueryFunction | undefined
  /** 0 to 1. Only for the function `quantile`. */
  readonly quantile?: number | readonly number[] | undefined
  /** Only series with this value, or one of these values, of a label. An undefined value is no condition. */
  readonly labels?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  /** Adds up all series that have the same values of these labels. `__name__` is the metric. Empty: adds up everything. */
  readonly by?: readonly string[] | undefined
  readonly aggregate?: 'sum' | 'max' | 'min' | 'avg' | undefined
  /** How far back the function looks at each point. Default: a step, or three samples if that is longer. */
  readonly window?: string | undefined
}

export interface RangeData extends TimeWindow, Omit<RangeState<RangePoints>, 'known'> {
  readonly series: readonly PointSeries[]
}

const noSeries: readonly PointSeries[] = []

const cache = new RangeCache<RangePoints, QueryRangeAnswer>(
  (parameters, signal) => get('api/v1/query_range', parameters, signal),
  (known, answer, asked) => mergePoints(known, answer.series, asked),
)

/**
 * Returns the points of a query in the time range of the page, or in the last `spanMs`. Equal queries are asked once. After each sample only
 * the new steps are asked for, and nothing while the page is hidden or paused. A query that is undefined asks for nothing.
 */
export function useRange(query: RangeQuery | undefined, { spanMs }: { readonly spanMs?: number } = {}): RangeData {
  const window = spanMs === undefined ? timeRange.value : lastWindow(spanMs)
  const parameters = query && isHistoryKnown.value ? toParameters(query, window.stepMs) : undefined
  const { known, ...state } = cache.use(JSON.stringify(query), parameters, window)
  const { startMs, endMs, stepMs } = window
  return { ...state, startMs, endMs, stepMs, series: known?.series ?? noSeries }
}

/** Converts a query to the parameters of the API, in a fixed order, so that equal queries are found. */
export function toParameters(query: RangeQuery, stepMs: number): Parameters {
  const { metric, function: name = 'value', quantile, labels, by, aggregate } = query
  return {
    metric: typeof metric === 'string' ? metric : [...metric].sort(),
    function: name,
    quantile,
    ...labelParameters(labels),
    by: by?.join(','),
    aggregate,
    window: windowOf(query, stepMs),
  }
}

/** Returns how far back the function of a query looks at each point; undefined if it does not. */
export function windowOf({ function: name = 'value', window }: RangeQuery, stepMs: number): string | undefined {
  if (name === 'value') return undefined
  return window ?? toParameterDuration(name === 'increase' ? stepMs : Math.max(stepMs, 3 * sampleIntervalMs.peek()))
}

/** Converts conditions on labels to parameters. */
export function labelParameters(labels: RangeQuery['labels'] = {}): Parameters {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([label, value]) => [`label.${label}`, value]))
}
