import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { evaluateRule, type SeriesEvaluation } from './evaluation.ts'
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
  /** Value when the condition last held; undefined if the alert is about missing data. */
  readonly value: number | undefined
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
}

/** State of a manager as plain data, to be stored and restored by the next process. */
export interface SavedAlerts {
  readonly atMs: number
  readonly alerts: ReadonlyArray<{
    readonly rule: string
    readonly seriesLabels: Labels
    readonly state: AlertState
    readonly value: number | undefined
  }>
}

/** State of one series of a rule. */
interface ActiveAlert {
  /** Labels of the series, without those of the rule: these change with the rule. */
  readonly seriesLabels: Labels
  readonly state: AlertState
  readonly value: number | undefined
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
  #evaluatedMs: number | undefined

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
    return this.#rules.map(({ name }) => this.#statuses.get(name) ?? { rule: name, evaluatedAtMs: undefined, error: undefined })
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
    this.#rules = rules
  }

  /**
   * Evaluates every rule at `nowMs` and returns the transitions. Never throws: if a rule fails, its error is in `statuses`, and
   * its alerts keep their state unless the rule has `onError: 'alert'`.
   */
  evaluate(nowMs: number): Transition[] {
    // The clock was set back, and nobody called `shift`.
    if (this.#evaluatedMs !== undefined && nowMs < this.#evaluatedMs) this.shift(nowMs - this.#evaluatedMs)
    this.#evaluatedMs = nowMs
    const transitions = this.#rules.flatMap((rule) => this.#evaluate(rule, nowMs))
    this.#transitions = [...this.#transitions.slice(-transitionsLimit), ...transitions.slice(-transitionsLimit)].slice(
      -transitionsLimit,
    )
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
    for (const { rule: name, seriesLabels, state, value } of saved.alerts) {
      const rule = this.#rules.find((known) => known.name === name)
      if (rule === undefined) continue
      const restored = restoreState(state, saved.atMs, nowMs, rule.durationMs ?? 0)
      if (restored !== undefined) this.#activeAlerts(rule).set(seriesKey(seriesLabels), { seriesLabels, state: restored, value })
    }
  }

  #evaluate(rule: AlertRule, nowMs: number): Transition[] {
    const active = this.#activeAlerts(rule)
    let results: Map<string, SeriesEvaluation>
    try {
      const activeSeries = new Map(
        [...active].map(([key, { seriesLabels, state }]) => [key, { labels: seriesLabels, isFiring: state.name === 'firing' }]),
      )
      results = evaluateRule(rule, this.#history, nowMs, activeSeries)
      assertUniqueAlerts(rule, results)
      this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error: undefined })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error: message })
      if (rule.onError !== 'alert') return []
      results = new Map([[seriesKey({}), { labels: {}, value: undefined, status: 'breached' }]])
    }
    return [...results].flatMap(([key, result]) => this.#advance(rule, active, key, result, nowMs))
  }

  #advance(
    rule: AlertRule,
    active: Map<string, ActiveAlert>,
    key: string,
    { labels, value, status }: SeriesEvaluation,
    nowMs: number,
  ): Transition[] {
    const before = active.get(key)
    const delays = { forMs: rule.durationMs ?? 0, keepFiringForMs: rule.keepFiringForMs ?? 0 }
    const state = nextAlertState(before?.state, status, nowMs, delays)
    const after: ActiveAlert | undefined = state && {
      seriesLabels: labels,
      state,
      value: status === 'breached' ? value : before?.value,
    }
    if (after === undefined) active.delete(key)
    else active.set(key, after)
    const from = before?.state.name ?? 'inactive'
    const to = state?.name ?? 'inactive'
    const changedAlert = after ?? before
    return from === to || changedAlert === undefined ? [] : [{ atMs: nowMs, from, to, alert: createAlert(rule, changedAlert) }]
  }

  #activeAlerts(rule: AlertRule): Map<string, ActiveAlert> {
    const active = this.#active.get(rule.name) ?? new Map<string, ActiveAlert>()
    this.#active.set(rule.name, active)
    return active
  }
}

function createAlert(rule: AlertRule, { seriesLabels, state, value }: ActiveAlert): Alert {
  const labels = alertLabels(rule, seriesLabels)
  const templates = { ...rule.annotations, ...(rule.runbookUrl !== undefined && { runbook_url: rule.runbookUrl }) }
  const annotations = Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [name, expandTemplate(template, { labels, value })]),
  )
  return { rule: rule.name, labels, annotations, state, value }
}

/** Labels of the rule replace labels of the series. */
function alertLabels({ name, severity, labels = {} }: AlertRule, seriesLabels: Labels): Labels {
  return { ...seriesLabels, ...labels, severity, alertname: name }
}

/** Throws if the labels of a rule make one alert of two series, as Prometheus does. */
function assertUniqueAlerts(rule: AlertRule, results: ReadonlyMap<string, SeriesEvaluation>): void {
  if (rule.labels === undefined) return
  const keys = new Set<string>()
  for (const { labels, status } of results.values()) {
    if (status !== 'breached') continue
    const ownLabels = alertLabels(rule, labels)
    const key = seriesKey(ownLabels)
    if (keys.has(key))
      throw new Error(
        `rule ${rule.name}: two series have the same alert labels ${JSON.stringify(ownLabels)}: remove a label from the rule`,
      )
    keys.add(key)
  }
}
