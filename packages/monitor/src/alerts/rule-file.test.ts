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
  ['an unknown condition', 'name: A, condition: metric_over, metric: m', /condition must be one of metric_above, .*got text/],
  ['a missing field', 'name: A, condition: metric_above, metric: m, severity: info', /threshold is missing: it must be a number/],
  ['a field of another type', base.replace('threshold: 1', 'threshold: high'), /threshold must be a number, got text/],
  [
    'a field of another condition',
    `${base}, quantile: 0.5`,
    /quantile: metric_above has no such field; allowed are condition, metric/,
  ],
  [
    'a value that is not allowed',
    base.replace('info', 'urgent'),
    /severity must be one of info, warning, critical, emergency, got text/,
  ],
  [
    'a name that is invalid in Prometheus',
    base.replace('name: A', 'name: "A b"'),
    /name must be letters, digits and underscores.*got text/,
  ],
  ['NaN', base.replace('threshold: 1', 'threshold: .nan'), /threshold must be a number, got null/],
  [
    'a duration that is not a number',
    `${base}, durationMs: 5m`,
    /durationMs must be a whole number of milliseconds from 0, got text/,
  ],
  [
    'a template with code in it',
    `${base}, annotations: { summary: "{{ process.env.HOME }}" }`,
    /annotations must be .*\{\{ value \| percent \}\}/,
  ],
  [
    'a clearThreshold on the wrong side of the threshold',
    `${base}, clearThreshold: 2`,
    /clearThreshold must be at most threshold: otherwise/,
  ],
  ['a reserved label', `${base}, labels: { severity: x }`, /labels must not contain severity/],
  ['an invalid second condition', `${base}, onlyIf: { condition: rate_above, metric: n }`, /onlyIf\.threshold is missing/],
])('%s is rejected with the line, the field, the type of the value and what is allowed', (_title, rule, expected) => {
  const problems = findProblems(`{ ${rule} }`)
  expect(problems.join('\n')).toMatch(expected)
  expect(problems[0]).toMatch(/^line 2: rule 1: /)
})

test('all problems of all rules are reported at once, with the origin', () => {
  const text = `rules:\n  - { ${base.replace('threshold: 1', 'threshold: x')}, durationMs: -1 }\n  - { condition: metric_absent, metric: m, severity: info }`
  expect(() => parseRules(text, 'rules.yaml')).toThrow(
    /rules\.yaml.*line 2: rule 1: threshold.*line 2: rule 1: durationMs.*line 3: rule 2: name is missing/s,
  )
})

test('two rules with the same name are rejected', () => {
  expect(() => parseRules(`rules:\n  - { ${base} }\n  - { ${base} }`, 'rules.yaml')).toThrow(
    /line 3: rule 2: another rule has this name/s,
  )
})

test('invalid YAML is rejected with the line', () => {
  expect(() => parseRules('rules:\n  - { name: [ }', 'rules.yaml')).toThrow(/rules\.yaml.*line 2/s)
})

test('a text without a list of rules is rejected', () => {
  expect(() => parseRules('alerts: []', 'rules.yaml')).toThrow(/must be an object with a list "rules", or with extends: default$/)
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

/** A text that must be in no error: each secret is one word. */
const secrets = ['hunter2', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'correct-horse-battery', '4111111111111111']
const [one = '', two = '', three = '', four = ''] = secrets

test.each([
  ['an environment file', `DB_PASSWORD=${one}\nSTRIPE_KEY=${two}\n`],
  ['JSON', JSON.stringify({ password: one, nested: { key: two }, list: [three, four] })],
  ['JSON that breaks off', `{ "password": "${one}", "key": "${two}`],
  ['YAML', `password: ${one}\nkeys:\n  - ${two}\n  - ${three}\n`],
  ['a key file', `-----BEGIN PRIVATE KEY-----\n${two}\n${three}\n-----END PRIVATE KEY-----\n`],
  ['aliases and tags', `a: *${two}\nb: !${three} x\nc: &${one} {\n`],
  ['a block scalar', `a: |${one}\n  ${two}\n`],
  ['an object as a key', `? { password: ${one} }\n: ${two}\nrules: {}\n`],
  ['several documents', `a: ${one}\n---\nb: ${two}\n`],
  ['a list of rules that are texts', `rules:\n  - ${one}\n  - ${four}\n  - [${two}]\n`],
  ['an object of rules', `rules: { password: ${one} }\nextends: ${two}\noverride: ${three}\ndisable: ${four}\n`],
  ['names of default rules', `extends: default\ndisable: [${one}, ${four}]\noverride: { StoreStalled: ${two} }\n`],
  [
    'fields of rules',
    `rules:
  - name: ${one}-${two}
    condition: ${three}
    severity: ${one}
  - name: ${two}
    condition: quantile_above
    metric: db_get_latency_secondz_${two}
    where: { store: ${four}, ${'level'}: { a: ${one} } }
    by: [${three}]
    quantile: ${four}
    threshold: ${one}
    clearThreshold: ${two}
    durationMs: -${four}
    annotations: { summary: "{{ ${two} }} ${one}", runbook_url: "ftp://${three}" }
    labels: { a: "{{ ${one} }}" }
    runbookUrl: "${three}://x"
    onlyIf: { condition: metric_above, metric: ${one}, by: [${two}], threshold: ${three} }
  - name: ${two}
    condition: metric_above
    metric: db_queue_depth
    by: [${three}]
    where: [${one}]
    threshold: ${four}
    clearThreshold: 41111111111111119
    severity: info
`,
  ],
])('if %s is given as a rule file, no error contains a value of it', async (_, text) => {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const directory = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  // A long one is read in a thread.
  for (const [name, content] of Object.entries({ short: text, long: `${text}\n${'# a comment\n'.repeat(500)}` })) {
    const file = join(directory, `${name}.yaml`)
    await writeFile(file, content)
    const error: unknown = await readRules(file).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(RuleError)
    const said = `${(error as Error).stack}${(error as Error).cause}${warnings.join()}`
    for (const secret of secrets) expect(said).not.toContain(secret)
  }
})

test.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' https://x.example',
  'data:text/html,x',
  'file:///etc/passwd',
  'vbscript:x',
  '//x.example',
  '{{ labels.url }}',
])('a runbook at %s is rejected, also as an annotation', (url) => {
  expect(findProblems(`{ ${base}, runbookUrl: "${url}" }`).join()).toMatch(/runbookUrl must be a URL with http or https/)
  expect(findProblems(`{ ${base}, annotations: { runbook_url: "${url}" } }`).join()).toMatch(
    /annotations\.runbook_url must be a URL with http or https/,
  )
})

test('a runbook with http or https and labels is accepted', () => {
  const runbook = 'https://x.example/{{ labels.store }}'
  expect(findProblems(`{ ${base}, runbookUrl: "${runbook}", annotations: { runbook_url: "${runbook}" } }`)).toEqual([])
})

test.each(['__proto__', 'constructor', 'toString', 'humanize'])('a template with the unknown function %s is rejected', (name) => {
  expect(findProblems(`{ ${base}, annotations: { summary: "{{ value | ${name} }}" } }`).join()).toMatch(
    /annotations must be an object of texts with only these placeholders: .*\{\{ value \| duration \}\}/,
  )
})

test('an annotation called __proto__ is rejected', () => {
  const text = '{"rules":[{"name":"A","condition":"metric_absent","metric":"m","severity":"info","annotations":{"__proto__":5}}]}'
  expect(() => parseRules(text, 'rules.json')).toThrow(/annotations must not have the key __proto__/)
})

const levels = Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}]`)

test.each([
  ['refers to each alias nine times', `a0: &a0 [x]\n${levels.join('\n')}\nrules: *a9\n`],
  ['refers to an alias that contains itself', 'rules: &a [*a]\n'],
  ['refers to an alias that does not exist', 'rules: *a\n'],
])('a file that %s is rejected in one sentence', (_, text) => {
  expect(() => parseRules(text, 'rules.yaml')).toThrow(/ {2}- (line \d: is not valid YAML|refers to an alias too often).*$/)
})

test('an alias that stands for a condition works', () => {
  const text = `rules:\n  - { ${base}, onlyIf: &busy { condition: rate_above, metric: n, threshold: 1 } }\n  - { ${base.replace('A', 'B')}, onlyIf: *busy }`
  expect(parseRules(text, 'rules.yaml')[1]).toMatchObject({ onlyIf: { condition: 'rate_above', metric: 'n' } })
})

test('a file that is nested too deeply or too large is rejected in one sentence', async () => {
  expect(() => parseRules(`rules: ${'['.repeat(100_000)}`, 'rules.yaml')).toThrow(/nested too deeply|not valid YAML/)
  const directory = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'rules.yaml')
  await writeFile(file, '#'.repeat(10 * 1024 * 1024 + 1))
  await expect(readRules(file)).rejects.toThrow(/ {2}- is larger than 10 MiB: leave out rules/)
  await expect(readRules(directory)).rejects.toThrow(/EISDIR/)
  await writeFile(file, `rules: ${'['.repeat(100_000)}`)
  await expect(readRules(file)).rejects.toThrow(RuleError)
})

test('a long file is read while the event loop runs, and its errors have their lines', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'rules.yaml')
  const rules = Array.from({ length: 3000 }, (_, index) => `  - { ${base.replace('A', `Rule${index}`)} }`)
  await writeFile(file, ['rules:', ...rules].join('\n'))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  onTestFinished(() => clearInterval(timer))
  const read = await readRules(file)
  expect(turns).toBeGreaterThan(10)
  expect(read.map(({ name }) => name)).toEqual(rules.map((_, index) => `Rule${index}`))
  rules[2000] = `  - { ${base}, quantile: 1 }`
  rules.push('  - 5', ...Array.from({ length: 300 }, () => '  - {}'))
  await writeFile(file, ['rules:', ...rules].join('\n'))
  const { problems } = (await readRules(file).catch((thrown) => thrown)) as RuleError
  expect(problems[0]).toMatch(/^line 2002: rule 2001: quantile: metric_above has no such field/)
  expect(problems[1]).toBe('line 3002: rule 3001: must be an object, got a number')
  expect(problems).toHaveLength(101)
  expect(problems.at(-1)).toBe('only the first 100 problems are shown')
})
