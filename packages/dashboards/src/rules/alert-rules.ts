import { type AlertRule, type Condition, conditionMetrics } from '@wombat/monitor'
import { formatDuration, labelMatchers } from '../promql.ts'
import type { PrometheusRule, RuleGroup } from './rule-file.ts'

/** Location of the runbook that is shipped with `@wombat/monitor`, as its default rules name it. */
export const shippedRunbook = '@wombat/monitor/RUNBOOK.md'

/**
 * Returns an alert rule as a Prometheus alerting rule that fires at the same times, given the same samples.
 *
 * @throws TypeError if Prometheus has no equivalent: for `noData: 'keep'` and `onError: 'alert'`.
 * @example
 * ```js
 * import { prometheusRule } from '@wombat/dashboards'
 *
 * const rule = prometheusRule({
 *   name: 'ManyOpenIterators',
 *   condition: 'metric_above',
 *   metric: 'db_open_iterators',
 *   threshold: 100,
 *   durationMs: 300_000,
 *   severity: 'warning',
 * })
 * console.log(rule.expr, rule.for) // db_open_iterators > 100 5m
 * ```
 */
export function prometheusRule(rule: AlertRule): PrometheusRule {
  if (rule.noData === 'keep') throw new TypeError(`alert rule ${rule.name}: noData "keep" has no Prometheus equivalent`)
  if (rule.onError === 'alert') throw new TypeError(`alert rule ${rule.name}: onError "alert" has no Prometheus equivalent`)
  const annotations = { ...rule.annotations, ...(rule.runbookUrl !== undefined && { runbook_url: rule.runbookUrl }) }
  return {
    alert: rule.name,
    expr: ruleExpression(rule),
    ...(rule.durationMs && { for: formatDuration(rule.durationMs) }),
    ...(rule.keepFiringForMs && { keep_firing_for: formatDuration(rule.keepFiringForMs) }),
    labels: { ...rule.labels, severity: rule.severity },
    ...(Object.keys(annotations).length > 0 && { annotations: mapValues(annotations, prometheusTemplate) }),
  }
}

function ruleExpression(rule: AlertRule): string {
  const breached = withClearing(rule)
  const onlyIf = rule.onlyIf === undefined ? breached : `(${breached}) and ${on(rule.onlyIfBy)}(${comparison(rule.onlyIf)})`
  return rule.noData === 'alert' ? `(${onlyIf}) or absent(${selector(conditionMetrics(rule), rule.where)})` : onlyIf
}

function on(labels: readonly string[] | undefined): string {
  return labels === undefined ? '' : `on (${labels.join(', ')}) `
}

/** While the alert fires, `clearThreshold` applies. Prometheus records firing alerts in the series ALERTS at each evaluation. */
function withClearing(rule: AlertRule): string {
  const raises = comparison(rule)
  if (rule.clearThreshold === undefined || !('threshold' in rule)) return raises
  const keeps = comparison({ ...rule, threshold: rule.clearThreshold })
  const alertLabels = ['alertname', 'alertstate', 'severity', ...Object.keys(rule.labels ?? {})]
  return `(${raises}) or ((${keeps}) and ignoring (${alertLabels.join(', ')}) ALERTS{alertname="${rule.name}",alertstate="firing"})`
}

function comparison(condition: Condition): string {
  if (condition.condition === 'metric_absent') return `absent(${selector(condition.metric, condition.where)})`
  return `${quantity(condition)} ${condition.condition.endsWith('_above') ? '>' : '<'} ${condition.threshold}`
}

type ThresholdCondition = Exclude<Condition, { readonly condition: 'metric_absent' }>

function quantity(condition: ThresholdCondition): string {
  const { metric, where } = condition
  switch (condition.condition) {
    case 'metric_above':
    case 'metric_below':
      return selector(metric, where)
    case 'rate_above':
    case 'rate_below':
      return sumBy(rateOf(metric, where, condition.windowMs), condition.by)
    case 'ratio_above':
    case 'ratio_below': {
      const { of, by, windowMs } = condition
      return `${sumBy(rateOf(metric, where, windowMs), by)} / ${sumBy(rateOf(of, where, windowMs), by)}`
    }
    case 'share_above':
    case 'share_below':
      return `${sumBy(selector(metric, where), condition.by)} / ${sumBy(selector(condition.of, where), condition.by)}`
    case 'quantile_above':
    case 'quantile_below': {
      const { by, quantile, windowMs } = condition
      return `histogram_quantile(${quantile}, ${sumBy(rateOf(conditionMetrics(condition), where, windowMs), by && [...by, 'le'])})`
    }
    case 'forecast_above':
    case 'forecast_below':
      return `predict_linear(${selector(metric, where)}[${window(condition.windowMs)}], ${condition.aheadMs / 1000})`
  }
}

function selector(metric: string, where: Condition['where'] = {}): string {
  return `${metric}${labelMatchers(where)}`
}

function rateOf(metric: string, where: Condition['where'], windowMs: number | undefined): string {
  return `rate(${selector(metric, where)}[${window(windowMs)}])`
}

function window(windowMs = 5 * 60_000): string {
  return formatDuration(windowMs)
}

function sumBy(expression: string, by: readonly string[] | undefined): string {
  return by === undefined ? expression : `sum by (${by.join(', ')}) (${expression})`
}

const formats: Readonly<Record<string, string>> = {
  percent: '{{ $value | humanizePercentage }}',
  // humanize1024 gives the prefix (Mi) without the unit.
  bytes: '{{ $value | humanize1024 }}B',
  duration: '{{ $value | humanizeDuration }}',
}

/** Translates `{{ labels.x }}` and `{{ value | format }}` into Prometheus' template language. */
function prometheusTemplate(text: string): string {
  return text
    .replace(/\{\{\s*labels\.(\w+)\s*\}\}/g, '{{ $labels.$1 }}')
    .replace(/\{\{\s*value\s*(?:\|\s*(\w+)\s*)?\}\}/g, (_all, format = '') => formats[format] ?? '{{ $value }}')
}

function mapValues(texts: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, change(text)]))
}

/**
 * Returns one rule group with these alert rules. `runbookUrl` is where you publish RUNBOOK.md of `@wombat/monitor`: rules that name
 * one of its sections link there.
 *
 * @throws TypeError if a rule has no Prometheus equivalent (see {@link prometheusRule}) or if two rules have the same name.
 */
export function alertGroup(rules: readonly AlertRule[], runbookUrl = shippedRunbook, name = 'wombat-alerts'): RuleGroup {
  const names = new Set<string>()
  for (const rule of rules) {
    if (names.has(rule.name)) throw new TypeError(`two alert rules are named ${rule.name}: give each a unique name`)
    names.add(rule.name)
  }
  return { name, interval: '30s', rules: rules.map((rule) => withRunbookUrl(prometheusRule(rule), runbookUrl)) }
}

/** Replaces the annotation `runbook` by `runbook_url` if it names a section of the shipped runbook. */
function withRunbookUrl({ annotations = {}, ...rule }: PrometheusRule, runbookUrl: string): PrometheusRule {
  const { runbook, ...others } = annotations
  const isShipped = runbook !== undefined && others['runbook_url'] === undefined && runbook.startsWith(`${shippedRunbook}#`)
  const all = isShipped ? { ...others, runbook_url: runbook.replace(shippedRunbook, runbookUrl) } : annotations
  return { ...rule, ...(Object.keys(all).length > 0 && { annotations: all }) }
}
