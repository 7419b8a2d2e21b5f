import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { defaultRules } from './default-rules.ts'
import { severities } from './rule.ts'
import { validateRules } from './validate-rules.ts'

test('the default rules are valid', () => {
  expect(validateRules(JSON.parse(JSON.stringify(defaultRules)), 'the defaults')).toHaveLength(defaultRules.length)
})

test('every metric of a default rule is in the catalog, with the labels that the rule selects', () => {
  for (const rule of defaultRules) {
    for (const name of [rule.metric, ...('of' in rule ? [rule.of] : [])]) {
      const definition = metrics[name as keyof typeof metrics]
      expect(definition, `${rule.name}: ${name}`).toBeDefined()
      for (const label of Object.keys(rule.where ?? {})) expect(definition.attributes, rule.name).toContain(label)
    }
  }
})

test('every default rule has a summary and a section of the runbook', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../RUNBOOK.md'), 'utf8')
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title.toLowerCase())
  for (const { name, annotations, runbookUrl } of defaultRules) {
    expect(annotations?.['summary'], name).toMatch(/\.$/)
    expect(sections, name).toContain(runbookUrl?.split('#')[1])
  }
})

test('the default rules use all severities', () => {
  expect(new Set(defaultRules.map(({ severity }) => severity))).toEqual(new Set(severities))
})
