import type { PrometheusRule } from './alert-rules.ts'
import { type Objectives, validateObjectives } from './objectives.ts'
import { recorded, type Window } from './recording-rules.ts'
import type { RuleGroup } from './rule-group.ts'

/**
 * How fast a budget of 30 days may burn before somebody is told (Google, The Site Reliability Workbook, chapter 5, table 5-8). Both
 * windows must burn: the long one makes sure that it matters, the short one that it still goes on.
 */
const burnRates = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'critical' },
  { factor: 6, long: '6h', short: '30m', severity: 'critical' },
  { factor: 3, long: '1d', short: '2h', severity: 'warning' },
  { factor: 1, long: '3d', short: '6h', severity: 'warning' },
] as const

const seconds: Readonly<Record<(typeof burnRates)[number]['long'], number>> = {
  '1h': 3600,
  '6h': 21_600,
  '1d': 86_400,
  '3d': 259_200,
}

interface Objective {
  readonly slo: 'availability' | 'latency'
  readonly alert: string
  readonly objective: number
  /** What was recorded of a window: the share that was bad, and how many there were a second. */
  readonly badRatio: (window: Window) => string
  readonly total: (window: Window) => string
  readonly what: string
}

/** Alerts when an error budget burns too fast. They look at what `recordingGroups` records, under the same objectives. */
export function burnRateGroups(objectives?: Objectives, runbookUrl?: string): RuleGroup[] {
  const { availability, latency, latencySeconds, minimumOperations } = validateObjectives(objectives)
  const all: readonly Objective[] = [
    {
      slo: 'availability',
      alert: 'AvailabilityBudgetBurn',
      objective: availability,
      badRatio: (window) => recorded(window).errorRatio,
      total: (window) => recorded(window).operations,
      what: 'of the operations of {{ $labels.store }} fail',
    },
    {
      slo: 'latency',
      alert: 'LatencyBudgetBurn',
      objective: latency,
      badRatio: (window) => recorded(window).slowRatio,
      total: (window) => recorded(window).timed,
      what: `of the gets and sets of {{ $labels.store }} take longer than ${latencySeconds} s`,
    },
  ]
  return all.map((objective) => ({
    name: `wombat-slo-${objective.slo}`,
    interval: '30s',
    rules: burnRates.map((burn) => burnRateRule(objective, burn, minimumOperations, runbookUrl)),
  }))
}

function burnRateRule(
  { slo, alert, objective, badRatio, total, what }: Objective,
  { factor, long, short, severity }: (typeof burnRates)[number],
  minimumOperations: number,
  runbookUrl = '@wombat/monitor/RUNBOOK.md',
): PrometheusRule {
  // 1 - 0.999 has a tail of rounding that nobody wants to read.
  const budget = Number((1 - objective).toPrecision(12))
  const burns = (window: Window): string => `${badRatio(window)} > ${factor} * ${budget}`
  return {
    alert,
    expr: `${burns(long)} and ${burns(short)} and ${total(long)} * ${seconds[long]} >= ${minimumOperations}`,
    labels: { severity, slo, long_window: long, short_window: short },
    annotations: {
      summary: `{{ $value | humanizePercentage }} ${what}: the budget of ${percent(budget)} burns ${factor === 1 ? '' : `more than ${factor} times `}too fast.`,
      runbook_url: `${runbookUrl}#errorbudgetburn`,
    },
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`
}
