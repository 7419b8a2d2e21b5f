import { z } from 'zod'
import { describeContent } from '../validation/format-issue.ts'
import { conditionDirection, conditionNames, conditionShape, nameSchema } from './conditions.ts'
import { type AlertRule, type RuleFields, severities } from './rule.ts'
import { validateReferences } from './rule-references.ts'
import { validateTemplate } from './template.ts'

const milliseconds = z.int().min(0).describe('a whole number of milliseconds from 0').optional()
const template = z.string().refine((text) => validateTemplate(text).length === 0)

/** Validates the fields that all rules have. The description completes the sentence "FIELD must be ...". */
const ruleShape: Readonly<Record<keyof RuleFields, z.ZodType>> = {
  name: nameSchema.describe('letters, digits and underscores, beginning with a letter'),
  severity: z.enum(severities).describe(`one of ${severities.join(', ')}`),
  durationMs: milliseconds,
  keepFiringForMs: milliseconds,
  clearThreshold: z.number().describe('a number').optional(),
  onlyIf: z.record(z.string(), z.unknown()).describe('a condition').optional(),
  onlyIfBy: z.array(nameSchema).min(1).describe('a list of label names').optional(),
  noData: z.enum(['resolve', 'keep', 'alert']).describe('one of resolve, keep, alert').optional(),
  onError: z.enum(['keep', 'alert']).describe('one of keep, alert').optional(),
  labels: z
    .record(
      nameSchema,
      z.string().refine((text) => !text.includes('{{')),
    )
    .describe('an object of texts without placeholders: labels identify the alert')
    .optional(),
  annotations: z
    .record(nameSchema, template)
    .describe(
      'an object of texts with only these placeholders: {{ labels.NAME }}, {{ value }}, {{ value | percent }}, {{ value | bytes }} and {{ value | duration }}',
    )
    .optional(),
  runbookUrl: z
    .url()
    .refine((text) => validateTemplate(text).length === 0)
    .describe('a URL')
    .optional(),
}

/** Returns every problem of a rule, each with the field, the value it got and the values allowed; empty if the rule is valid. */
export function validateRule(rule: unknown): string[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return [`must be an object, got ${describeContent(rule)}`]
  const { onlyIf } = rule as { onlyIf?: unknown }
  const onlyIfProblems = onlyIf === undefined ? [] : validateShape(onlyIf, {}).map((problem) => `onlyIf.${problem}`)
  return [
    ...validateShape(rule, ruleShape),
    ...onlyIfProblems,
    ...validateConsistency(rule as Partial<AlertRule>),
    ...validateReferences(rule),
    ...(isObject(onlyIf) ? validateReferences(onlyIf).map((problem) => `onlyIf.${problem}`) : []),
  ]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function validateShape(given: unknown, extraShape: Readonly<Record<string, z.ZodType>>): string[] {
  const { condition } = (given ?? {}) as { condition?: unknown }
  const ownShape = conditionShape(condition)
  if (ownShape === undefined) {
    return [`condition must be one of ${conditionNames.join(', ')}, got ${describeContent(condition)}`]
  }
  const shape = { condition: z.string(), ...ownShape, ...extraShape }
  const issues = z.strictObject(shape).safeParse(given).error?.issues ?? []
  return [...new Set(issues.flatMap((issue) => describeIssue(issue, given as object, shape, String(condition))))]
}

function describeIssue(
  issue: z.core.$ZodIssue,
  given: object,
  shape: Readonly<Record<string, z.ZodType>>,
  condition: string,
): string[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = Object.keys(shape).join(', ')
    return issue.keys.map((key) => `${key}: ${condition} has no such field; allowed are ${allowed}`)
  }
  const field = String(issue.path[0])
  const got: unknown = Reflect.get(given, field)
  const allowed = describeSchema(shape[field] as z.ZodType)
  return [
    got === undefined ? `${field} is missing: it must be ${allowed}` : `${field} must be ${allowed}, got ${describeContent(got)}`,
  ]
}

function describeSchema(schema: z.ZodType): string {
  return (
    schema.description ?? (schema instanceof z.ZodOptional ? describeSchema(schema.unwrap() as z.ZodType) : 'of another type')
  )
}

/** Labels that every alert gets from its rule or state. */
const reservedLabels: ReadonlySet<string> = new Set(['alertname', 'severity', 'alertstate'])

/** Returns problems that involve more than one field. */
function validateConsistency({
  condition,
  threshold,
  clearThreshold,
  labels,
}: Partial<AlertRule> & { threshold?: number }): string[] {
  const problems = Object.keys(labels ?? {})
    .filter((label) => reservedLabels.has(label))
    .map((label) => `labels must not contain ${label}: every alert has a label of that name already`)
  if (typeof threshold !== 'number' || typeof clearThreshold !== 'number' || conditionShape(condition) === undefined)
    return problems
  const isAbove = condition !== undefined && conditionDirection({ condition }) === 'above'
  if (isAbove ? clearThreshold <= threshold : clearThreshold >= threshold) return problems
  const bound = isAbove ? 'at most' : 'at least'
  return [
    ...problems,
    `clearThreshold must be ${bound} threshold (${threshold}), got ${clearThreshold}: otherwise the alert would resolve while threshold is still breached`,
  ]
}
