import { type PausableWork, runAtOnce } from '../time/time-slices.ts'
import type { AlertRule } from './rule.ts'
import type { Shown } from './rule-references.ts'
import { validateRule } from './rule-schema.ts'

/** Thrown if alert rules are invalid, with every problem in `problems`, at most 100. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly problems: readonly string[]

  constructor(origin: string, problems: readonly string[]) {
    super(`invalid alert rules in ${origin}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** What is wrong with rules, and where it is in what was given. */
export interface RuleProblem {
  readonly path: ReadonlyArray<string | number>
  readonly text: string
}

/** A list of rules, with how each is called in errors. */
export interface RuleList {
  readonly rules: readonly unknown[]
  /** Returns where a rule is in what was given. */
  readonly pathOf: (index: number) => ReadonlyArray<string | number>
  /** Returns what a rule is called in an error. */
  readonly titleOf: (index: number) => string
}

/** After so many problems the rest is not validated. */
export const maxProblems = 100

/**
 * Returns the rules if all are valid and each name occurs once.
 *
 * @param origin where the rules come from, for the error message.
 * @throws RuleError with every problem: the rule, the field, the value it got and the values allowed.
 */
export function validateRules(rules: readonly unknown[], origin: string): AlertRule[] {
  const problems = runAtOnce(
    findProblems({ rules, pathOf: (index) => [index], titleOf: (index) => ruleTitle(rules[index], index) }, 'values'),
  )
  if (problems.length > 0) {
    throw new RuleError(
      origin,
      problems.map(({ text }) => text),
    )
  }
  return rules as AlertRule[]
}

/** Returns what a rule is called in errors: its name, or its number. */
export function ruleTitle(rule: unknown, index: number): string {
  const { name } = (rule ?? {}) as { name?: unknown }
  return typeof name === 'string' ? `rule ${name}` : `rule ${index + 1}`
}

/** Returns what is wrong with rules; empty if all are valid. May pause between two rules. */
export function* findProblems({ rules, pathOf, titleOf }: RuleList, shown: Shown): PausableWork<RuleProblem[]> {
  const names = new Set<string>()
  const problems: RuleProblem[] = []
  for (const [index, rule] of rules.entries()) {
    const { name } = (rule ?? {}) as { name?: unknown }
    const ownProblems = validateRule(rule, shown)
    if (typeof name === 'string') {
      if (names.has(name)) ownProblems.push('another rule has this name: give each rule its own')
      names.add(name)
    }
    for (const text of ownProblems) {
      // It begins with the field, if it is about one.
      const [field = ''] = /^[\w.]+/.exec(text) ?? []
      problems.push({ path: [...pathOf(index), ...field.split('.')], text: `${titleOf(index)}: ${text}` })
    }
    if (problems.length > maxProblems) {
      const rest = { path: [], text: `only the first ${maxProblems} problems are shown` }
      return [...problems.slice(0, maxProblems), rest]
    }
    yield
  }
  return problems
}
