import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { pickLabels } from '../history/queries.ts'
import { breachedValues, conditionDirection, evaluateCondition, isAbsent, isBreached } from './conditions.ts'
import type { AlertRule } from './rule.ts'
import type { BreachStatus } from './state.ts'

/** Result of one rule for one series. */
export interface SeriesEvaluation {
  /** Labels of the series, without those of the rule. */
  readonly labels: Labels
  /** Undefined if the series has no data. */
  readonly value: number | undefined
  readonly status: BreachStatus
}

/** A series that had an alert at the previous evaluation. */
export interface ActiveSeries {
  readonly labels: Labels
  readonly isFiring: boolean
}

/**
 * Evaluates one rule at `nowMs`, for every series that has data and every series in `active`. Returns results by series key. Pure.
 */
export function evaluateRule(
  rule: AlertRule,
  history: History,
  nowMs: number,
  active: ReadonlyMap<string, ActiveSeries>,
): Map<string, SeriesEvaluation> {
  const results = new Map<string, SeriesEvaluation>()
  const matchesOnlyIf = onlyIfMatcher(rule, history, nowMs)
  for (const { labels, value } of evaluateCondition(rule, history, nowMs)) {
    const key = seriesKey(labels)
    const isPastThreshold = isRuleBreached(rule, value, active.get(key)?.isFiring ?? false)
    results.set(key, { labels, value, status: isPastThreshold && matchesOnlyIf(labels) ? 'breached' : 'ok' })
  }
  const isAbsenceRule = conditionDirection(rule) === 'absent'
  if (rule.noData === 'alert' && !isAbsenceRule && isAbsent(rule, history, nowMs)) {
    const labels = rule.where ?? {}
    results.set(seriesKey(labels), { labels, value: undefined, status: 'breached' })
  }
  const statusWithoutData = rule.noData === 'keep' && !isAbsenceRule ? 'unknown' : 'ok'
  for (const [key, { labels }] of active) {
    if (!results.has(key)) results.set(key, { labels, value: undefined, status: statusWithoutData })
  }
  return results
}

function isRuleBreached(rule: AlertRule, value: number, isFiring: boolean): boolean {
  if (!('threshold' in rule)) return true
  return isBreached(rule, value, isFiring ? (rule.clearThreshold ?? rule.threshold) : rule.threshold)
}

/** Returns a predicate for sets of labels: whether `onlyIf` holds. Without `onlyIf` it always holds. */
function onlyIfMatcher({ onlyIf, onlyIfBy }: AlertRule, history: History, nowMs: number): (labels: Labels) => boolean {
  if (onlyIf === undefined) return () => true
  const matchKey = (labels: Labels): string => seriesKey(onlyIfBy === undefined ? labels : pickLabels(labels, onlyIfBy))
  const matches = new Set(breachedValues(onlyIf, history, nowMs).map(({ labels }) => matchKey(labels)))
  return (labels) => matches.has(matchKey(labels))
}
