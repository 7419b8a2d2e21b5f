import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import type { AlertRule } from './rule.ts'
import { ruleProblems } from './rule-schema.ts'

/** All that is wrong with a set of rules, at once. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly problems: readonly string[]

  constructor(origin: string, problems: readonly string[]) {
    super(`the alert rules of ${origin} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Rules as they are used, each name once.
 *
 * @throws RuleError naming the origin, each rule, the field, what was got and what is allowed.
 */
export function validateRules(rules: readonly unknown[], origin: string): AlertRule[] {
  const names = new Set<unknown>()
  const problems = rules.flatMap((rule, index) => {
    const { name } = (rule ?? {}) as { name?: unknown }
    const title = typeof name === 'string' ? `rule ${name}` : `rule ${index + 1}`
    const twice =
      typeof name === 'string' && names.has(name) ? ['name is taken by another rule: alerts are told apart by it'] : []
    names.add(name)
    return [...ruleProblems(rule), ...twice].map((problem) => `${title}: ${problem}`)
  })
  if (problems.length > 0) throw new RuleError(origin, problems)
  return rules as AlertRule[]
}

/**
 * The rules in a YAML or JSON text: an object with a list `rules`.
 *
 * @throws RuleError also where the text is no YAML, with the line.
 */
export function parseRules(text: string, origin: string): AlertRule[] {
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw new RuleError(
      origin,
      document.errors.map(({ message }) => message.split('\n')[0] ?? message),
    )
  const content: unknown = document.toJS({ maxAliasCount: 100 })
  const { rules } = (content ?? {}) as { rules?: unknown }
  if (!Array.isArray(rules))
    throw new RuleError(origin, [`must be an object with a list named rules, got ${JSON.stringify(content)?.slice(0, 100)}`])
  return validateRules(rules, origin)
}

/** The rules in a file. @throws RuleError naming the file; also where it cannot be read. */
export async function readRules(file: string): Promise<AlertRule[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new RuleError(file, [error instanceof Error ? error.message : String(error)])
  }
  return parseRules(text, file)
}
