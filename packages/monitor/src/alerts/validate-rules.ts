import type { AlertRule } from './rule.ts'
import { validateRule } from './rule-schema.ts'

/** Thrown if alert rules are invalid, with every problem in `problems`. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly problems: readonly string[]

  constructor(origin: string, problems: readonly string[]) {
    super(`invalid alert rules in ${origin}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Returns the rules if all are valid and each name occurs once.
 *
 * @param origin where the rules come from, for the error message.
 * @throws RuleError with every problem: the rule, the field, the value it got and the values allowed.
 */
export function validateRules(rules: readonly unknown[], origin: string): AlertRule[] {
  const names = new Set<unknown>()
  const problems = rules.flatMap((rule, index) => {
    const { name } = (rule ?? {}) as { name?: unknown }
    const title = typeof name === 'string' ? `rule ${name}` : `rule ${index + 1}`
    const duplicate = typeof name === 'string' && names.has(name) ? ['another rule has this name: give each rule its own'] : []
    names.add(name)
    return [...validateRule(rule), ...duplicate].map((problem) => `${title}: ${problem}`)
  })
  if (problems.length > 0) throw new RuleError(origin, problems)
  return rules as AlertRule[]
}
