import type { RuleState } from '../../api/types.ts'
import { formatDuration } from '../../format/durations.ts'
import { quantileName } from '../../format/names.ts'
import { formatValue } from '../../format/units.ts'

type Condition = Pick<
  RuleState,
  'condition' | 'metric' | 'of' | 'where' | 'by' | 'windowMs' | 'quantile' | 'aheadMs' | 'threshold'
>

/** Returns the unit in which the values of a rule are shown: a ratio is percent. */
export function ruleUnit({ condition, unit = '' }: Pick<RuleState, 'condition' | 'unit'>): string {
  return /^(?:ratio|share)_/.test(condition) && (unit === '1' || unit === '') ? '%' : unit
}

/** Returns when a rule fires, in words: `The rate of db_errors_total over 5 min is above 1 /s, for 2 min`. */
export function describeRule(rule: RuleState): string {
  const parts = [describeCondition(rule, ruleUnit(rule))]
  if (rule.durationMs !== undefined && rule.durationMs > 0) parts.push(`for ${formatDuration(rule.durationMs / 1000)}`)
  if (rule.onlyIf !== undefined) parts.push(`while ${lowerFirst(describeCondition(rule.onlyIf, ''))}`)
  if (rule.clearThreshold !== undefined) {
    parts.push(
      `until it is ${rule.condition.endsWith('below') ? 'above' : 'below'} ${formatValue(rule.clearThreshold, ruleUnit(rule))}`,
    )
  }
  return parts.join(', ')
}

function describeCondition(condition: Condition, unit: string): string {
  if (condition.condition === 'metric_absent') return `No series of ${selector(condition)} has a value`
  const direction = condition.condition.endsWith('below') ? 'below' : 'above'
  const by = condition.by === undefined || condition.by.length === 0 ? '' : `, added up by ${condition.by.join(' and ')},`
  return `${describeQuantity(condition)}${by} is ${direction} ${formatValue(condition.threshold ?? Number.NaN, unit)}`
}

function describeQuantity(condition: Condition): string {
  const { condition: kind, of = '', windowMs = 300_000, quantile = 0, aheadMs = 0 } = condition
  const name = selector(condition)
  const window = formatDuration(windowMs / 1000)
  switch (kind.slice(0, kind.lastIndexOf('_'))) {
    case 'rate':
      return `The rate of ${name} over ${window}`
    case 'ratio':
      return `The rate of ${name} divided by that of ${of} over ${window}`
    case 'share':
      return `${name} as a share of ${of}`
    case 'quantile':
      return `The ${quantileName(quantile)} of ${name} over ${window}`
    case 'forecast':
      return `${name} in ${formatDuration(aheadMs / 1000)}, if it goes on as in the last ${window},`
    default:
      return name
  }
}

function selector({ metric, where }: Condition): string {
  const labels = Object.entries(where ?? {}).map(([label, value]) => `${label}="${value}"`)
  return labels.length === 0 ? metric : `${metric}{${labels.join(', ')}}`
}

function lowerFirst(text: string): string {
  return /^(?:The|No) /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
