import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { conditionSeries, evaluateCondition } from './conditions.ts'
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

/** Returns the values of a rule's condition at each time, as its evaluation computes them. */
export async function ruleValues(
  rule: AlertRule,
  fullHistory: History,
  { startMs, stepMs, count }: EvaluationTimes,
  slices: TimeSlices,
): Promise<RuleSeries[]> {
  const history = withoutOwnAlerts(rule, fullHistory)
  const seriesByKey = new Map<string, RuleSeries>()
  for (let step = 0; step < count; step++) {
    const timeMs = startMs + step * stepMs
    for (const { labels, value } of await slices.run(evaluateCondition(rule, history, timeMs))) {
      if (slices.isDue) await slices.pause()
      const key = seriesKey(labels)
      let series = seriesByKey.get(key)
      if (series === undefined) {
        series = { labels, points: [] }
        seriesByKey.set(key, series)
      }
      series.points.push([timeMs, value])
    }
  }
  return [...seriesByKey.values()]
}
