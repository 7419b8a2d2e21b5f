import { type AlertRule, conditionDirection, defaultRules, type Severity } from '@wombat/monitor'
import { unitName } from './units.ts'

const colours: Readonly<Record<Severity, string>> = { info: 'blue', warning: 'orange', critical: 'red', emergency: 'dark-red' }
const well = 'green'

/** From which value on (`null`: from below all others) a panel has which colour. */
export interface Step {
  readonly value: number | null
  readonly color: string
}

/** The default rules of these names. @throws Error where there is no rule of such a name. */
export function findRules(names: readonly string[]): readonly AlertRule[] {
  return names.map((name) => {
    const found = defaultRules.find((rule) => rule.name === name)
    if (found === undefined) throw new Error(`no default rule ${name}, only ${defaultRules.map((rule) => rule.name).join(', ')}`)
    return found
  })
}

/** The value at which a default rule is breached. @throws Error where it has none. */
export function alertThreshold(rule: AlertRule): number {
  if ('threshold' in rule) return rule.threshold
  throw new Error(`rule ${rule.name} has no threshold`)
}

/** Colours of a panel that shows what these rules judge: the rule's own thresholds, never written again. */
export function thresholdSteps(rules: readonly AlertRule[]): readonly Step[] {
  if (rules.length === 0) return [{ value: null, color: well }]
  const colourAt = new Map(rules.map((rule) => [alertThreshold(rule), colours[rule.severity]]))
  const sorted = [...colourAt].sort(([a], [b]) => a - b)
  const values = sorted.map(([value]) => value)
  const bad = sorted.map(([, color]) => color)
  const isBelow = rules.every((rule) => conditionDirection(rule) === 'below')
  const steps = isBelow ? [...bad, well] : [well, ...bad]
  return steps.map((color, index) => ({ value: index === 0 ? null : (values[index - 1] ?? null), color }))
}

/** Colours of a count that is 0 while all is well. */
export const badAboveZero: readonly Step[] = [
  { value: null, color: well },
  { value: 1, color: colours.critical },
]

/** What a panel says of the rules that judge it: when they fire, and where to read on. */
export function describeRules(rules: readonly AlertRule[], unit: string): string {
  return rules
    .map((rule) => {
      return `Alert ${rule.name} (${rule.severity}): ${conditionDirection(rule)} ${unitName(alertThreshold(rule), unit)}.`
    })
    .concat(
      [...new Set(rules.map(runbookLink))].filter((text) => text !== undefined && !isUrl(text)).map((text) => `Runbook: ${text}`),
    )
    .join('\n')
}

/** The runbook's sections that can be opened from a panel. */
export function runbookLinks(rules: readonly AlertRule[]): ReadonlyArray<{ readonly title: string; readonly url: string }> {
  const links = new Map(rules.map((rule) => [runbookLink(rule) ?? '', `Runbook: ${rule.name}`]))
  return [...links].filter(([url]) => isUrl(url)).map(([url, title]) => ({ title, url }))
}

function runbookLink(rule: AlertRule): string | undefined {
  return rule.runbookUrl ?? rule.annotations?.['runbook']
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text)
}

/** The default rules' names, for what shows their alerts. */
export const ruleNames: readonly string[] = defaultRules.map(({ name }) => name)
