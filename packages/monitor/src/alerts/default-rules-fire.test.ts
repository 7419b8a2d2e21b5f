import { metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import type { Sample } from '../history/series.ts'
import { conditionDirection } from './conditions.ts'
import { defaultRules } from './default-rules.ts'
import { AlertManager } from './manager.ts'
import type { AlertRule } from './rule.ts'

const stepMs = 10_000

/** Returns a value for every label of the metric. */
function createLabels(rule: AlertRule, metric: string): Record<string, string> {
  const { attributes } = metrics[metric as keyof typeof metrics]
  return { ...Object.fromEntries(attributes.map((label) => [label, 'x'])), ...rule.where }
}

function createSample(
  rule: AlertRule,
  metric: string,
  value: number,
  isCounter: boolean,
  more: Record<string, string> = {},
): Sample {
  const name = 'le' in more ? `${metric}_bucket` : metric
  return { series: { name, labels: { ...createLabels(rule, metric), ...more }, isCounter }, value }
}

/** Returns samples for which the rule's condition holds (`breached`), or does not. */
function samplesAt(rule: AlertRule, index: number, breached: boolean): Sample[] {
  const seconds = (index * stepMs) / 1000
  const threshold = 'threshold' in rule ? rule.threshold : 0
  const isAbove = conditionDirection(rule) === 'above'
  const value = breached === isAbove ? threshold * 2 + 1e-3 : threshold / 2
  switch (rule.condition) {
    case 'metric_absent':
      return breached ? [] : [createSample(rule, rule.metric, 1, false)]
    case 'metric_above':
    case 'metric_below':
      return [createSample(rule, rule.metric, value, false), ...onlyIfSamples(rule)]
    case 'rate_above':
    case 'rate_below':
      return [createSample(rule, rule.metric, value * seconds, true)]
    case 'ratio_above':
    case 'ratio_below':
      return [createSample(rule, rule.metric, value * seconds * 10, true), createSample(rule, rule.of, seconds * 10, true)]
    case 'share_above':
    case 'share_below':
      return [createSample(rule, rule.metric, value * 1e10, false), createSample(rule, rule.of, 1e10, false)]
    case 'quantile_above':
    case 'quantile_below': {
      const count = seconds * 100
      const bounds = [threshold / 4, threshold / 2, threshold * 4]
      const buckets = bounds.map((le) =>
        createSample(rule, rule.metric, le > threshold || !breached ? count : 0, true, { le: String(le) }),
      )
      const all = createSample(rule, rule.metric, count, true, { le: '+Inf' })
      return [...buckets, all, ...(rule.onlyIf === undefined ? [] : [createSample(rule, rule.onlyIf.metric, count, true)])]
    }
    case 'forecast_above':
    case 'forecast_below':
      return [createSample(rule, rule.metric, breached ? 1e9 - seconds * 1e5 : 1e9, false), ...onlyIfSamples(rule)]
    default:
      throw new Error(`this test has no samples for the condition of ${JSON.stringify(rule)}`)
  }
}

/** Returns samples for which the second condition of a rule holds, if it reads another metric. */
function onlyIfSamples({ onlyIf }: AlertRule): Sample[] {
  if (onlyIf === undefined) return []
  const sample = (name: string, value: number): Sample => {
    const { attributes } = metrics[name as keyof typeof metrics]
    const labels = { ...Object.fromEntries(attributes.map((label) => [label, 'x'])), ...onlyIf.where }
    return { series: { name, labels, isCounter: false }, value }
  }
  return [sample('of' in onlyIf ? onlyIf.of : onlyIf.metric, 'of' in onlyIf ? 1e11 : 1)]
}

/** Returns the states of the rule's alert over a little more than its duration. */
function observedStates(rule: AlertRule, breached: boolean): Set<string> {
  const history = new TimeSeries({ intervalMs: stepMs })
  const manager = new AlertManager([rule], history)
  const seen = new Set<string>()
  const steps = Math.ceil((rule.durationMs ?? 0) / stepMs) + 40
  for (let index = 0; index <= steps; index++) {
    history.append(index * stepMs, samplesAt(rule, index, breached))
    manager.evaluate(index * stepMs)
    for (const { state } of manager.alerts()) seen.add(state.name)
  }
  return seen
}

test.each(defaultRules.map((rule) => [rule.name, rule] as const))(
  '%s fires when its condition holds for its duration',
  (_name, rule) => {
    expect(observedStates(rule, true)).toContain('firing')
  },
)

test.each(defaultRules.map((rule) => [rule.name, rule] as const))(
  '%s is inactive while its condition does not hold',
  (_name, rule) => {
    expect(observedStates(rule, false)).toEqual(new Set())
  },
)

test.each(defaultRules.filter(({ durationMs = 0 }) => durationMs > 0).map((rule) => [rule.name, rule] as const))(
  '%s is pending before it fires',
  (_name, rule) => {
    expect(observedStates(rule, true)).toContain('pending')
  },
)
