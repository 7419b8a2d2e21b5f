import { get } from '../api/client.ts'
import type { HeatMapAnswer } from '../api/types.ts'
import { isHistoryKnown } from './history.ts'
import { RangeCache, type RangeState } from './range-cache.ts'
import { timeRange } from './time-range.ts'
import { labelParameters, type RangeQuery } from './use-range.ts'

export interface HeatMapData extends Omit<RangeState<HeatMapAnswer>, 'known'> {
  readonly answer: HeatMapAnswer | undefined
  readonly startMs: number
  readonly endMs: number
}

const cache = new RangeCache<HeatMapAnswer, HeatMapAnswer>(
  (parameters, signal) => get('api/v1/heatmap', parameters, signal),
  (known, answer, { fromMs, endMs, keepFromMs }) => {
    const isContinued = known !== undefined && fromMs >= known.startMs && String(known.bounds) === String(answer.bounds)
    const before = isContinued ? known.columns.filter(([timeMs]) => timeMs >= keepFromMs && timeMs < fromMs) : []
    const { stepMs } = answer
    // The first column of an answer ends at its start: it has the exemplars of the step before.
    const exemplarsBefore = isContinued
      ? (known.exemplars ?? []).filter(({ timeMs }) => timeMs > keepFromMs - stepMs && timeMs <= fromMs - stepMs)
      : []
    return {
      ...answer,
      startMs: isContinued ? keepFromMs : fromMs,
      endMs,
      columns: [...before, ...answer.columns],
      exemplars: [...exemplarsBefore, ...(answer.exemplars ?? [])],
    }
  },
)

/** Returns how often each value occurred over the time range of the page. Metrics are added up; they must have the same buckets. */
export function useHeatMap(query: Pick<RangeQuery, 'metric' | 'labels'> | undefined): HeatMapData {
  const window = timeRange.value
  const parameters =
    query && isHistoryKnown.value
      ? { metric: typeof query.metric === 'string' ? query.metric : [...query.metric].sort(), ...labelParameters(query.labels) }
      : undefined
  const { known, ...state } = cache.use(JSON.stringify(query), parameters, window)
  return { ...state, answer: known, startMs: window.startMs, endMs: window.endMs }
}
