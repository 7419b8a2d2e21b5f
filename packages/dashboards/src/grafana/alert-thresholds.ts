import { type AlertRule, conditionDirection, defaultRules, type Severity } from '@wombat/monitor'
import { formatValue } from './units.ts'

const severityColors: Readonly<Record<Severity, string>> = {
  info: 'blue',
  warning: 'orange',
  critical: 'red',
  emergency: 'dark-red',
}
const okColor = 'green'

/** One step of Grafana's thresholds: the color from `value` on. The first step has no value. */
export interface ThresholdStep {
  readonly value: number | null
  readonly color: string
}

/** Names of the default alert rules. */
export const defaultRuleNames: readonly string[] = defaultRules.map(({ name }) => name)

/** Returns the default alert rules with these names. @throws Error for an unknown name. */
export function findRules(names: readonly string[]): readonly AlertRule[] {
  return names.map((name) => {
    const match = defaultRules.find((rule) => rule.name === name)
    if (match === undefined) throw new Error(`unknown default rule ${name}; the default rules are ${defaultRuleNames.join(', ')}`)
    return match
  })
}

/** Returns the names of the default alert rules of one family: `HighErrorRate` has a rule per operation. @throws Error if it has none. */
export function ruleFamily(prefix: string): readonly string[] {
  const names = defaultRuleNames.filter((name) => name.startsWith(prefix))
  if (names.length === 0) throw new Error(`no default rule starts with ${prefix}`)
  return names
}

/** Returns the threshold of a rule. @throws Error if its condition has none. */
function alertThreshold(rule: AlertRule): number {
  if ('threshold' in rule) return rule.threshold
  throw new Error(`alert rule ${rule.name} has no threshold`)
}

/** Returns Grafana's threshold steps for these rules: green on the good side, the severity's color beyond each threshold. */
export function thresholdSteps(rules: readonly AlertRule[]): readonly ThresholdStep[] {
  if (rules.length === 0) return [{ value: null, color: okColor }]
  const colorByThreshold = new Map(rules.map((rule) => [alertThreshold(rule), severityColors[rule.severity]]))
  const sorted = [...colorByThreshold].sort(([a], [b]) => a - b)
  const thresholds = sorted.map(([threshold]) => threshold)
  const alertColors = sorted.map(([, color]) => color)
  const isBelow = rules.every((rule) => conditionDirection(rule) === 'below')
  const colors = isBelow ? [...alertColors, okColor] : [okColor, ...alertColors]
  return colors.map((color, index) => ({ value: index === 0 ? null : (thresholds[index - 1] ?? null), color }))
}

/** Threshold steps of a count that should be 0. */
export const errorCountSteps: readonly ThresholdStep[] = [
  { value: null, color: okColor },
  { value: 1, color: severityColors.critical },
]

/** Returns one line per rule with its severity and threshold, and the runbook sections that are not URLs. */
export function describeRules(rules: readonly AlertRule[], unit: string): string {
  const alerts = rules.map((rule) => {
    return `Alert ${rule.name} (${rule.severity}): ${conditionDirection(rule)} ${formatValue(alertThreshold(rule), unit)}.`
  })
  const sections = [...new Set(rules.map(runbookSection))].filter((text) => text !== undefined && !isUrl(text))
  return [...alerts, ...sections.map((text) => `Runbook: ${text}`)].join('\n')
}

/** Returns links to the runbook sections that are URLs. */
export function runbookLinks(rules: readonly AlertRule[]): ReadonlyArray<{ readonly title: string; readonly url: string }> {
  const links = new Map(rules.map((rule) => [runbookSection(rule) ?? '', `Runbook: ${rule.name}`]))
  return [...links].filter(([url]) => isUrl(url)).map(([url, title]) => ({ title, url }))
}

function runbookSection(rule: AlertRule): string | undefined {
  return rule.runbookUrl ?? rule.annotations?.['runbook']
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text)
}
