import { type AlertRule, type Condition, conditionMetrics } from '@wombat/monitor'
import { duration, labelMatchers } from '../promql.ts'

/** One rule of a Prometheus rule file. */
export interface PrometheusRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * A rule of ours as a rule of Prometheus that fires in the same moments, given the same samples.
 *
 * @throws TypeError for what PromQL has no words for: `noData: 'keep'` and `onError: 'alert'`.
 */
export function prometheusRule(rule: AlertRule): PrometheusRule {
  if (rule.noData === 'keep') throw new TypeError(`rule ${rule.name}: noData "keep" is nothing that Prometheus can do`)
  if (rule.onError === 'alert') throw new TypeError(`rule ${rule.name}: onError "alert" is nothing that Prometheus can do`)
  const annotations = { ...rule.annotations, ...(rule.runbookUrl !== undefined && { runbook_url: rule.runbookUrl }) }
  return {
    alert: rule.name,
    expr: ruleExpression(rule),
    ...(rule.durationMs && { for: duration(rule.durationMs) }),
    ...(rule.keepFiringForMs && { keep_firing_for: duration(rule.keepFiringForMs) }),
    labels: { ...rule.labels, severity: rule.severity },
    ...(Object.keys(annotations).length > 0 && { annotations: mapValues(annotations, template) }),
  }
}

function ruleExpression(rule: AlertRule): string {
  const breached = withClearing(rule)
  const onlyIf = rule.onlyIf === undefined ? breached : `(${breached}) and ${on(rule.onlyIfBy)}(${comparison(rule.onlyIf)})`
  return rule.noData === 'alert' ? `(${onlyIf}) or absent(${selected(conditionMetrics(rule), rule.where)})` : onlyIf
}

function on(labels: readonly string[] | undefined): string {
  return labels === undefined ? '' : `on (${labels.join(', ')}) `
}

/** While an alert fires another threshold counts. That it fires, Prometheus knows from the series ALERTS of the evaluation before. */
function withClearing(rule: AlertRule): string {
  const enters = comparison(rule)
  if (rule.clearThreshold === undefined || !('threshold' in rule)) return enters
  const stays = comparison({ ...rule, threshold: rule.clearThreshold })
  const own = ['alertname', 'alertstate', 'severity', ...Object.keys(rule.labels ?? {})]
  return `(${enters}) or ((${stays}) and ignoring (${own.join(', ')}) ALERTS{alertname="${rule.name}",alertstate="firing"})`
}

function comparison(condition: Condition): string {
  if (condition.condition === 'metric_absent') return `absent(${selected(condition.metric, condition.where)})`
  return `${quantity(condition)} ${condition.condition.endsWith('_above') ? '>' : '<'} ${condition.threshold}`
}

type Compared = Exclude<Condition, { readonly condition: 'metric_absent' }>

function quantity(condition: Compared): string {
  const { metric, where } = condition
  switch (condition.condition) {
    case 'metric_above':
    case 'metric_below':
      return selected(metric, where)
    case 'rate_above':
    case 'rate_below':
      return summed(rated(metric, where, condition.windowMs), condition.by)
    case 'ratio_above':
    case 'ratio_below': {
      const { of, by, windowMs } = condition
      return `${summed(rated(metric, where, windowMs), by)} / ${summed(rated(of, where, windowMs), by)}`
    }
    case 'share_above':
    case 'share_below':
      return `${summed(selected(metric, where), condition.by)} / ${summed(selected(condition.of, where), condition.by)}`
    case 'quantile_above':
    case 'quantile_below': {
      const { by, quantile, windowMs } = condition
      return `histogram_quantile(${quantile}, ${summed(rated(conditionMetrics(condition), where, windowMs), by && [...by, 'le'])})`
    }
    case 'forecast_above':
    case 'forecast_below':
      return `predict_linear(${selected(metric, where)}[${window(condition.windowMs)}], ${condition.aheadMs / 1000})`
  }
}

function selected(metric: string, where: Condition['where'] = {}): string {
  return `${metric}${labelMatchers(where)}`
}

function rated(metric: string, where: Condition['where'], windowMs: number | undefined): string {
  return `rate(${selected(metric, where)}[${window(windowMs)}])`
}

function window(windowMs = 5 * 60_000): string {
  return duration(windowMs)
}

function summed(expression: string, by: readonly string[] | undefined): string {
  return by === undefined ? expression : `sum by (${by.join(', ')}) (${expression})`
}

const formats: Readonly<Record<string, string>> = {
  percent: '{{ $value | humanizePercentage }}',
  // It says how many Mi, not of what.
  bytes: '{{ $value | humanize1024 }}B',
  duration: '{{ $value | humanizeDuration }}',
}

/** Our templates in Prometheus' words. */
function template(text: string): string {
  return text
    .replace(/\{\{\s*labels\.(\w+)\s*\}\}/g, '{{ $labels.$1 }}')
    .replace(/\{\{\s*value\s*(?:\|\s*(\w+)\s*)?\}\}/g, (_all, format = '') => formats[format] ?? '{{ $value }}')
}

function mapValues(texts: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, change(text)]))
}
