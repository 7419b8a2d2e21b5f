import type { Labels } from '@wombat/instrumentation'
import { type Reading, readCondition } from '../../../alerts/conditions.ts'
import type { History } from '../../../history/history.ts'
import { increase } from '../../../history/indicators.ts'

export const queryFunctions = ['value', 'rate', 'increase', 'quantile', 'min', 'max', 'avg'] as const
export type QueryFunction = (typeof queryFunctions)[number]

/** A question to the history: a function of the series of a metric. */
export interface InstantQuery {
  readonly metric: string
  readonly function: QueryFunction
  readonly where?: Labels
  /** How far back `rate`, `increase`, `quantile`, `min`, `max` and `avg` look, in milliseconds (default five minutes). */
  readonly window?: number | undefined
  readonly quantile?: number | undefined
}

/** How many series must be read for one answer: of a quantile, all buckets. */
export function selectSeries(history: History, { metric, function: asked, where = {} }: InstantQuery): number {
  return history.select(asked === 'quantile' ? `${metric}_bucket` : metric, where).length
}

/** The answer for each series at this moment. Series without an answer are left out. */
export function queryAt(history: History, question: InstantQuery, timeMs: number): Reading[] {
  const { metric, function: asked, where = {}, window: windowMs = 5 * 60_000, quantile = 0.99 } = question
  switch (asked) {
    case 'value':
      return readCondition({ condition: 'metric_above', metric, where, threshold: 0 }, history, timeMs)
    case 'rate':
      return readCondition({ condition: 'rate_above', metric, where, windowMs, threshold: 0 }, history, timeMs)
    case 'quantile':
      return readCondition({ condition: 'quantile_above', metric, where, windowMs, quantile, threshold: 0 }, history, timeMs)
    default:
      return history.select(metric, where).flatMap((series) => {
        const range = (statistic: 'last' | 'min' | 'max' | 'sum' | 'count') =>
          history.range(series, timeMs - windowMs, timeMs, statistic)
        const value = asked === 'increase' ? increase(range('last'), windowMs, timeMs) : overWindow(asked, range)
        return value === undefined ? [] : [{ labels: series.labels, value }]
      })
  }
}

type Range = (statistic: 'min' | 'max' | 'sum' | 'count') => { readonly values: ArrayLike<number> }

function overWindow(asked: 'min' | 'max' | 'avg', range: Range): number | undefined {
  if (asked === 'avg') {
    const sum = sumValues(range('sum').values)
    const count = sumValues(range('count').values)
    return count === 0 ? undefined : sum / count
  }
  const values = Array.from(range(asked).values)
  return values.length === 0
    ? undefined
    : values.reduce((one, other) => (asked === 'min' ? Math.min(one, other) : Math.max(one, other)))
}

function sumValues(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0)
}
