import type { QueryAnswer } from '../api/types.ts'
import { toParameterDuration } from '../format/durations.ts'
import { isHistoryKnown } from './history.ts'
import { timeRange } from './time-range.ts'
import { type AnswerData, useAnswer } from './use-answer.ts'
import { labelParameters, type RangeQuery } from './use-range.ts'

export interface InstantData extends AnswerData<QueryAnswer> {
  /** The time of the values, if it is not now: the end of a range that the reader has chosen. */
  readonly atMs: number | undefined
}

/**
 * Returns the values of a query at the end of the range of the page: now, or a time in the past that the reader looks at. Functions over a
 * window look back over the whole range, if the query has no window. A query that is undefined asks for nothing.
 */
export function useInstant(query: RangeQuery | undefined): InstantData {
  const { startMs, endMs, range } = timeRange.value
  const isNow = range !== undefined
  const parameters = query && {
    metric: typeof query.metric === 'string' ? query.metric : [...query.metric].sort(),
    function: query.function,
    quantile: query.quantile,
    ...labelParameters(query.labels),
    by: query.by?.join(','),
    aggregate: query.aggregate,
    window: query.window ?? (looksBack(query) ? toParameterDuration(Math.round(endMs - startMs)) : undefined),
    time: isNow ? undefined : String(endMs),
  }
  const path = query !== undefined && isHistoryKnown.value ? 'api/v1/query' : undefined
  const answer = useAnswer(path, parameters, { refresh: isNow ? 'sample' : 'never' })
  return { ...answer, atMs: isNow ? undefined : endMs }
}

function looksBack({ function: name = 'value' }: RangeQuery): boolean {
  return name !== 'value'
}
