import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { errorMessage } from '../validation/error-message.ts'
import { resolveRules } from './resolve-rules.ts'
import type { AlertRule } from './rule.ts'
import { RuleError } from './validate-rules.ts'

/**
 * Parses alert rules from a YAML or JSON text: an object with a list `rules`; with `extends: default` they are added to the default
 * rules, of which `disable` leaves out some and `override` changes fields.
 *
 * @param origin where the text comes from, for the error message.
 * @throws RuleError as `validateRules` does; if the text is not YAML, with the line.
 *
 * @example
 * ```ts
 * import { parseRules } from '@wombat/monitor'
 *
 * const rules = parseRules(
 *   `
 *   rules:
 *     - name: SlowGets
 *       condition: quantile_above
 *       metric: db_get_latency_seconds
 *       quantile: 0.99
 *       threshold: 0.1
 *       severity: warning
 *   `,
 *   'rules.yaml',
 * )
 * if (rules[0]?.name !== 'SlowGets') throw new Error('expected one rule')
 * ```
 */
export function parseRules(text: string, origin: string): AlertRule[] {
  // Loaded with the first rule file: most processes have none, and it takes 3 MiB.
  const { parseDocument }: typeof import('yaml') = createRequire(import.meta.url)('yaml')
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new RuleError(
      origin,
      document.errors.map(({ message }) => message.split('\n')[0] ?? message),
    )
  }
  const content: unknown = document.toJS({ maxAliasCount: 100 })
  if (typeof content !== 'object' || content === null || !('rules' in content || 'extends' in content)) {
    throw new RuleError(origin, [`must be an object with a list "rules", got ${JSON.stringify(content)?.slice(0, 100)}`])
  }
  return resolveRules(content, origin)
}

/**
 * Reads alert rules from a YAML or JSON file.
 *
 * @throws RuleError as `parseRules` does; also if the file cannot be read.
 *
 * @example
 * ```ts
 * import { rm, writeFile } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { readRules } from '@wombat/monitor'
 *
 * const file = join(tmpdir(), `rules-${process.pid}.json`)
 * const rule = { name: 'NoStore', condition: 'metric_absent', metric: 'db_store_info', severity: 'warning' }
 * await writeFile(file, JSON.stringify({ rules: [rule] }))
 * const rules = await readRules(file)
 * await rm(file)
 * if (rules.length !== 1) throw new Error('expected one rule')
 * ```
 */
export async function readRules(file: string): Promise<AlertRule[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new RuleError(file, [errorMessage(error)])
  }
  return parseRules(text, file)
}
