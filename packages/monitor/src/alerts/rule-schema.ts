import { describeContent } from '../validation/format-issue.ts'
import {
  findInvalidFields,
  finite,
  integer,
  isPlainObject,
  listOf,
  oneOf,
  optional,
  recordOf,
  type Schema,
  type Shape,
  schemaOf,
  text,
} from '../validation/schema.ts'
import { conditionDirection, conditionNames, conditionShape, nameSchema } from './conditions.ts'
import { type AlertRule, type RuleFields, severities } from './rule.ts'
import { validateReferences } from './rule-references.ts'
import { validateTemplate } from './template.ts'

const milliseconds = optional(integer(0, Number.MAX_SAFE_INTEGER, 'a whole number of milliseconds from 0'))
const isTemplate = (value: unknown): value is string => typeof value === 'string' && validateTemplate(value).length === 0

/** Validates the fields that all rules have. The description completes the sentence "FIELD must be ...". */
const ruleShape: Readonly<Record<keyof RuleFields, Schema<unknown>>> = {
  name: nameSchema('letters, digits and underscores, beginning with a letter'),
  severity: oneOf(severities),
  durationMs: milliseconds,
  keepFiringForMs: milliseconds,
  clearThreshold: optional(finite()),
  onlyIf: optional(schemaOf('object', 'a condition', isPlainObject)),
  onlyIfBy: optional(listOf(nameSchema('a label name'), 'a list of label names')),
  noData: optional(oneOf(['resolve', 'keep', 'alert'])),
  onError: optional(oneOf(['keep', 'alert'])),
  labels: optional(
    recordOf(
      nameSchema('a label name'),
      schemaOf('string', 'a text', (value): value is string => typeof value === 'string' && !value.includes('{{')),
      'an object of texts without placeholders: labels identify the alert',
    ),
  ),
  annotations: optional(
    recordOf(
      nameSchema('a name'),
      schemaOf('string', 'a template', isTemplate),
      'an object of texts with only these placeholders: {{ labels.NAME }}, {{ value }}, {{ value | percent }}, {{ value | bytes }} and {{ value | duration }}',
    ),
  ),
  runbookUrl: optional(schemaOf('string', 'a URL', (value): value is string => isTemplate(value) && URL.canParse(value))),
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

function validateShape(given: unknown, extraShape: Shape): string[] {
  const { condition } = (given ?? {}) as { condition?: unknown }
  const ownShape = conditionShape(condition)
  if (ownShape === undefined) {
    return [`condition must be one of ${conditionNames.join(', ')}, got ${describeContent(condition)}`]
  }
  const shape: Shape = { condition: text('a text', 0), ...ownShape, ...extraShape }
  const { invalid, unknown } = findInvalidFields(shape, given as object)
  return [
    ...invalid.map((field) => describeInvalid(field, given as object, shape[field]?.description)),
    ...unknown.map((field) => `${field}: ${String(condition)} has no such field; allowed are ${Object.keys(shape).join(', ')}`),
  ]
}

function describeInvalid(field: string, given: object, allowed: string | undefined): string {
  const got: unknown = Reflect.get(given, field)
  return got === undefined
    ? `${field} is missing: it must be ${allowed}`
    : `${field} must be ${allowed}, got ${describeContent(got)}`
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
