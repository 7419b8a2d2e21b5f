import {
  type AlertRule,
  type Condition,
  type ConditionFields,
  type ConditionName,
  conditionDirection,
  conditionSeries,
  defaultRunbookUrl,
} from '@wombat/monitor'
import { formatDuration, labelMatchers } from '../promql.ts'
import type { PrometheusRule, RuleGroup } from './rule-file.ts'

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
    expr: withoutOwnAlerts(rule.name, ruleExpression(rule)),
    ...(rule.durationMs && { for: formatDuration(rule.durationMs) }),
    ...(rule.keepFiringForMs && { keep_firing_for: formatDuration(rule.keepFiringForMs) }),
    labels: { ...rule.labels, severity: rule.severity },
    ...(Object.keys(annotations).length > 0 && { annotations: mapValues(annotations, prometheusTemplate) }),
  }
}

/** A rule does not count its own alerts, as in the process. */
function withoutOwnAlerts(ruleName: string, expression: string): string {
  return expression.replace(/\bdb_alerts\b(?:\{((?:[^}"]|"(?:[^"\\]|\\.)*")*)\})?/g, (whole, matchers: string = '') =>
    /\balertname=/.test(matchers) ? whole : `db_alerts{${matchers === '' ? '' : `${matchers},`}alertname!="${ruleName}"}`,
  )
}

function ruleExpression(rule: AlertRule): string {
  const breached = withClearThreshold(rule)
  const onlyIf = rule.onlyIf === undefined ? breached : `(${breached}) and ${onClause(rule.onlyIfBy)}(${comparison(rule.onlyIf)})`
  const isOptional = conditionDirection(rule) !== 'absent'
  return rule.noData === 'alert' && isOptional ? `(${onlyIf}) or absent(${selector(conditionSeries(rule), rule.where)})` : onlyIf
}

function onClause(labels: readonly string[] | undefined): string {
  return labels === undefined ? '' : `on (${labels.join(', ')}) `
}

/** While the alert fires, `clearThreshold` applies. Prometheus records firing alerts in the series ALERTS at each evaluation. */
function withClearThreshold(rule: AlertRule): string {
  const fireCondition = comparison(rule)
  if (rule.clearThreshold === undefined || !('threshold' in rule)) return fireCondition
  const keepCondition = comparison({ ...rule, threshold: rule.clearThreshold })
  const alertLabels = ['alertname', 'alertstate', 'severity', ...Object.keys(rule.labels ?? {})]
  return `(${fireCondition}) or ((${keepCondition}) and ignoring (${alertLabels.join(', ')}) ALERTS{alertname="${rule.name}",alertstate="firing"})`
}

/** PromQL of the value that each condition compares. A condition without an entry fails to compile. */
const quantities: { readonly [Name in ConditionName]: (condition: Condition<Name>) => string } = {
  metric_above: newestValue,
  metric_below: newestValue,
  metric_absent: ({ metric, where }) => `absent(${selector(metric, where)})`,
  rate_above: rate,
  rate_below: rate,
  ratio_above: ratio,
  ratio_below: ratio,
  share_above: share,
  share_below: share,
  quantile_above: quantile,
  quantile_below: quantile,
  forecast_above: forecast,
  forecast_below: forecast,
}

const operators = { above: '>', below: '<' } as const

function comparison(condition: Condition): string {
  const value = quantity(condition)
  const direction = conditionDirection(condition)
  return direction === 'absent' || !('threshold' in condition) ? value : `${value} ${operators[direction]} ${condition.threshold}`
}

function quantity<Name extends ConditionName>(condition: Condition<Name>): string {
  const name: Name = condition.condition
  return quantities[name](condition)
}

type Fields<Names extends keyof ConditionFields> = Pick<ConditionFields, Names>

function newestValue({ metric, where }: Fields<'metric' | 'where'>): string {
  return selector(metric, where)
}

function rate({ metric, where, by, windowMs }: Fields<'metric' | 'where' | 'by' | 'windowMs'>): string {
  return sumBy(counterRate(metric, where, windowMs), by)
}

function ratio({ metric, of, where, by, windowMs }: Fields<'metric' | 'of' | 'where' | 'by' | 'windowMs'>): string {
  return `${sumBy(counterRate(metric, where, windowMs), by)} / ${sumBy(counterRate(of, where, windowMs), by)}`
}

function share({ metric, of, where, by }: Fields<'metric' | 'of' | 'where' | 'by'>): string {
  return `${sumBy(selector(metric, where), by)} / ${sumBy(selector(of, where), by)}`
}

function quantile(condition: Condition<'quantile_above' | 'quantile_below'>): string {
  const { by, where, windowMs } = condition
  const ofQuantile = (series: string): string => `histogram_quantile(${condition.quantile}, ${series})`
  const native = sumBy(counterRate(condition.metric, where, windowMs), by)
  const buckets = sumBy(counterRate(conditionSeries(condition), where, windowMs), by && [...by, 'le'])
  // Whichever of them Prometheus stores.
  return `(${ofQuantile(native)} or ${ofQuantile(buckets)})`
}

function forecast({ metric, where, windowMs, aheadMs }: Fields<'metric' | 'where' | 'windowMs' | 'aheadMs'>): string {
  return `predict_linear(${selector(metric, where)}[${window(windowMs)}], ${aheadMs / 1000})`
}

function selector(metric: string, where: Condition['where'] = {}): string {
  return `${metric}${labelMatchers(where)}`
}

function counterRate(metric: string, where: Condition['where'], windowMs: number | undefined): string {
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
    .replace(
      /\{\{\s*value\s*(?:\|\s*(\w+)\s*)?\}\}/g,
      (_all, format = '') => (Object.hasOwn(formats, format) ? formats[format] : undefined) ?? '{{ $value }}',
    )
}

function mapValues(texts: Readonly<Record<string, string>>, transform: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, transform(text)]))
}

/**
 * Returns one rule group with these alert rules. `runbookUrl` is where you publish RUNBOOK.md of `@wombat/monitor`, if not in
 * its repository: rules that name one of its sections link there.
 *
 * @throws TypeError if a rule has no Prometheus equivalent (see {@link prometheusRule}) or if two rules have the same name.
 */
export function alertGroup(
  rules: readonly AlertRule[],
  runbookUrl: string = defaultRunbookUrl,
  name = 'wombat-alerts',
): RuleGroup {
  const names = new Set<string>()
  for (const rule of rules) {
    if (names.has(rule.name)) throw new TypeError(`two alert rules are named ${rule.name}: give each a unique name`)
    names.add(rule.name)
  }
  return { name, interval: '30s', rules: rules.map((rule) => withRunbookUrl(prometheusRule(rule), runbookUrl)) }
}

/** Replaces the address of the default runbook. */
function withRunbookUrl({ annotations, ...rule }: PrometheusRule, runbookUrl: string): PrometheusRule {
  if (annotations === undefined) return rule
  const { runbook_url: url } = annotations
  const isDefault = url?.startsWith(`${defaultRunbookUrl}#`)
  return {
    ...rule,
    annotations: isDefault
      ? { ...annotations, runbook_url: (url as string).replace(defaultRunbookUrl, runbookUrl) }
      : annotations,
  }
}
