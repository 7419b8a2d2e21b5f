import type { Parameters } from '../api/client.ts'
import type { QueryAnswer } from '../api/types.ts'
import { isHistoryKnown } from './history.ts'
import { alignDown } from './steps.ts'
import { timeRange } from './time-range.ts'
import { type AnswerData, useAnswer } from './use-answer.ts'

/** Asks for one number of each series over the range of the page, at the last step: of a week, not every 10 s. */
export function useRangeTotals(query: Parameters, store: string | undefined): AnswerData<QueryAnswer> {
  const { startMs, endMs, stepMs, range } = timeRange.value
  const timeMs = range === undefined ? Math.round(endMs) : alignDown(endMs, stepMs)
  const parameters = { ...query, 'label.store': store, window: `${Math.round(endMs - startMs)}ms`, time: timeMs }
  return useAnswer(isHistoryKnown.value ? 'api/v1/query' : undefined, parameters, { refresh: 'never' })
}
