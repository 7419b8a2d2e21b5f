import { z } from 'zod'
import { describeContent } from '../format-issue.ts'
import { type AlertRule, severities } from './rule.ts'
import { validateTemplate } from './template.ts'

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .describe('letters, digits and underscores, beginning with a letter')
const metric = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .describe("a metric's name")
const where = z.record(name, z.string()).describe('an object of label values').optional()
const by = z.array(name).min(1).describe('a list of label names').optional()
const windowMs = z
  .int()
  .min(1000)
  .max(31 * 86_400_000)
  .describe('a whole number of milliseconds from 1000 to 31 days')
  .optional()
const threshold = z.number().describe('a number')

const base = { metric, where }
const conditionFields = {
  metric: { ...base, threshold },
  metric_absent: base,
  rate: { ...base, by, windowMs, threshold },
  ratio: { ...base, of: metric, by, windowMs, threshold },
  share: { ...base, of: metric, by, threshold },
  quantile: { ...base, quantile: z.number().gt(0).lt(1).describe('a number between 0 and 1'), by, windowMs, threshold },
  forecast: { ...base, windowMs, aheadMs: z.int().min(1000).describe('a whole number of milliseconds from 1000'), threshold },
}

/** The fields that belong to each condition. */
const fieldsOf: Readonly<Record<AlertRule['condition'], z.ZodRawShape>> = {
  metric_above: conditionFields.metric,
  metric_below: conditionFields.metric,
  metric_absent: conditionFields.metric_absent,
  rate_above: conditionFields.rate,
  rate_below: conditionFields.rate,
  ratio_above: conditionFields.ratio,
  ratio_below: conditionFields.ratio,
  share_above: conditionFields.share,
  share_below: conditionFields.share,
  quantile_above: conditionFields.quantile,
  quantile_below: conditionFields.quantile,
  forecast_above: conditionFields.forecast,
  forecast_below: conditionFields.forecast,
}
const conditions = Object.keys(fieldsOf) as Array<AlertRule['condition']>

const milliseconds = z.int().min(0).describe('a whole number of milliseconds from 0')
const texts = z.record(name, z.string()).describe('an object of texts')
const template = z.string().refine((text) => validateTemplate(text).length === 0)
const ruleFields = {
  name,
  severity: z.enum(severities).describe(`one of ${severities.join(', ')}`),
  durationMs: milliseconds.optional(),
  keepFiringForMs: milliseconds.optional(),
  clearThreshold: threshold.optional(),
  onlyIf: z.record(z.string(), z.unknown()).describe('a condition').optional(),
  onlyIfBy: by,
  noData: z.enum(['resolve', 'keep', 'alert']).describe('one of resolve, keep, alert').optional(),
  onError: z.enum(['keep', 'alert']).describe('one of keep, alert').optional(),
  labels: texts.optional(),
  annotations: z
    .record(name, template)
    .describe(
      'an object of texts, in which {{ labels.NAME }}, {{ value }} and {{ value | percent }}, bytes or duration are filled in',
    )
    .optional(),
  runbookUrl: z.url().describe('an address').optional(),
}

/**
 * Everything that is wrong with a rule, each with the field, what was got and what is allowed; empty where it can be used.
 */
export function ruleProblems(rule: unknown): string[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return [`must be an object, got ${describeContent(rule)}`]
  const { onlyIf } = rule as { onlyIf?: unknown }
  const second = onlyIf === undefined ? [] : issuesToProblems(onlyIf, {}).map((problem) => `onlyIf.${problem}`)
  return [...issuesToProblems(rule, ruleFields), ...second, ...labelConflicts(rule as Partial<AlertRule>)]
}

function issuesToProblems(given: unknown, more: z.ZodRawShape): string[] {
  const { condition } = (given ?? {}) as { condition?: AlertRule['condition'] }
  const own = condition === undefined ? undefined : Object.hasOwn(fieldsOf, condition) ? fieldsOf[condition] : undefined
  if (own === undefined) return [`condition must be one of ${conditions.join(', ')}, got ${describeContent(condition)}`]
  const shape: z.ZodRawShape = { condition: z.string(), ...own, ...more }
  const parsed = z.strictObject(shape).safeParse(given)
  const issues = parsed.error?.issues ?? []
  return [...new Set(issues.flatMap((issue) => describeIssue(issue, given as object, shape, condition as string)))]
}

function describeIssue(issue: z.core.$ZodIssue, given: object, shape: z.ZodRawShape, condition: string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${key} is no field of a rule with ${condition}; there are ${Object.keys(shape).join(', ')}`)
  }
  const field = String(issue.path[0])
  const got: unknown = Reflect.get(given, field)
  const allowed = descriptionOf(shape[field] as z.ZodType)
  return [
    got === undefined ? `${field} is missing: it must be ${allowed}` : `${field} must be ${allowed}, got ${describeContent(got)}`,
  ]
}

function descriptionOf(schema: z.ZodType): string {
  return schema.description ?? (schema instanceof z.ZodOptional ? descriptionOf(schema.unwrap() as z.ZodType) : 'of another type')
}

/** What no single field shows. */
function labelConflicts({
  condition,
  threshold: enter,
  clearThreshold,
  labels,
}: Partial<AlertRule> & { threshold?: number }): string[] {
  const problems: string[] = []
  const reserved = Object.keys(labels ?? {}).filter((key) => key === 'alertname' || key === 'severity' || key === 'alertstate')
  for (const key of reserved) problems.push(`labels must not hold ${key}: every alert has its own`)
  if (clearThreshold === undefined || typeof enter !== 'number' || typeof clearThreshold !== 'number') return problems
  const above = condition?.endsWith('_above') ?? false
  if (above ? clearThreshold > enter : clearThreshold < enter) {
    problems.push(
      `clearThreshold must be ${above ? 'at most' : 'at least'} threshold (${enter}), got ${clearThreshold}: leaving is harder than entering`,
    )
  }
  return problems
}
