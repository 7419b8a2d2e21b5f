import type { Labels } from '@wombat/instrumentation'
import { type History, lookbackMs } from '../history/history.ts'
import { type PausableWork, runAtOnce } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import { conditionSeries } from './conditions.ts'
import { type ActiveSeries, alertKey, alertLabels, evaluateRule, type SeriesEvaluation } from './evaluation.ts'
import type { AlertRule } from './rule.ts'
import { type AlertState, isSameState, nextAlertState, restoreState, shiftState } from './state.ts'
import { expandTemplate, type TemplateData } from './template.ts'

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

/** How many alerts of a rule are pending and firing. */
export interface AlertCounts {
  readonly pending: number
  readonly firing: number
}

/** State of one series of a rule. */
interface ActiveAlert {
  /** Labels of the series, without those of the rule: these change with the rule. */
  readonly seriesLabels: Labels
  readonly state: AlertState
  readonly value: number | undefined
  readonly isNoData?: boolean
  /** What is shown of it. */
  readonly alert: Alert
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
  /** Changes with every evaluation that begins, and with everything that makes one in progress wrong. */
  #version = 0
  /** Transitions of evaluations that were not completed. */
  #unreported: Transition[] = []
  #stateChanges = 0
  /** Why annotations of a rule could not be expanded, by the name of the rule. */
  readonly #templateErrors = new Map<string, string>()
  /** Stores that were forgotten while they had an alert of a rule that keeps its alerts without data. */
  readonly #forgotten = new Set<string>()

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
    return this.#rules.map(({ name }) => {
      const status = this.#statuses.get(name) ?? { ...unevaluated, rule: name }
      return status.error === undefined ? { ...status, error: this.#templateErrors.get(name) } : status
    })
  }

  /** Returns all alerts that are pending, firing or recently resolved. */
  alerts(): Alert[] {
    const alerts: Alert[] = []
    for (const { name } of this.#rules) {
      for (const { alert } of this.#active.get(name)?.values() ?? []) alerts.push(alert)
    }
    return alerts
  }

  /** @internal Returns how many alerts a rule has. */
  counts(rule: string): AlertCounts {
    const counts = { pending: 0, firing: 0 }
    for (const { state } of this.#active.get(rule)?.values() ?? []) if (state.name !== 'resolved') counts[state.name]++
    return counts
  }

  /** @internal How often the state of an alert has changed: if it has not, there is nothing new to save but values. */
  get stateChanges(): number {
    return this.#stateChanges
  }

  /** Replaces the rules. Alerts of a rule with the same name keep their state; alerts of removed rules are dropped. */
  replaceRules(rules: readonly AlertRule[]): void {
    const names = new Set(rules.map(({ name }) => name))
    for (const name of [...this.#active.keys()]) if (!names.has(name)) this.#active.delete(name)
    for (const name of [...this.#statuses.keys()]) if (!names.has(name)) this.#statuses.delete(name)
    for (const name of this.#matched) if (!names.has(name)) this.#matched.delete(name)
    this.#templateErrors.clear()
    this.#rules = rules
    // The labels of a rule identify its alerts.
    for (const rule of rules) this.#rekey(rule)
    this.#version++
    this.#stateChanges++
  }

  /**
   * Evaluates every rule at `nowMs` and returns the transitions. Never throws: if a rule fails, its error is in `statuses`, and
   * its alerts keep their state unless the rule has `onError: 'alert'`.
   */
  evaluate(nowMs: number): Transition[] {
    return runAtOnce(this.evaluatePausable(nowMs)) ?? []
  }

  /**
   * Does the same as `evaluate`, and may pause between two series. Readers see the alerts of a rule as they were before, or as they are
   * after its evaluation. Returns undefined if what happened in a pause made the rest wrong: other rules, or a clock that was set. Then
   * evaluate again; transitions that have happened are among those of the next evaluation.
   *
   * @internal
   */
  *evaluatePausable(nowMs: number): PausableWork<Transition[] | undefined> {
    // The clock was set back without a call of `shift`.
    if (this.#evaluatedMs !== undefined && nowMs < this.#evaluatedMs) this.shift(nowMs - this.#evaluatedMs)
    // A firing alert is found in Prometheus' series `ALERTS` for as long.
    this.#remembersFiring = this.#evaluatedMs === undefined || nowMs - this.#evaluatedMs < lookbackMs
    this.#evaluatedMs = nowMs
    const version = ++this.#version
    for (const rule of this.#rules) {
      yield
      const isCurrent = (): boolean => this.#version === version
      const transitions = yield* this.#evaluate(rule, nowMs, isCurrent)
      if (transitions === undefined) return undefined
      for (const transition of transitions) this.#unreported.push(transition)
      if (transitions.length > 0) this.#transitions = [...this.#transitions, ...transitions].slice(-transitionsLimit)
    }
    const transitions = this.#unreported
    this.#unreported = []
    return transitions
  }

  /** @internal Ends the alerts of a store that was forgotten: a rule that keeps them without data would keep them for ever. */
  forget(store: string): void {
    const stores = new Set<string>()
    for (const { name, noData } of this.#rules) {
      if (noData !== 'keep') continue
      for (const { seriesLabels } of this.#active.get(name)?.values() ?? []) stores.add(seriesLabels['store'] ?? '')
    }
    for (const one of this.#forgotten) if (!stores.has(one)) this.#forgotten.delete(one)
    if (stores.has(store)) this.#forgotten.add(store)
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#version++
    this.#stateChanges++
    for (const rule of this.#rules) {
      const active = this.#active.get(rule.name)
      for (const [key, { alert: _, ...one }] of active ?? [])
        active?.set(key, this.#withAlert(rule, { ...one, state: shiftState(one.state, deltaMs) }))
    }
    for (const [name, status] of this.#statuses) {
      const { evaluatedAtMs } = status
      this.#statuses.set(name, { ...status, evaluatedAtMs: evaluatedAtMs === undefined ? undefined : evaluatedAtMs + deltaMs })
    }
    const shift = ({ atMs, alert, ...states }: Transition): Transition => {
      return { ...states, atMs: atMs + deltaMs, alert: { ...alert, state: shiftState(alert.state, deltaMs) } }
    }
    this.#transitions = this.#transitions.map(shift)
    this.#unreported = this.#unreported.map(shift)
    if (this.#evaluatedMs !== undefined) this.#evaluatedMs += deltaMs
  }

  /** Returns the state of all alerts as plain data. */
  save(atMs: number): SavedAlerts {
    const alerts = [...this.#active].flatMap(([rule, active]) =>
      [...active.values()].map(({ alert: _, ...saved }) => ({ rule, ...saved })),
    )
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
      this.#activeAlerts(rule).set(alertKey(rule, seriesLabels), this.#withAlert(rule, alert))
    }
    this.#version++
    this.#stateChanges++
  }

  /** Evaluates a rule and replaces its alerts; undefined if it is not current any more. */
  *#evaluate(rule: AlertRule, nowMs: number, isCurrent: () => boolean): PausableWork<Transition[] | undefined> {
    const active = this.#activeAlerts(rule)
    let results: Map<string, SeriesEvaluation>
    let error: string | undefined
    let hasMatched = this.#matched.has(rule.name)
    try {
      const activeSeries = new Map<string, ActiveSeries>()
      for (const [key, { seriesLabels, state }] of active) {
        activeSeries.set(key, { labels: seriesLabels, isFiring: state.name === 'firing' && this.#remembersFiring })
        yield
      }
      results = yield* evaluateRule(rule, this.#history, nowMs, activeSeries, this.#forgotten)
      hasMatched ||= this.#history.select(conditionSeries(rule), rule.where).length > 0
    } catch (thrown) {
      error = errorMessage(thrown)
      results = new Map()
      if (rule.onError === 'alert') results.set(alertKey(rule, {}), { labels: {}, value: undefined, status: 'breached' })
    }
    const changes: Transition[] = []
    const after = new Map(active)
    let stateChanges = 0
    for (const [key, result] of results) {
      const before = active.get(key)
      const now = this.#advance(rule, before, result, nowMs)
      if (now === undefined) after.delete(key)
      else after.set(key, now)
      if (now?.state !== before?.state) stateChanges++
      const from = before?.state.name ?? 'inactive'
      const to = now?.state.name ?? 'inactive'
      const changed = now ?? before
      if (from !== to && changed !== undefined) changes.push({ atMs: nowMs, from, to, alert: changed.alert })
      yield
    }
    if (!isCurrent()) return undefined
    if (hasMatched) this.#matched.add(rule.name)
    this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error, hasMatched })
    this.#active.set(rule.name, after)
    this.#stateChanges += stateChanges
    return changes
  }

  /** Returns an alert after an evaluation: the same object if nothing has changed, undefined if it has ended. */
  #advance(
    rule: AlertRule,
    before: ActiveAlert | undefined,
    { labels, value: currentValue, status, isNoData: isCurrentNoData }: SeriesEvaluation,
    nowMs: number,
  ): ActiveAlert | undefined {
    const delays = { forMs: rule.durationMs ?? 0, keepFiringForMs: rule.keepFiringForMs ?? 0 }
    const next = nextAlertState(before?.state, status, nowMs, delays)
    if (next === undefined) return undefined
    const value = status === 'breached' ? currentValue : before?.value
    const isNoData = (status === 'breached' ? isCurrentNoData : before?.isNoData) === true
    const isSame = before !== undefined && isSameState(before.state, next)
    if (isSame && Object.is(before.value, value) && (before.isNoData ?? false) === isNoData && before.seriesLabels === labels)
      return before
    const state = isSame ? before.state : next
    const alertLabels = before?.seriesLabels === labels ? before.alert.labels : undefined
    return this.#withAlert(rule, { seriesLabels: labels, state, value, ...(isNoData && { isNoData }) }, alertLabels)
  }

  #withAlert(rule: AlertRule, active: Omit<ActiveAlert, 'alert'>, labels?: Labels): ActiveAlert {
    return { ...active, alert: createAlert(rule, active, this.#templateErrors, labels) }
  }

  #rekey(rule: AlertRule): void {
    const alerts = [...(this.#active.get(rule.name)?.values() ?? [])]
    if (alerts.length === 0) return
    // What is shown of an alert depends on its rule, too.
    const rekeyed = alerts.map(({ alert: _, ...one }) => [alertKey(rule, one.seriesLabels), this.#withAlert(rule, one)] as const)
    this.#active.set(rule.name, new Map(rekeyed))
  }

  #activeAlerts(rule: AlertRule): Map<string, ActiveAlert> {
    const active = this.#active.get(rule.name) ?? new Map<string, ActiveAlert>()
    this.#active.set(rule.name, active)
    return active
  }
}

function createAlert(
  rule: AlertRule,
  { seriesLabels, state, value, isNoData }: Omit<ActiveAlert, 'alert'>,
  templateErrors: Map<string, string>,
  labels: Labels = alertLabels(rule, seriesLabels),
): Alert {
  let annotations: Labels | undefined
  return {
    rule: rule.name,
    labels,
    // Most alerts are not looked at, and the templates are most of what an alert costs.
    get annotations() {
      annotations ??= expandTemplates(rule, { labels, value, isNoData }, templateErrors)
      return annotations
    },
    state,
    value,
    ...(isNoData && { isNoData }),
  }
}

/** Expands the annotations of a rule. One that fails becomes a text, as in Prometheus: the alert is sent all the same. */
function expandTemplates(rule: AlertRule, data: TemplateData, errors: Map<string, string>): Labels {
  const { name: ruleName, annotations, runbookUrl } = rule
  const templates = { ...annotations, ...(runbookUrl !== undefined && { runbook_url: runbookUrl }) }
  return Object.fromEntries(
    Object.entries(templates).map(([name, template]) => {
      try {
        return [name, expandTemplate(template, data)]
      } catch (error) {
        errors.set(ruleName, `the template of the annotation ${name} cannot be expanded: ${errorMessage(error)}`)
        return [name, '<the template cannot be expanded>']
      }
    }),
  )
}
