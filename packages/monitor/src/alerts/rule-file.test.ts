import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseRules, RuleError, readRules } from './rule-file.ts'

const good = `
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

function problemsOf(rule: string): readonly string[] {
  try {
    parseRules(`rules:\n  - ${rule}`, 'rules.yaml')
  } catch (error) {
    if (error instanceof RuleError) return error.problems
    throw error
  }
  return []
}

const base = 'name: A, condition: metric_above, metric: m, threshold: 1, severity: info'

test('a file of YAML is a list of rules', () => {
  expect(parseRules(good, 'rules.yaml')).toMatchObject([
    { name: 'SlowGets', condition: 'quantile_above', quantile: 0.99, severity: 'warning' },
  ])
})

test('a file of JSON is one too', () => {
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
    'a word that is not allowed',
    base.replace('info', 'urgent'),
    /severity must be one of info, warning, critical, emergency, got "urgent"/,
  ],
  [
    'a name that Prometheus would not take',
    base.replace('name: A', 'name: "A b"'),
    /name must be letters, digits and underscores.*got "A b"/,
  ],
  ['a number that is none', base.replace('threshold: 1', 'threshold: .nan'), /threshold must be a number, got NaN/],
  ['a time that is no number', `${base}, durationMs: 5m`, /durationMs must be a whole number of milliseconds from 0, got "5m"/],
  [
    'a template with code in it',
    `${base}, annotations: { summary: "{{ process.env.HOME }}" }`,
    /annotations must be .*\{\{ value \| percent \}\}/,
  ],
  [
    'a threshold to clear that is harder to reach than to leave',
    `${base}, clearThreshold: 2`,
    /clearThreshold must be at most threshold \(1\), got 2/,
  ],
  ['a label that every alert has', `${base}, labels: { severity: x }`, /labels must not contain severity/],
  ['a second condition that is wrong', `${base}, onlyIf: { condition: rate_above, metric: n }`, /onlyIf\.threshold is missing/],
])('%s is refused with the field, what was got and what is allowed', (_title, rule, expected) => {
  const problems = problemsOf(`{ ${rule} }`)
  expect(problems.join('\n')).toMatch(expected)
  expect(problems[0]).toMatch(/^rule A( b)?: /)
})

test('all mistakes of all rules are told at once, with the origin', () => {
  const text = `rules:\n  - { ${base.replace('threshold: 1', 'threshold: x')}, durationMs: -1 }\n  - { condition: metric_absent, metric: m, severity: info }`
  expect(() => parseRules(text, 'rules.yaml')).toThrow(
    /rules\.yaml.*rule A: threshold.*rule A: durationMs.*rule 2: name is missing/s,
  )
})

test('a name that is taken is refused', () => {
  expect(() => parseRules(`rules:\n  - { ${base} }\n  - { ${base} }`, 'rules.yaml')).toThrow(
    /rule A: another rule has this name/s,
  )
})

test('what is no YAML is refused with the line', () => {
  expect(() => parseRules('rules:\n  - { name: [ }', 'rules.yaml')).toThrow(/rules\.yaml.*line 2/s)
})

test('what holds no rules is refused', () => {
  expect(() => parseRules('alerts: []', 'rules.yaml')).toThrow(/must be an object with a list "rules", got \{"alerts":\[\]\}/s)
})

test('a file that is not there is refused by its name', async () => {
  await expect(readRules('/nowhere/rules.yaml')).rejects.toThrow(/\/nowhere\/rules\.yaml.*ENOENT/s)
})

test('a file is read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'rules.yaml'), good)
  expect(await readRules(join(folder, 'rules.yaml'))).toHaveLength(1)
})
