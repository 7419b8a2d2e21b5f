import { defaultRunbookUrl } from '@wombat/monitor'
import { type Objectives, validateObjectives } from './objectives.ts'
import { recordedNames, type Window } from './recording-rules.ts'
import type { PrometheusRule, RuleGroup } from './rule-file.ts'

/**
 * Burn rates that alert, for an error budget of 30 days (Google, The Site Reliability Workbook, chapter 5, table 5-8). Both windows
 * must burn: the long window shows that the burn is significant, the short window that it continues.
 */
const burnRates = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'critical' },
  { factor: 6, long: '6h', short: '30m', severity: 'critical' },
  { factor: 3, long: '1d', short: '2h', severity: 'warning' },
  { factor: 1, long: '3d', short: '6h', severity: 'warning' },
] as const

const windowSeconds: Readonly<Record<(typeof burnRates)[number]['long'], number>> = {
  '1h': 3600,
  '6h': 21_600,
  '1d': 86_400,
  '3d': 259_200,
}

interface Objective {
  readonly slo: 'availability' | 'latency'
  readonly alert: string
  /** Share of operations that must be good. */
  readonly target: number
  /** Recorded share of bad operations. */
  readonly badRatio: (window: Window) => string
  /** Recorded operations per second. */
  readonly total: (window: Window) => string
  readonly badOperations: string
}

/**
 * Returns the alerts `AvailabilityBudgetBurn` and `LatencyBudgetBurn`. They need the series of `recordingGroups` with the same
 * objectives. `runbookUrl` is where you publish RUNBOOK.md of `@wombat/monitor`.
 *
 * @throws RangeError if an objective is out of range.
 */
export function burnRateGroups(objectives?: Objectives, runbookUrl: string = defaultRunbookUrl): RuleGroup[] {
  const { availability, latency, latencySeconds, minimumOperations } = validateObjectives(objectives)
  const all: readonly Objective[] = [
    {
      slo: 'availability',
      alert: 'AvailabilityBudgetBurn',
      target: availability,
      badRatio: (window) => recordedNames(window).errorRatio,
      total: (window) => recordedNames(window).operations,
      badOperations: 'of the operations of {{ $labels.store }} fail',
    },
    {
      slo: 'latency',
      alert: 'LatencyBudgetBurn',
      target: latency,
      badRatio: (window) => recordedNames(window).slowRatio,
      total: (window) => recordedNames(window).latencyCount,
      badOperations: `of the gets and sets of {{ $labels.store }} take longer than ${latencySeconds} s`,
    },
  ]
  return all.map((objective) => ({
    name: `wombat-slo-${objective.slo}`,
    interval: '30s',
    rules: burnRates.map((burnRate) => burnRateRule(objective, burnRate, minimumOperations, runbookUrl)),
  }))
}

function burnRateRule(
  { slo, alert, target, badRatio, total, badOperations }: Objective,
  { factor, long, short, severity }: (typeof burnRates)[number],
  minimumOperations: number,
  runbookUrl: string,
): PrometheusRule {
  // Rounds off the floating-point error of 1 - 0.999.
  const budget = Number((1 - target).toPrecision(12))
  const burnCondition = (window: Window): string => `${badRatio(window)} > ${factor} * ${budget}`
  return {
    alert,
    expr: `${burnCondition(long)} and ${burnCondition(short)} and ${total(long)} * ${windowSeconds[long]} >= ${minimumOperations} and ${badRatio(long)} * ${total(long)} * ${windowSeconds[long]} >= ${minimumFailures}`,
    labels: { severity, slo, long_window: long, short_window: short },
    annotations: {
      summary: `{{ $value | humanizePercentage }} ${badOperations}: the error budget of ${percent(budget)} burns at more than ${factor === 1 ? '' : `${factor} times `}the sustainable rate.`,
      runbook_url: `${runbookUrl}#errorbudgetburn`,
    },
  }
}

/** A single failure must not alert, however few operations there are. */
const minimumFailures = 5

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`
}
