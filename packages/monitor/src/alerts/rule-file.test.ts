import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseRules, readRules } from './rule-file.ts'
import { RuleError } from './validate-rules.ts'

const validRules = `
rules:
  - name: SlowGets
    condition: quantile_above
    metric: db_get_latency_seconds
    quantile: 0.99
    threshold: 0.1
    clearThreshold: 0.05
    durationMs: 60000
    severity: warning
    onlyIf: { condition: rate_above, metric: db_get_operations_total, threshold: 1 }
    annotations: { summary: "{{ labels.store }} takes {{ value | duration }}" }
`

function findProblems(rule: string): readonly string[] {
  try {
    parseRules(`rules:\n  - ${rule}`, 'rules.yaml')
  } catch (error) {
    if (error instanceof RuleError) return error.problems
    throw error
  }
  return []
}

const base = 'name: A, condition: metric_above, metric: m, threshold: 1, severity: info'

test('YAML is parsed to rules', () => {
  expect(parseRules(validRules, 'rules.yaml')).toMatchObject([
    { name: 'SlowGets', condition: 'quantile_above', quantile: 0.99, severity: 'warning' },
  ])
})

test('JSON is parsed to rules', () => {
  const rules = [{ name: 'A', condition: 'metric_absent', metric: 'm', severity: 'info' }]
  expect(parseRules(JSON.stringify({ rules }), 'rules.json')).toEqual(rules)
})

test.each([
  [
    'an unknown condition',
    'name: A, condition: metric_over, metric: m',
    /condition must be one of metric_above, .*got "metric_over"/,
  ],
  ['a missing field', 'name: A, condition: metric_above, metric: m, severity: info', /threshold is missing: it must be a number/],
  ['a field of another type', base.replace('threshold: 1', 'threshold: high'), /threshold must be a number, got "high"/],
  [
    'a field of another condition',
    `${base}, quantile: 0.5`,
    /quantile: metric_above has no such field; allowed are condition, metric/,
  ],
  [
    'a value that is not allowed',
    base.replace('info', 'urgent'),
    /severity must be one of info, warning, critical, emergency, got "urgent"/,
  ],
  [
    'a name that is invalid in Prometheus',
    base.replace('name: A', 'name: "A b"'),
    /name must be letters, digits and underscores.*got "A b"/,
  ],
  ['NaN', base.replace('threshold: 1', 'threshold: .nan'), /threshold must be a number, got NaN/],
  [
    'a duration that is not a number',
    `${base}, durationMs: 5m`,
    /durationMs must be a whole number of milliseconds from 0, got "5m"/,
  ],
  [
    'a template with code in it',
    `${base}, annotations: { summary: "{{ process.env.HOME }}" }`,
    /annotations must be .*\{\{ value \| percent \}\}/,
  ],
  [
    'a clearThreshold on the wrong side of the threshold',
    `${base}, clearThreshold: 2`,
    /clearThreshold must be at most threshold \(1\), got 2/,
  ],
  ['a reserved label', `${base}, labels: { severity: x }`, /labels must not contain severity/],
  ['an invalid second condition', `${base}, onlyIf: { condition: rate_above, metric: n }`, /onlyIf\.threshold is missing/],
])('%s is rejected with the field, the value and what is allowed', (_title, rule, expected) => {
  const problems = findProblems(`{ ${rule} }`)
  expect(problems.join('\n')).toMatch(expected)
  expect(problems[0]).toMatch(/^rule A( b)?: /)
})

test('all problems of all rules are reported at once, with the origin', () => {
  const text = `rules:\n  - { ${base.replace('threshold: 1', 'threshold: x')}, durationMs: -1 }\n  - { condition: metric_absent, metric: m, severity: info }`
  expect(() => parseRules(text, 'rules.yaml')).toThrow(
    /rules\.yaml.*rule A: threshold.*rule A: durationMs.*rule 2: name is missing/s,
  )
})

test('two rules with the same name are rejected', () => {
  expect(() => parseRules(`rules:\n  - { ${base} }\n  - { ${base} }`, 'rules.yaml')).toThrow(
    /rule A: another rule has this name/s,
  )
})

test('invalid YAML is rejected with the line', () => {
  expect(() => parseRules('rules:\n  - { name: [ }', 'rules.yaml')).toThrow(/rules\.yaml.*line 2/s)
})

test('a text without a list of rules is rejected', () => {
  expect(() => parseRules('alerts: []', 'rules.yaml')).toThrow(/must be an object with a list "rules", got \{"alerts":\[\]\}/s)
})

test('a missing file is rejected by its name', async () => {
  await expect(readRules('/missing/rules.yaml')).rejects.toThrow(/\/missing\/rules\.yaml.*ENOENT/s)
})

test('rules are read from a file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, 'rules.yaml'), validRules)
  expect(await readRules(join(directory, 'rules.yaml'))).toHaveLength(1)
})
