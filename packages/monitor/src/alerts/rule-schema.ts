import { describeContent, describeType } from '../validation/format-issue.ts'
import {
  findInvalidFields,
  finite,
  httpUrl,
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
import { type Shown, showKey, validateReferences } from './rule-references.ts'
import { validateTemplate } from './template.ts'

const milliseconds = optional(integer(0, Number.MAX_SAFE_INTEGER, 'a whole number of milliseconds from 0'))
/** The console and messages link to it, so that it must not run anything: `javascript:`. */
function isRunbookUrl(value: unknown): value is string {
  return isTemplate(value) && httpUrl().parse(value)?.value === value
}

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
  runbookUrl: optional(schemaOf('string', 'a URL with http or https', isRunbookUrl)),
}

/**
 * Returns every problem of a rule, each with the field, the value it got and the values allowed; empty if the rule is valid.
 *
 * @param shown whether a problem contains values of the rule, or only their types.
 */
export function validateRule(rule: unknown, shown: Shown = 'values'): string[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return [`must be an object, got ${describe(rule, shown)}`]
  const { onlyIf } = rule as { onlyIf?: unknown }
  const onlyIfProblems = onlyIf === undefined ? [] : validateShape(onlyIf, {}, shown).map((problem) => `onlyIf.${problem}`)
  return [
    ...validateShape(rule, ruleShape, shown),
    ...onlyIfProblems,
    ...validateConsistency(rule as Partial<AlertRule>, shown),
    ...validateKeys(rule),
    ...validateRunbookAnnotation(rule as Partial<AlertRule>),
    ...validateReferences(rule, shown),
    ...(isObject(onlyIf) ? validateReferences(onlyIf, shown).map((problem) => `onlyIf.${problem}`) : []),
  ]
}

function describe(value: unknown, shown: Shown): string {
  return shown === 'values' ? describeContent(value) : describeType(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function validateShape(given: unknown, extraShape: Shape, shown: Shown): string[] {
  const { condition } = (given ?? {}) as { condition?: unknown }
  const ownShape = conditionShape(condition)
  if (ownShape === undefined) {
    return [`condition must be one of ${conditionNames.join(', ')}, got ${describe(condition, shown)}`]
  }
  const shape: Shape = { condition: text('a text', 0), ...ownShape, ...extraShape }
  const { invalid, unknown } = findInvalidFields(shape, given as object)
  return [
    ...invalid.map((field) => describeInvalid(field, given as object, shape[field]?.description, shown)),
    ...unknown.map(
      (field) => `${showKey(field, shown)}: ${String(condition)} has no such field; allowed are ${Object.keys(shape).join(', ')}`,
    ),
  ]
}

function describeInvalid(field: string, given: object, allowed: string | undefined, shown: Shown): string {
  const got: unknown = Reflect.get(given, field)
  return got === undefined
    ? `${field} is missing: it must be ${allowed}`
    : `${field} must be ${allowed}, got ${describe(got, shown)}`
}

/** The key is no field of an object that is written in code, but of one that was parsed. */
function validateKeys(given: Partial<Pick<AlertRule, 'annotations' | 'labels' | 'where'>>): string[] {
  return (['annotations', 'labels', 'where'] as const)
    .filter((field) => isObject(given[field]) && Object.hasOwn(given[field], '__proto__'))
    .map((field) => `${field} must not have the key __proto__`)
}

/** An annotation of this name is a link, too. */
function validateRunbookAnnotation({ annotations }: Partial<AlertRule>): string[] {
  const url: unknown = isObject(annotations) && Object.hasOwn(annotations, 'runbook_url') ? annotations['runbook_url'] : undefined
  return url === undefined || isRunbookUrl(url) ? [] : ['annotations.runbook_url must be a URL with http or https']
}

/** Labels that every alert gets from its rule or state. */
const reservedLabels: ReadonlySet<string> = new Set(['alertname', 'severity', 'alertstate'])

/** Returns problems that involve more than one field. */
function validateConsistency(
  { condition, threshold, clearThreshold, labels }: Partial<AlertRule> & { threshold?: number },
  shown: Shown,
): string[] {
  const problems = Object.keys(labels ?? {})
    .filter((label) => reservedLabels.has(label))
    .map((label) => `labels must not contain ${label}: every alert has a label of that name already`)
  if (typeof threshold !== 'number' || typeof clearThreshold !== 'number' || conditionShape(condition) === undefined)
    return problems
  const isAbove = condition !== undefined && conditionDirection({ condition }) === 'above'
  if (isAbove ? clearThreshold <= threshold : clearThreshold >= threshold) return problems
  const bound = isAbove ? 'at most' : 'at least'
  const numbers = shown === 'values' ? ` (${threshold}), got ${clearThreshold}` : ''
  return [
    ...problems,
    `clearThreshold must be ${bound} threshold${numbers}: otherwise the alert would resolve while threshold is still breached`,
  ]
}
