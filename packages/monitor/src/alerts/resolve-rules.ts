import { describeContent, suggest } from '../validation/format-issue.ts'
import { defaultRuleNames, defaultRules } from './default-rules.ts'
import type { AlertRule } from './rule.ts'
import { RuleError, validateRules } from './validate-rules.ts'

/**
 * The default rules with changes: rules that are added, default rules that are left out, and fields of default rules that are replaced.
 * A field that is replaced by `null` is left out.
 */
export interface ExtendedRules {
  readonly extends: 'default'
  /** Rules that are added. */
  readonly rules?: readonly AlertRule[]
  /** Names of default rules that are left out. */
  readonly disable?: readonly string[]
  /** Fields of default rules that are replaced, by the name of the rule. */
  readonly override?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Alert rules as the option `alertRules` takes them: all rules, or the default rules with changes. */
export type GivenRules = readonly AlertRule[] | ExtendedRules

const fields = ['extends', 'rules', 'disable', 'override'] as const

/**
 * Returns the alert rules that are meant.
 *
 * @param origin where the rules come from, for the error message.
 * @throws RuleError with every problem: of the rules as `validateRules` does, and names of default rules that do not exist.
 *
 * @example
 * ```ts
 * import { defaultRules, resolveRules } from '@wombat/monitor'
 *
 * const rules = resolveRules({ extends: 'default', disable: ['NoData'] }, 'my rules')
 * if (rules.length !== defaultRules.length - 1) throw new Error('expected one rule less')
 * ```
 */
export function resolveRules(given: unknown, origin: string): AlertRule[] {
  if (Array.isArray(given)) return validateRules(given, origin)
  if (typeof given !== 'object' || given === null) {
    throw new RuleError(origin, [`must be a list of rules, or an object with extends: default, got ${describeContent(given)}`])
  }
  const { extends: base, rules = [], disable = [], override = {} } = given as Record<string, unknown>
  const problems = [
    ...Object.keys(given)
      .filter((key) => !fields.some((field) => field === key))
      .map((key) => `${key}: no such field; allowed are ${fields.join(', ')}`),
    ...(base === undefined || base === 'default' ? [] : [`extends must be default, got ${describeContent(base)}`]),
    ...(Array.isArray(rules) ? [] : [`rules must be a list of rules, got ${describeContent(rules)}`]),
    ...(Array.isArray(disable) ? [] : [`disable must be a list of names of default rules, got ${describeContent(disable)}`]),
    ...(isRecord(override) ? [] : [`override must be an object of rule names, got ${describeContent(override)}`]),
    ...(base === undefined && (Reflect.has(given, 'disable') || Reflect.has(given, 'override'))
      ? ['disable and override change the default rules: add extends: default']
      : []),
  ]
  if (problems.length > 0) throw new RuleError(origin, problems)
  const added = rules as unknown[]
  if (base === undefined) return validateRules(added, origin)
  const changes = override as Record<string, unknown>
  const unknown = [
    ...(disable as unknown[]).map((name) => ['disable', name] as const),
    ...Object.keys(changes).map((name) => ['override', name] as const),
  ].filter(([, name]) => !defaultRuleNames.has(name as string))
  if (unknown.length > 0) {
    throw new RuleError(
      origin,
      unknown.map(
        ([field, name]) => `${field}: there is no default rule ${String(name)}${suggest(String(name), [...defaultRuleNames])}`,
      ),
    )
  }
  const kept = defaultRules.filter(({ name }) => !(disable as unknown[]).includes(name))
  return validateRules([...kept.map((rule) => withChanges(rule, changes[rule.name])), ...added], origin)
}

function withChanges(rule: AlertRule, changes: unknown): unknown {
  if (changes === undefined) return rule
  if (!isRecord(changes)) return changes
  return Object.fromEntries(Object.entries({ ...rule, ...changes }).filter(([, value]) => value !== null))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
