import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { holding, isAbsent, isBreached, only, readCondition } from './conditions.ts'
import type { AlertRule, Condition } from './rule.ts'
import type { Verdict } from './state.ts'

/** What a rule says of one series at one moment. */
export interface EvaluatedSeries {
  /** The series' own labels. */
  readonly labels: Labels
  /** Undefined where the series has no data. */
  readonly value: number | undefined
  readonly verdict: Verdict
}

/** What is known of a series from the evaluation before. */
export interface KnownAlert {
  readonly labels: Labels
  readonly firing: boolean
}

/**
 * Judges one rule at one moment: every series that it sees, and every one that it knows and does not see any more. Pure.
 */
export function evaluateRule(
  rule: AlertRule,
  history: History,
  nowMs: number,
  known: ReadonlyMap<string, KnownAlert>,
): Map<string, EvaluatedSeries> {
  const judged = new Map<string, EvaluatedSeries>()
  const onlyIf = second(rule, history, nowMs)
  for (const { labels, value } of readCondition(rule, history, nowMs)) {
    const identity = seriesKey(labels)
    const past = isRuleBreached(rule, value, known.get(identity)?.firing ?? false)
    judged.set(identity, { labels, value, verdict: past && onlyIf(labels) ? 'breached' : 'fine' })
  }
  if (rule.noData === 'alert' && rule.condition !== 'metric_absent' && isAbsent(rule, history, nowMs)) {
    const labels = rule.where ?? {}
    judged.set(seriesKey(labels), { labels, value: undefined, verdict: 'breached' })
  }
  const verdict = rule.noData === 'keep' && rule.condition !== 'metric_absent' ? 'unknown' : 'fine'
  for (const [identity, { labels }] of known) {
    if (!judged.has(identity)) judged.set(identity, { labels, value: undefined, verdict })
  }
  return judged
}

function isRuleBreached(rule: AlertRule, value: number, firing: boolean): boolean {
  if (rule.condition === 'metric_absent') return true
  return isBreached(rule, value, firing ? (rule.clearThreshold ?? rule.threshold) : rule.threshold)
}

/** Whether the second condition holds for these labels; without one it always does. */
function second({ onlyIf, onlyIfBy }: AlertRule, history: History, nowMs: number): (labels: Labels) => boolean {
  if (onlyIf === undefined) return () => true
  const condition: Condition = onlyIf
  const matched = (labels: Labels): string => seriesKey(onlyIfBy === undefined ? labels : only(labels, onlyIfBy))
  const held = new Set(holding(condition, history, nowMs).map(({ labels }) => matched(labels)))
  return (labels) => held.has(matched(labels))
}
