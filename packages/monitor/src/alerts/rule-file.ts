import { open } from 'node:fs/promises'
import { type PausableWork, runAtOnce, TimeSlices } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import { type FoundRules, findRules } from './resolve-rules.ts'
import type { AlertRule } from './rule.ts'
import { type DocumentPath, type RuleDocument, readDocument, readDocumentInThread } from './rule-document.ts'
import { maxProblems, RuleError, type RuleProblem } from './validate-rules.ts'

/** A rule file of 20,000 rules has 5 MiB. */
const maxFileMebibytes = 10

/**
 * Parses alert rules from a YAML or JSON text: an object with a list `rules`; with `extends: default` they are added to the default
 * rules, of which `disable` leaves out some and `override` changes fields. It holds the event loop: for long files use `readRules`.
 *
 * @param origin where the text comes from, for the error message.
 * @throws RuleError as `validateRules` does, with the line of each problem. It contains no value of the text, which may be a file of
 * secrets that was given by mistake.
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
  if (Buffer.byteLength(text) > maxFileMebibytes * 1024 * 1024) throw tooLarge(origin)
  const { rules, problems } = runAtOnce(rulesOf(readDocument(text), origin))
  if (problems.length === 0) return rules
  throw withLines(origin, problems, readDocument(text, pathsOf(problems)).lines)
}

/**
 * Reads alert rules from a YAML or JSON file of at most 10 MiB, without holding the event loop for long.
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
  const text = await readText(file)
  const document = await readDocumentInThread(text)
  const slices = new TimeSlices({ pause: 'turn', keepsProcessAlive: true })
  try {
    const { rules, problems } = await slices.run(rulesOf(document, file))
    if (problems.length === 0) return rules
    slices.end()
    throw withLines(file, problems, (await readDocumentInThread(text, pathsOf(problems))).lines)
  } finally {
    slices.end()
  }
}

async function readText(file: string): Promise<string> {
  try {
    // Not `await using`: Node 22 does not know it.
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      if (size > maxFileMebibytes * 1024 * 1024) throw tooLarge(file)
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof RuleError ? error : new RuleError(file, [errorMessage(error)])
  }
}

function tooLarge(origin: string): RuleError {
  return new RuleError(origin, [`is larger than ${maxFileMebibytes} MiB: leave out rules, or use one rule for several series`])
}

/** Returns the rules of a document, or its problems. May pause between two rules. */
function* rulesOf({ content, rules, problems }: RuleDocument, origin: string): PausableWork<FoundRules> {
  if (problems.length > 0) {
    throw new RuleError(
      origin,
      problems.map(({ line, text }) => (line === undefined ? text : `line ${line}: ${text}`)),
    )
  }
  const given: unknown = JSON.parse(content)
  if (typeof given !== 'object' || given === null || (rules === undefined && !('rules' in given || 'extends' in given))) {
    throw new RuleError(origin, ['must be an object with a list "rules", or with extends: default'])
  }
  if (rules === undefined) return yield* findRules(given, 'kinds')
  const list: unknown[] = []
  for (const part of rules) {
    list.push(...(JSON.parse(part) as unknown[]))
    yield
  }
  return yield* findRules({ ...given, rules: list }, 'kinds')
}

function pathsOf(problems: readonly RuleProblem[]): DocumentPath[] {
  return problems.slice(0, maxProblems).map(({ path }) => path)
}

function withLines(origin: string, problems: readonly RuleProblem[], lines: readonly number[]): RuleError {
  return new RuleError(
    origin,
    problems.map(({ text }, index) => (lines[index] === undefined ? text : `line ${lines[index]}: ${text}`)),
  )
}
