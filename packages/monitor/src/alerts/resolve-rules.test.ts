import { expect, test } from 'vitest'
import { defaultRules } from './default-rules.ts'
import { resolveRules } from './resolve-rules.ts'
import { parseRules } from './rule-file.ts'
import { RuleError } from './validate-rules.ts'

const own = { name: 'Deep', condition: 'metric_above', metric: 'db_queue_depth', threshold: 5, severity: 'info' }
const first = defaultRules[0]?.name as string

function problemsOf(given: unknown): readonly string[] {
  try {
    resolveRules(given, 'alertRules')
  } catch (error) {
    if (error instanceof RuleError) return error.problems
    throw error
  }
  return []
}

test('a list replaces the default rules', () => {
  expect(resolveRules([own], 'alertRules')).toEqual([own])
})

test('rules are added to the default rules, of which some are left out and some are changed', () => {
  const rules = resolveRules(
    {
      extends: 'default',
      rules: [own],
      disable: ['NoData'],
      override: { [first]: { threshold: 0.5, clearThreshold: null }, StoreStalled: { severity: 'warning' } },
    },
    'alertRules',
  )
  expect(rules).toHaveLength(defaultRules.length)
  expect(rules.at(-1)).toEqual(own)
  expect(rules.map(({ name }) => name)).not.toContain('NoData')
  expect(rules[0]).toMatchObject({ name: first, threshold: 0.5 })
  expect(rules[0]).not.toHaveProperty('clearThreshold')
  expect(rules.find(({ name }) => name === 'StoreStalled')).toMatchObject({ severity: 'warning', threshold: 10 })
})

test('a file can do the same', () => {
  const text = `
extends: default
disable: [NoData]
override: { StoreStalled: { threshold: 20 } }
rules:
  - { name: Deep, condition: metric_above, metric: db_queue_depth, threshold: 5, severity: info }
`
  const rules = parseRules(text, 'rules.yaml')
  expect(rules).toHaveLength(defaultRules.length)
  expect(rules.find(({ name }) => name === 'StoreStalled')).toMatchObject({ threshold: 20 })
  expect(() => parseRules('extends: defaults', 'rules.yaml')).toThrow('line 1: extends must be default, got text')
})

test.each([
  ['text', /must be a list of rules, or an object with extends: default, got "text"/],
  [{ extends: 'all' }, /extends must be default, got "all"/],
  [{ extends: 'default', disables: [] }, /disables: no such field; allowed are extends, rules, disable, override/],
  [
    { extends: 'default', disable: ['StoreStaled'] },
    /disable: there is no default rule StoreStaled: did you mean StoreStalled\?/,
  ],
  [{ extends: 'default', override: { NoDatas: {} } }, /override: there is no default rule NoDatas: did you mean NoData\?/],
  [{ extends: 'default', override: { NoData: { severity: 'bad' } } }, /rule NoData: severity must be one of/],
  [{ extends: 'default', override: { NoData: 5 } }, /must be an object, got 5/],
  [{ extends: 'default', override: [] }, /override must be an object of rule names/],
  [{ extends: 'default', rules: {} }, /rules must be a list of rules/],
  [{ extends: 'default', disable: 'NoData' }, /disable must be a list of names/],
  [{ extends: 'default', rules: [{ ...own, name: 'NoData' }] }, /rule NoData: another rule has this name/],
  [{ rules: [own], disable: ['NoData'] }, /disable and override change the default rules: add extends: default/],
])('%j is rejected', (given, problem) => {
  expect(problemsOf(given).join('\n')).toMatch(problem)
})
