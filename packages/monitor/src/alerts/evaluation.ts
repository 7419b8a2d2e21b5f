import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { pickLabels } from '../history/queries.ts'
import { withoutEmptyLabels } from '../history/series.ts'
import type { PausableWork } from '../time/time-slices.ts'
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
  /** Whether it is about the missing data of all series. Its value is 1, that of PromQL's `absent`. */
  readonly isNoData?: boolean
}

/** An alert at the previous evaluation. */
export interface ActiveSeries {
  /** Labels of the series, without those of the rule. */
  readonly labels: Labels
  readonly isFiring: boolean
}

/**
 * Evaluates one rule at `nowMs`, for every alert in `active` and every series for which the condition holds. Returns the results by the
 * labels of the alert: two series whose labels become equal by those of the rule are one alert. Pure. May pause between two series.
 *
 * @param forgotten stores whose alerts are not kept without data, whatever the rule says: they do not come back.
 * @throws Error if a condition holds for two series that are one alert, as in Prometheus.
 */
export function* evaluateRule(
  rule: AlertRule,
  fullHistory: History,
  nowMs: number,
  active: ReadonlyMap<string, ActiveSeries>,
  forgotten: ReadonlySet<string> = new Set(),
): PausableWork<Map<string, SeriesEvaluation>> {
  const history = withoutOwnAlerts(rule, fullHistory)
  const results = new Map<string, SeriesEvaluation>()
  const matchesOnlyIf = yield* onlyIfMatcher(rule, history, nowMs)
  const isFiring = yield* firingMatcher(rule, active)
  // The labels of a series are one object as long as it exists: most keys were computed when its alert began.
  const keys = new Map<Labels, string>()
  for (const [key, { labels }] of active) {
    keys.set(labels, key)
    yield
  }
  const add = (result: SeriesEvaluation): void => {
    // It is no alert, and was none.
    if (result.status === 'ok' && active.size === 0) return
    const key = keys.get(result.labels) ?? alertKey(rule, result.labels)
    const other = results.get(key)
    if (other?.status === 'breached' && result.status === 'breached') {
      throw new Error(
        `rule ${rule.name}: two series have the same alert labels ${JSON.stringify(alertLabels(rule, result.labels))}: remove a label from the rule`,
      )
    }
    if (other?.status !== 'breached') results.set(key, result)
  }
  for (const { labels, value } of yield* evaluateCondition(rule, history, nowMs)) {
    const isPastThreshold = isRuleBreached(rule, value, labels, isFiring)
    add({ labels, value, status: isPastThreshold && matchesOnlyIf(labels) ? 'breached' : 'ok' })
    yield
  }
  const isAbsenceRule = conditionDirection(rule) === 'absent'
  if (rule.noData === 'alert' && !isAbsenceRule && (yield* isAbsent(rule, history, nowMs))) {
    const labels = withoutEmptyLabels(rule.where)
    const other = results.get(alertKey(rule, labels))
    // PromQL's `or`: not if a series with these labels is past the threshold.
    const isShown = other?.status === 'breached' && seriesKey(other.labels) === seriesKey(labels)
    if (!isShown) add({ labels, value: 1, status: 'breached', isNoData: true })
  }
  const isKept = rule.noData === 'keep' && !isAbsenceRule
  for (const [key, { labels }] of active) {
    const status = isKept && !forgotten.has(labels['store'] ?? '') ? 'unknown' : 'ok'
    if (!results.has(key)) results.set(key, { labels, value: undefined, status })
    yield
  }
  return results
}

/** Returns the history as a rule sees it: without its own alerts in `db_alerts`, whose number would depend on itself. */
export function withoutOwnAlerts({ name: ruleName }: AlertRule, history: History): History {
  return {
    append: (...samples) => history.append(...samples),
    select: (name, matchers) => {
      const selected = history.select(name, matchers)
      return name === 'db_alerts' ? selected.filter(({ labels }) => labels['alertname'] !== ruleName) : selected
    },
    range: (...query) => history.range(...query),
    window: (...query) => history.window(...query),
    at: (...query) => history.at(...query),
  }
}

/** Returns the labels of an alert: those of the rule replace those of the series, and an empty one removes it. */
export function alertLabels({ name, severity, labels = {} }: AlertRule, seriesLabels: Labels): Labels {
  return withoutEmptyLabels({ ...seriesLabels, ...labels, severity, alertname: name })
}

/** Returns what identifies an alert among those of its rule. */
export function alertKey(rule: AlertRule, seriesLabels: Labels): string {
  return seriesKey(alertLabels(rule, seriesLabels))
}

function isRuleBreached(rule: AlertRule, value: number, labels: Labels, isFiring: (labels: Labels) => boolean): boolean {
  if (!('threshold' in rule)) return true
  if (isBreached(rule, value, rule.threshold)) return true
  return rule.clearThreshold !== undefined && isBreached(rule, value, rule.clearThreshold) && isFiring(labels)
}

/**
 * Returns a predicate for the labels of a series: whether an alert fires that has these labels, but for those that the rule sets. This
 * is how the compiled rule finds the alert in the series `ALERTS`.
 */
function* firingMatcher(rule: AlertRule, active: ReadonlyMap<string, ActiveSeries>): PausableWork<(labels: Labels) => boolean> {
  const { clearThreshold, labels: ruleLabels = {} } = rule
  if (clearThreshold === undefined) return () => false
  const set = new Set(['alertname', 'severity', 'alertstate', ...Object.keys(ruleLabels)])
  const key = (labels: Labels): string => seriesKey(Object.fromEntries(Object.entries(labels).filter(([name]) => !set.has(name))))
  const firing = new Set<string>()
  for (const { labels, isFiring } of active.values()) {
    if (isFiring) firing.add(key(labels))
    yield
  }
  return (labels) => firing.has(key(labels))
}

/** Returns a predicate for sets of labels: whether `onlyIf` holds. Without `onlyIf` it always holds. */
function* onlyIfMatcher(
  { onlyIf, onlyIfBy }: AlertRule,
  history: History,
  nowMs: number,
): PausableWork<(labels: Labels) => boolean> {
  if (onlyIf === undefined) return () => true
  const matchKey = (labels: Labels): string => seriesKey(onlyIfBy === undefined ? labels : pickLabels(labels, onlyIfBy))
  const matches = new Set<string>()
  for (const { labels } of yield* breachedValues(onlyIf, history, nowMs)) {
    matches.add(matchKey(labels))
    yield
  }
  return (labels) => matches.has(matchKey(labels))
}
