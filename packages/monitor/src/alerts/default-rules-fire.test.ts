import { metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import type { Sample } from '../history/series.ts'
import { conditionDirection } from './conditions.ts'
import { defaultRules } from './default-rules.ts'
import { AlertManager } from './manager.ts'
import type { AlertRule } from './rule.ts'

const stepMs = 10_000

/** Labels for every label that the metric has. */
function labelsOf(rule: AlertRule, metric: string): Record<string, string> {
  const { attributes } = metrics[metric as keyof typeof metrics]
  return { ...Object.fromEntries(attributes.map((label) => [label, 'x'])), ...rule.where }
}

function sample(rule: AlertRule, metric: string, value: number, isCounter: boolean, more: Record<string, string> = {}): Sample {
  const name = 'le' in more ? `${metric}_bucket` : metric
  return { series: { name, labels: { ...labelsOf(rule, metric), ...more }, isCounter }, value }
}

/** The samples at one tick at which the rule holds (`bad`), or well does not. */
function samplesAt(rule: AlertRule, tick: number, bad: boolean): Sample[] {
  const seconds = (tick * stepMs) / 1000
  const threshold = 'threshold' in rule ? rule.threshold : 0
  const isAbove = conditionDirection(rule) === 'above'
  const past = bad === isAbove ? threshold * 2 + 1e-3 : threshold / 2
  switch (rule.condition) {
    case 'metric_absent':
      return bad ? [] : [sample(rule, rule.metric, 1, false)]
    case 'metric_above':
    case 'metric_below':
      return [sample(rule, rule.metric, past, false)]
    case 'rate_above':
    case 'rate_below':
      return [sample(rule, rule.metric, past * seconds, true)]
    case 'ratio_above':
    case 'ratio_below':
      return [sample(rule, rule.metric, past * seconds * 10, true), sample(rule, rule.of, seconds * 10, true)]
    case 'share_above':
    case 'share_below':
      return [sample(rule, rule.metric, past * 1e6, false), sample(rule, rule.of, 1e6, false)]
    case 'quantile_above':
    case 'quantile_below': {
      const count = seconds * 100
      const bounds = [threshold / 4, threshold / 2, threshold * 4]
      const buckets = bounds.map((le) => sample(rule, rule.metric, le > threshold || !bad ? count : 0, true, { le: String(le) }))
      const all = sample(rule, rule.metric, count, true, { le: '+Inf' })
      return [...buckets, all, ...(rule.onlyIf === undefined ? [] : [sample(rule, rule.onlyIf.metric, count, true)])]
    }
    case 'forecast_above':
    case 'forecast_below':
      return [sample(rule, rule.metric, bad ? 1e9 - seconds * 1e6 : 1e9, false)]
  }
}

/** The states the rule's alert went through in a little more than its time. */
function states(rule: AlertRule, bad: boolean): Set<string> {
  const history = new TimeSeries({ intervalMs: stepMs })
  const manager = new AlertManager([rule], history)
  const seen = new Set<string>()
  const ticks = Math.ceil((rule.durationMs ?? 0) / stepMs) + 40
  for (let tick = 0; tick <= ticks; tick++) {
    history.append(tick * stepMs, samplesAt(rule, tick, bad))
    manager.evaluate(tick * stepMs)
    for (const { state } of manager.alerts()) seen.add(state.name)
  }
  return seen
}

test.each(defaultRules.map((rule) => [rule.name, rule] as const))(
  '%s fires when its condition holds for its time',
  (_name, rule) => {
    expect(states(rule, true)).toContain('firing')
  },
)

test.each(defaultRules.map((rule) => [rule.name, rule] as const))('%s is silent while all is well', (_name, rule) => {
  expect(states(rule, false)).toEqual(new Set())
})

test.each(defaultRules.filter(({ durationMs = 0 }) => durationMs > 0).map((rule) => [rule.name, rule] as const))(
  '%s waits before it fires',
  (_name, rule) => {
    expect(states(rule, true)).toContain('pending')
  },
)
