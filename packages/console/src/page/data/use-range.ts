import { type Signal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type ApiError, get, type Parameters } from '../api/client.ts'
import type { QueryFunction } from '../api/types.ts'
import { toParameterDuration } from '../format/durations.ts'
import { dataEpoch } from '../live/stream.ts'
import { mergePoints, missingFrom, type PointSeries, type RangePoints } from './range-points.ts'
import { queued } from './request-queue.ts'
import { alignDown } from './steps.ts'
import { isPageVisible, lastWindow, sampleIntervalMs, type TimeWindow, timeRange } from './time-range.ts'

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

export interface RangeData extends TimeWindow {
  readonly series: readonly PointSeries[]
  /** Nothing is known yet. */
  readonly isLoading: boolean
  /** The last request failed. What was known before is still in `series`. */
  readonly error?: ApiError
  readonly reload: () => void
}

interface Entry {
  readonly parameters: Parameters
  readonly stepMs: number
  readonly state: Signal<{ readonly points?: RangePoints; readonly error?: ApiError }>
  subscribers: number
  usedAt: number
  epoch: number
  wanted: { readonly startMs: number; readonly endMs: number } | undefined
  isRunning: boolean
  controller: AbortController | undefined
  retry: ReturnType<typeof setTimeout> | undefined
}

/** Queries that no chart shows any more are kept, so that going back is instant. */
const maxEntries = 120
const entries = new Map<string, Entry>()
let uses = 0

/**
 * Returns the points of a query in the time range of the page, or in the last `spanMs`. Equal queries are asked once. After each sample only
 * the new steps are asked for, and nothing while the page is hidden or paused. A query that is undefined asks for nothing.
 */
export function useRange(query: RangeQuery | undefined, { spanMs }: { readonly spanMs?: number } = {}): RangeData {
  const { startMs, endMs, stepMs } = spanMs === undefined ? timeRange.value : lastWindow(spanMs)
  const entry = query === undefined ? undefined : findEntry(query, stepMs)
  const mayAsk = isPageVisible.value
  const epoch = dataEpoch.value

  useEffect(() => {
    if (entry === undefined) return
    entry.subscribers++
    return () => {
      entry.subscribers--
      if (entry.subscribers === 0) cancel(entry)
    }
  }, [entry])

  useEffect(() => {
    if (entry !== undefined && mayAsk) want(entry, startMs, endMs, epoch)
  }, [entry, startMs, endMs, mayAsk, epoch])

  const state = entry?.state.value
  // Until the answer for another range or step is there, the chart keeps what it has.
  const previous = useRef<{ readonly id: string; readonly points: RangePoints } | undefined>(undefined)
  const id = JSON.stringify(query)
  if (state?.points !== undefined) previous.current = { id, points: state.points }
  const points = state?.points ?? (previous.current?.id === id ? previous.current.points : undefined)
  return {
    startMs,
    endMs,
    stepMs,
    series: points?.series ?? noSeries,
    isLoading: points === undefined && state?.error === undefined,
    ...(state?.error && { error: state.error }),
    reload: () => entry !== undefined && want(entry, startMs, endMs, epoch),
  }
}

const noSeries: readonly PointSeries[] = []

function findEntry(query: RangeQuery, stepMs: number): Entry {
  const parameters = toParameters(query, stepMs)
  const key = JSON.stringify([parameters, stepMs])
  let entry = entries.get(key)
  if (entry === undefined) {
    entry = {
      parameters,
      stepMs,
      state: signal({}),
      subscribers: 0,
      usedAt: 0,
      epoch: dataEpoch.peek(),
      wanted: undefined,
      isRunning: false,
      controller: undefined,
      retry: undefined,
    }
    entries.set(key, entry)
    dropUnused()
  }
  entry.usedAt = ++uses
  return entry
}

/** Converts a query to the parameters of the API, in a fixed order, so that equal queries are found. */
function toParameters(query: RangeQuery, stepMs: number): Parameters {
  const { metric, function: name = 'value', quantile, labels = {}, by, aggregate, window } = query
  const looksBack = name === 'rate' || name === 'quantile' || name === 'increase'
  const windowMs = name === 'increase' ? stepMs : Math.max(stepMs, 3 * sampleIntervalMs.peek())
  const matchers = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    metric: Array.isArray(metric) ? [...metric].sort() : metric,
    function: name,
    quantile,
    ...Object.fromEntries(matchers.map(([label, value]) => [`label.${label}`, value])),
    by: by?.join(','),
    aggregate,
    window: window ?? (looksBack ? toParameterDuration(windowMs) : undefined),
  }
}

function dropUnused(): void {
  if (entries.size <= maxEntries) return
  const unused = [...entries].filter(([, { subscribers }]) => subscribers === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt)
  for (const [key] of unused.slice(0, entries.size - maxEntries)) entries.delete(key)
}

function cancel(entry: Entry): void {
  entry.controller?.abort()
  clearTimeout(entry.retry)
  entry.wanted = undefined
}

function want(entry: Entry, startMs: number, endMs: number, epoch: number): void {
  if (entry.epoch !== epoch) {
    entry.controller?.abort()
    entry.epoch = epoch
    entry.state.value = {}
  }
  entry.wanted = { startMs: alignDown(startMs, entry.stepMs), endMs: alignDown(endMs, entry.stepMs) }
  if (!entry.isRunning) void run(entry)
}

/** Asks until all that is wanted is known, or a request fails. */
async function run(entry: Entry): Promise<void> {
  entry.isRunning = true
  clearTimeout(entry.retry)
  try {
    while (entry.wanted !== undefined) {
      const { startMs, endMs } = entry.wanted
      const { epoch } = entry
      const known = entry.state.peek().points
      const fromMs = missingFrom(known, startMs, endMs, entry.stepMs)
      if (fromMs === undefined) return
      const controller = new AbortController()
      entry.controller = controller
      const parameters = { ...entry.parameters, start: fromMs, end: endMs, step: toParameterDuration(entry.stepMs), align: true }
      const result = await queued(async () =>
        controller.signal.aborted ? undefined : get('api/v1/query_range', parameters, controller.signal),
      )
      if (result === undefined || entry.epoch !== epoch || controller.signal.aborted) continue
      if (!result.ok) {
        entry.state.value = { ...entry.state.peek(), error: result.error }
        const { retryAfterMs } = result.error
        if (retryAfterMs !== undefined && entry.subscribers > 0) entry.retry = setTimeout(() => void run(entry), retryAfterMs)
        return
      }
      const points = mergePoints(known, result.value.series, { fromMs, endMs, keepFromMs: startMs })
      entry.state.value = { points }
    }
  } finally {
    entry.isRunning = false
  }
}
