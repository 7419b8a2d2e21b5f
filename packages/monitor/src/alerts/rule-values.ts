import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { type Condition, conditionSeries, evaluateCondition } from './conditions.ts'
import { withoutOwnAlerts } from './evaluation.ts'
import type { AlertRule } from './rule.ts'

/** The values that a rule compares with its threshold, of one set of labels. */
export interface RuleSeries {
  readonly labels: Labels
  readonly points: Array<readonly [timeMs: number, value: number]>
}

/** The times at which a rule is evaluated. */
export interface EvaluationTimes {
  /** Unix time in milliseconds. */
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

/** Returns how many series the condition of a rule reads. */
export function countRuleSeries(rule: AlertRule, history: History): number {
  const dividend = history.select(conditionSeries(rule), rule.where).length
  return dividend + ('of' in rule ? history.select(rule.of, rule.where).length : 0)
}

/** Returns the values of a rule's condition at each time, as its evaluation computes them. Pauses between two times, and two stores. */
export async function ruleValues(
  rule: AlertRule,
  fullHistory: History,
  { startMs, stepMs, count }: EvaluationTimes,
  slices: TimeSlices,
): Promise<RuleSeries[]> {
  const history = withoutOwnAlerts(rule, fullHistory)
  const conditions = splitByStore(rule, history)
  const seriesByKey = new Map<string, RuleSeries>()
  for (let step = 0; step < count; step++) {
    const timeMs = startMs + step * stepMs
    for (const condition of conditions) {
      if (slices.isDue) await slices.pause()
      for (const { labels, value } of evaluateCondition(condition, history, timeMs)) {
        const key = seriesKey(labels)
        let series = seriesByKey.get(key)
        if (series === undefined) {
          series = { labels, points: [] }
          seriesByKey.set(key, series)
        }
        series.points.push([timeMs, value])
      }
    }
  }
  return [...seriesByKey.values()]
}

/** Returns one condition for each store, which together have the values of the whole; or the whole, if it combines stores. */
function splitByStore(rule: AlertRule, history: History): Condition[] {
  const isCombined = 'by' in rule && rule.by !== undefined && !rule.by.includes('store')
  if (isCombined || rule.condition === 'metric_absent' || rule.where?.['store'] !== undefined) return [rule]
  const stores = new Set(history.select(conditionSeries(rule), rule.where).map(({ labels }) => labels['store']))
  if (stores.has(undefined)) return [rule]
  return [...stores].map((store) => ({ ...rule, where: { ...rule.where, store: store ?? '' } }))
}
