import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../history/history.ts'
import { type EvaluatedSeries, evaluateRule } from './evaluation.ts'
import type { AlertRule } from './rule.ts'
import { type AlertState, restoreState, step } from './state.ts'
import { expand } from './template.ts'

/** One alert that is pending or firing, or was resolved in the last quarter of an hour. */
export interface Alert {
  readonly rule: string
  /** The series' labels and the rule's, with `alertname` and `severity`: what makes it this alert and no other. */
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: AlertState
  /** What the condition saw when it last held; undefined where it had nothing to see. */
  readonly value: number | undefined
}

export type AlertStateName = AlertState['name'] | 'inactive'

/** One alert that changed its state. */
export interface Transition {
  readonly atMs: number
  readonly from: AlertStateName
  readonly to: AlertStateName
  readonly alert: Alert
}

/** How the last evaluation of a rule went. */
export interface RuleStatus {
  readonly rule: string
  readonly evaluatedAtMs: number | undefined
  readonly error: string | undefined
}

/** What of the manager outlives the process. */
export interface SavedAlerts {
  readonly atMs: number
  readonly alerts: ReadonlyArray<{
    readonly rule: string
    readonly seen: Labels
    readonly state: AlertState
    readonly value: number | undefined
  }>
}

/** An alert with the labels of its series alone. */
interface Live {
  readonly seen: Labels
  readonly state: AlertState
  readonly value: number | undefined
}

/** How many transitions are remembered. */
const transitionsKept = 1000

/**
 * Judges rules over a history and remembers what became of each series: inactive, pending, firing, resolved, as Prometheus
 * has it. It has no clock: the time is an argument.
 */
export class AlertManager {
  #rules: readonly AlertRule[]
  readonly #history: History
  readonly #live = new Map<string, Map<string, Live>>()
  readonly #statuses = new Map<string, RuleStatus>()
  readonly #transitions: Transition[] = []

  constructor(rules: readonly AlertRule[], history: History) {
    this.#rules = rules
    this.#history = history
  }

  get rules(): readonly AlertRule[] {
    return this.#rules
  }

  /** The last thousand changes, oldest first. */
  get transitions(): readonly Transition[] {
    return this.#transitions
  }

  get statuses(): RuleStatus[] {
    return this.#rules.map(({ name }) => this.#statuses.get(name) ?? { rule: name, evaluatedAtMs: undefined, error: undefined })
  }

  alerts(): Alert[] {
    return this.#rules.flatMap((rule) => [...(this.#live.get(rule.name)?.values() ?? [])].map((live) => toAlert(rule, live)))
  }

  /** Takes new rules. Alerts of a rule whose name stays go on; those of a rule that is gone are gone. */
  replaceRules(rules: readonly AlertRule[]): void {
    const names = new Set(rules.map(({ name }) => name))
    for (const name of [...this.#live.keys()]) if (!names.has(name)) this.#live.delete(name)
    for (const name of [...this.#statuses.keys()]) if (!names.has(name)) this.#statuses.delete(name)
    this.#rules = rules
  }

  /** Judges every rule at this moment. One that fails keeps its alerts as they are, unless it says otherwise. */
  evaluate(nowMs: number): Transition[] {
    const changed = this.#rules.flatMap((rule) => this.#evaluate(rule, nowMs))
    this.#transitions.push(...changed)
    if (this.#transitions.length > transitionsKept) this.#transitions.splice(0, this.#transitions.length - transitionsKept)
    return changed
  }

  save(atMs: number): SavedAlerts {
    const alerts = [...this.#live].flatMap(([rule, lives]) => [...lives.values()].map((live) => ({ rule, ...live })))
    return { atMs, alerts }
  }

  /** Goes on where another process stopped; what belongs to no rule any more is left out. */
  restore(saved: SavedAlerts, nowMs: number): void {
    for (const { rule: name, seen, state, value } of saved.alerts) {
      const rule = this.#rules.find((one) => one.name === name)
      if (rule === undefined) continue
      const again = restoreState(state, saved.atMs, nowMs, rule.durationMs ?? 0)
      if (again !== undefined) this.#livesOf(rule).set(seriesKey(seen), { seen, state: again, value })
    }
  }

  #evaluate(rule: AlertRule, nowMs: number): Transition[] {
    const lives = this.#livesOf(rule)
    let judged: Map<string, EvaluatedSeries>
    try {
      const known = new Map(
        [...lives].map(([identity, { seen, state }]) => [identity, { labels: seen, firing: state.name === 'firing' }]),
      )
      judged = evaluateRule(rule, this.#history, nowMs, known)
      assertUniqueNames(rule, judged)
      this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error: undefined })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#statuses.set(rule.name, { rule: rule.name, evaluatedAtMs: nowMs, error: message })
      if (rule.onError !== 'alert') return []
      judged = new Map([[seriesKey({}), { labels: {}, value: undefined, verdict: 'breached' }]])
    }
    return [...judged].flatMap(([identity, one]) => this.#step(rule, lives, identity, one, nowMs))
  }

  #step(
    rule: AlertRule,
    lives: Map<string, Live>,
    identity: string,
    { labels, value, verdict }: EvaluatedSeries,
    nowMs: number,
  ): Transition[] {
    const before = lives.get(identity)
    const times = { forMs: rule.durationMs ?? 0, keepFiringForMs: rule.keepFiringForMs ?? 0 }
    const state = step(before?.state, verdict, nowMs, times)
    const live: Live | undefined = state && { seen: labels, state, value: verdict === 'breached' ? value : before?.value }
    if (live === undefined) lives.delete(identity)
    else lives.set(identity, live)
    const from = before?.state.name ?? 'inactive'
    const to = state?.name ?? 'inactive'
    const shown = live ?? before
    return from === to || shown === undefined ? [] : [{ atMs: nowMs, from, to, alert: toAlert(rule, shown) }]
  }

  #livesOf(rule: AlertRule): Map<string, Live> {
    const lives = this.#live.get(rule.name) ?? new Map<string, Live>()
    this.#live.set(rule.name, lives)
    return lives
  }
}

function toAlert(rule: AlertRule, { seen, state, value }: Live): Alert {
  const labels = alertLabels(rule, seen)
  const data = { labels, value }
  const texts = { ...rule.annotations, ...(rule.runbookUrl !== undefined && { runbook_url: rule.runbookUrl }) }
  const annotations = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, expand(text, data)]))
  return { rule: rule.name, labels, annotations, state, value }
}

/** The rule's labels overwrite the series'. */
function alertLabels({ name, severity, labels = {} }: AlertRule, seen: Labels): Labels {
  return { ...seen, ...labels, severity, alertname: name }
}

/** Two series that become one alert by the rule's labels are an error of the rule, as in Prometheus. */
function assertUniqueNames(rule: AlertRule, judged: ReadonlyMap<string, EvaluatedSeries>): void {
  if (rule.labels === undefined) return
  const identities = new Set<string>()
  for (const { labels, verdict } of judged.values()) {
    if (verdict !== 'breached') continue
    const identity = seriesKey(alertLabels(rule, labels))
    if (identities.has(identity))
      throw new Error(`rule ${rule.name}: two series have the labels ${JSON.stringify(alertLabels(rule, labels))}`)
    identities.add(identity)
  }
}
