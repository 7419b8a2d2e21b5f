import type { Labels } from '@wombat/instrumentation'
import { type History, lookbackMs } from '../history/history.ts'
import { errorMessage } from '../validation/error-message.ts'
import { conditionSeries } from './conditions.ts'
import { alertKey, alertLabels, evaluateRule, type SeriesEvaluation } from './evaluation.ts'
import type { AlertRule } from './rule.ts'
import { type AlertState, nextAlertState, restoreState, shiftState } from './state.ts'
import { expandTemplate } from './template.ts'

/** One alert that is pending, firing, or was resolved in the last 15 minutes. */
export interface Alert {
  /** Name of its rule. */
  readonly rule: string
  /** Labels of the series and of the rule, with `alertname` and `severity`. They identify the alert. */
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: AlertState
  /** Value when the condition last held; 1 if the alert is about missing data, as in Prometheus. */
  readonly value: number | undefined
  /** Whether the alert is about missing data. */
  readonly isNoData?: boolean
}

/** Name of the state of an alert. */
export type AlertStateName = AlertState['name'] | 'inactive'

/** One change of an alert's state. */
export interface Transition {
  readonly atMs: number
  readonly from: AlertStateName
  readonly to: AlertStateName
  readonly alert: Alert
}

/** Result of the last evaluation of a rule. */
export interface RuleStatus {
  readonly rule: string
  /** Undefined before the first evaluation. */
  readonly evaluatedAtMs: number | undefined
  /** Message of the error that made the evaluation fail; undefined if it succeeded. */
  readonly error: string | undefined
  /** Whether the rule has ever found a series since the start. If not, its metric or its labels may be wrong. */
  readonly hasMatched: boolean
}

/** State of a manager as plain data, to be stored and restored by the next process. */
export interface SavedAlerts {
  readonly atMs: number
  readonly alerts: ReadonlyArray<{
    readonly rule: string
    readonly seriesLabels: Labels
    readonly state: AlertState
    readonly value: number | undefined
    readonly isNoData?: boolean
  }>
}

const unevaluated = { evaluatedAtMs: undefined, error: undefined, hasMatched: false } as const

/** State of one series of a rule. */
interface ActiveAlert {
  /** Labels of the series, without those of the rule: these change with the rule. */
  readonly seriesLabels: Labels
  readonly state: AlertState
  readonly value: number | undefined
  readonly isNoData?: boolean
}

const transitionsLimit = 1000

/**
 * Evaluates rules over a history and tracks the state of each alert: inactive, pending, firing, resolved, as Prometheus does.
 * It has no clock and no timer: the caller passes the time.
 *
 * @example
 * ```ts
 * import { AlertManager, TimeSeries } from '@wombat/monitor'
 *
 * const history = new TimeSeries({ intervalMs: 10_000 })
 * const manager = new AlertManager(
 *   [{ name: 'QueueTooLong', condition: 'metric_above', metric: 'db_queue_depth', threshold: 100, severity: 'warning' }],
 *   history,
 * )
 * const series = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
 * history.append(10_000, [{ series, value: 250 }])
 * const [transition] = manager.evaluate(10_000)
 * if (transition?.to !== 'firing') throw new Error('expected the alert to fire')
 * ```
 */
export class AlertManager {
  #rules: readonly AlertRule[]
  readonly #history: History
  /** By rule name, then by series key. */
  readonly #active = new Map<string, Map<string, ActiveAlert>>()
  readonly #statuses = new Map<string, RuleStatus>()
  #transitions: readonly Transition[] = []
  /** Names of the rules that have found a series. */
  readonly #matched = new Set<string>()
  #evaluatedMs: number | undefined
  /** Whether the evaluation before is close enough for `clearThreshold`. */
  #remembersFiring = true

  constructor(rules: readonly AlertRule[], history: History) {
    this.#rules = rules
    this.#history = history
  }

  get rules(): readonly AlertRule[] {
    return this.#rules
  }

  /** The last 1000 transitions, oldest first. */
  get transitions(): readonly Transition[] {
    return this.#transitions
  }

  /** Result of the last evaluation of each rule. */
  get statuses(): RuleStatus[] {
    return this.#rules.map(({ name }) => this.#statuses.get(name) ?? { ...unevaluated, rule: name })
  }

  /** Returns all alerts that are pending, firing or recently resolved. */
  alerts(): Alert[] {
    return this.#rules.flatMap((rule) =>
      [...(this.#active.get(rule.name)?.values() ?? [])].map((active) => createAlert(rule, active)),
    )
  }

  /** Replaces the rules. Alerts of a rule with the same name keep their state; alerts of removed rules are dropped. */
  replaceRules(rules: readonly AlertRule[]): void {
    const names = new Set(rules.map(({ name }) => name))
    for (const name of [...this.#active.keys()]) if (!names.has(name)) this.#active.delete(name)
    for (const name of [...this.#statuses.keys()]) if (!names.has(name)) this.#statuses.delete(name)
    for (const name of this.#matched) if (!names.has(name)) this.#matched.delete(name)
    this.#rules = rules
    // The labels of a rule identify its alerts.
    for (const rule of rules) this.#rekey(rule)
  }

  /**
   * Evaluates every rule at `nowMs` and returns the transitions. Never throws: if a rule fails, its error is in `statuses`, and
   * its alerts keep their state unless the rule has `onError: 'alert'`.
   */
  evaluate(nowMs: number): Transition[] {
    // The clock was set back without a call of `shift`.
    if (this.#evaluatedMs !== undefined && nowMs < this.#evaluatedMs) this.shift(nowMs - this.#evaluatedMs)
    // A firing alert is found in Prometheus' series `ALERTS` for as long.
    this.#remembersFiring = this.#evaluatedMs === undefined || nowMs - this.#evaluatedMs < lookbackMs
    this.#evaluatedMs = nowMs
    const transitions = this.#rules.flatMap((rule) => this.#evaluate(rule, nowMs))
    this.#transitions = [...this.#transitions, ...transitions].slice(-transitionsLimit)
    return transitions
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    for (const active of this.#active.values()) {
      for (const [key, alert] of active) active.set(key, { ...alert, state: shiftState(alert.state, deltaMs) })
    }
    for (const [name, status] of this.#statuses) {
      const { evaluatedAtMs } = status
      this.#statuses.set(name, { ...status, evaluatedAtMs: evaluatedAtMs === undefined ? undefined : evaluatedAtMs + deltaMs })
    }
    this.#transitions = this.#transitions.map(({ atMs, alert, ...states }) => {
      return { ...states, atMs: atMs + deltaMs, alert: { ...alert, state: shiftState(alert.state, deltaMs) } }
    })
    if (this.#evaluatedMs !== undefined) this.#evaluatedMs += deltaMs
  }

  /** Returns the state of all alerts as plain data. */
  save(atMs: number): SavedAlerts {
    const alerts = [...this.#active].flatMap(([rule, active]) => [...active.values()].map((alert) => ({ rule, ...alert })))
    return { atMs, alerts }
  }

  /** Restores alerts that another process saved. Alerts of rules that no longer exist are ignored. */
  restore(saved: SavedAlerts, nowMs: number): void {
    for (const { rule: name, seriesLabels, state, value, isNoData } of saved.alerts) {
      const rule = this.#rules.find((known) => known.name === name)
      if (rule === undefined) continue
      const restored = restoreState(state, saved.atMs, nowMs, rule.durationMs ?? 0)
      if (restored === undefined) continue
      const alert = { seriesLabels, state: restored, value, ...(isNoData && { isNoData }) }
      this.#activeAlerts(rule).set(alertKey(rule, seriesLabels), alert)
    }
  }

  #evaluate(rule: AlertRule, nowMs: number): Transition[] {
    const active = this.#activeAlerts(rule)
    let results: Map<string, SeriesEvaluation>
    try {
      const activeSeries = new Map(
        [...active].map(([key, { seriesLabels, state }]) => {
          return [key, { labels: seriesLabels, isFiring: state.name === 'firing' && this.#remembersFiring }]
        }),
      )
      results = evaluateRule(rule, this.#history, nowMs, activeSeries)
      this.#statuses.set(rule.name, {
        rule: rule.name,
        evaluatedAtMs: nowMs,
        error: undefined,
        hasMatched: this.#hasMatched(rule),
      })
    } catch (error) {
      const message = errorMessage(error)
      const hasMatched = this.#matched.has(rule.name)
      this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error: message, hasMatched })
      if (rule.onError !== 'alert') return []
      results = new Map([[alertKey(rule, {}), { labels: {}, value: undefined, status: 'breached' }]])
    }
    return [...results].flatMap(([key, result]) => this.#advance(rule, active, key, result, nowMs))
  }

  #advance(
    rule: AlertRule,
    active: Map<string, ActiveAlert>,
    key: string,
    { labels, value, status, isNoData }: SeriesEvaluation,
    nowMs: number,
  ): Transition[] {
    const before = active.get(key)
    const delays = { forMs: rule.durationMs ?? 0, keepFiringForMs: rule.keepFiringForMs ?? 0 }
    const state = nextAlertState(before?.state, status, nowMs, delays)
    const after: ActiveAlert | undefined = state && {
      seriesLabels: labels,
      state,
      value: status === 'breached' ? value : before?.value,
      ...((status === 'breached' ? isNoData : before?.isNoData) && { isNoData: true }),
    }
    if (after === undefined) active.delete(key)
    else active.set(key, after)
    const from = before?.state.name ?? 'inactive'
    const to = state?.name ?? 'inactive'
    const changedAlert = after ?? before
    return from === to || changedAlert === undefined ? [] : [{ atMs: nowMs, from, to, alert: createAlert(rule, changedAlert) }]
  }

  #hasMatched(rule: AlertRule): boolean {
    if (!this.#matched.has(rule.name) && this.#history.select(conditionSeries(rule), rule.where).length > 0)
      this.#matched.add(rule.name)
    return this.#matched.has(rule.name)
  }

  #rekey(rule: AlertRule): void {
    const alerts = [...(this.#active.get(rule.name)?.values() ?? [])]
    if (alerts.length > 0)
      this.#active.set(rule.name, new Map(alerts.map((alert) => [alertKey(rule, alert.seriesLabels), alert])))
  }

  #activeAlerts(rule: AlertRule): Map<string, ActiveAlert> {
    const active = this.#active.get(rule.name) ?? new Map<string, ActiveAlert>()
    this.#active.set(rule.name, active)
    return active
  }
}

function createAlert(rule: AlertRule, { seriesLabels, state, value, isNoData }: ActiveAlert): Alert {
  const labels = alertLabels(rule, seriesLabels)
  const templates = { ...rule.annotations, ...(rule.runbookUrl !== undefined && { runbook_url: rule.runbookUrl }) }
  const annotations = Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [name, expandTemplate(template, { labels, value, isNoData })]),
  )
  return { rule: rule.name, labels, annotations, state, value, ...(isNoData && { isNoData }) }
}
