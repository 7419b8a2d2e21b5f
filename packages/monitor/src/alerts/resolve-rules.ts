import { type PausableWork, runAtOnce } from '../time/time-slices.ts'
import { describeContent, describeType, suggest } from '../validation/format-issue.ts'
import { defaultRuleNames, defaultRules } from './default-rules.ts'
import type { AlertRule } from './rule.ts'
import { type Shown, showKey } from './rule-references.ts'
import { findProblems, maxProblems, RuleError, type RuleList, type RuleProblem, ruleTitle } from './validate-rules.ts'

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
  const { rules, problems } = runAtOnce(findRules(given, 'values'))
  if (problems.length === 0) return rules
  throw new RuleError(
    origin,
    problems.map(({ text }) => text),
  )
}

/** The rules that are meant, which are valid only if there are no problems. */
export interface FoundRules {
  readonly rules: AlertRule[]
  readonly problems: readonly RuleProblem[]
}

/** Returns the alert rules that are meant, with what is wrong with them. May pause between two rules. */
export function* findRules(given: unknown, shown: Shown): PausableWork<FoundRules> {
  const describe = shown === 'values' ? describeContent : describeType
  if (Array.isArray(given))
    return yield* checked({ rules: given, pathOf: (index) => [index], titleOf: titles(given, shown) }, shown)
  if (typeof given !== 'object' || given === null) {
    return failed([[[], `must be a list of rules, or an object with extends: default, got ${describe(given)}`]])
  }
  const { extends: base, rules = [], disable = [], override = {} } = given as Record<string, unknown>
  const problems: Array<readonly [field: string, text: string]> = [
    ...Object.keys(given)
      .filter((key) => !fields.some((field) => field === key))
      .map((key) => [key, `${showKey(key, shown)}: no such field; allowed are ${fields.join(', ')}`] as const),
    ...present(base !== undefined && base !== 'default', 'extends', () => `extends must be default, got ${describe(base)}`),
    ...present(!Array.isArray(rules), 'rules', () => `rules must be a list of rules, got ${describe(rules)}`),
    ...present(
      !Array.isArray(disable),
      'disable',
      () => `disable must be a list of names of default rules, got ${describe(disable)}`,
    ),
    ...present(!isRecord(override), 'override', () => `override must be an object of rule names, got ${describe(override)}`),
    ...present(
      base === undefined && (Reflect.has(given, 'disable') || Reflect.has(given, 'override')),
      'disable',
      () => 'disable and override change the default rules: add extends: default',
    ),
  ]
  if (problems.length > 0) return failed(problems.map(([field, text]) => [[field], text]))
  const added = rules as unknown[]
  if (base === undefined) {
    return yield* checked({ rules: added, pathOf: (index) => ['rules', index], titleOf: titles(added, shown) }, shown)
  }
  const changes = override as Record<string, unknown>
  const unknown = [
    ...(disable as unknown[]).map((name, index) => ({ path: ['disable', index], name })),
    ...Object.keys(changes).map((name) => ({ path: ['override', name], name })),
  ].filter(({ name }) => !defaultRuleNames.has(name as string))
  if (unknown.length > 0) {
    return failed(
      unknown.map(({ path, name }) => {
        const guess = suggest(String(name), [...defaultRuleNames])
        return [
          path,
          `${path[0]}: there is no ${shown === 'values' ? `default rule ${String(name)}` : 'such default rule'}${guess}`,
        ]
      }),
    )
  }
  const kept = defaultRules.filter(({ name }) => !(disable as unknown[]).includes(name))
  const all = [...kept.map((rule) => withChanges(rule, own(changes, rule.name))), ...added]
  const titleOfAdded = titles(added, shown)
  const nameOf = (index: number): string | undefined => kept[index]?.name
  return yield* checked(
    {
      rules: all,
      pathOf: (index) => {
        const name = nameOf(index)
        return name === undefined ? ['rules', index - kept.length] : ['override', name]
      },
      titleOf: (index) => {
        const name = nameOf(index)
        return name === undefined ? titleOfAdded(index - kept.length) : `rule ${name}`
      },
    },
    shown,
  )
}

function* checked(list: RuleList, shown: Shown): PausableWork<FoundRules> {
  return { rules: [...list.rules] as AlertRule[], problems: yield* findProblems(list, shown) }
}

function failed(problems: ReadonlyArray<readonly [path: ReadonlyArray<string | number>, text: string]>): FoundRules {
  return { rules: [], problems: problems.slice(0, maxProblems).map(([path, text]) => ({ path, text })) }
}

function present(isWrong: boolean, field: string, describe: () => string): Array<readonly [string, string]> {
  return isWrong ? [[field, describe()]] : []
}

/** Returns what a rule is called in errors: by its name only if values are shown. */
function titles(rules: readonly unknown[], shown: Shown): (index: number) => string {
  return (index) => (shown === 'values' ? ruleTitle(rules[index], index) : `rule ${index + 1}`)
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function withChanges(rule: AlertRule, changes: unknown): unknown {
  if (changes === undefined) return rule
  if (!isRecord(changes)) return changes
  return Object.fromEntries(Object.entries({ ...rule, ...changes }).filter(([, value]) => value !== null))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
