import { type AlertRule, defaultRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertGroup } from './alert-rules.ts'
import { ruleFiles } from './default-rule-files.ts'
import { ruleFile } from './rule-file.ts'

const own: AlertRule = {
  name: 'ManyIterators',
  condition: 'metric_above',
  metric: 'db_open_iterators',
  threshold: 100,
  durationMs: 60_000,
  severity: 'warning',
  labels: { team: 'storage' },
}

test.each(Object.entries(ruleFiles()))('the committed %s is up to date (else run npm run generate)', async (name, text) => {
  await expect(text).toMatchFileSnapshot(`../../generated/rules/${name}`)
})

test('every default rule becomes an alert with a link to its runbook section', () => {
  const { rules } = alertGroup(defaultRules, 'https://wiki.example/runbook')
  expect(rules.map((rule) => 'alert' in rule && rule.alert)).toEqual(defaultRules.map(({ name }) => name))
  for (const rule of rules) {
    const annotations = 'alert' in rule ? rule.annotations : undefined
    expect(annotations?.['runbook_url']).toMatch(/^https:\/\/wiki\.example\/runbook#[a-z]+$/)
  }
})

test("a rule's labels and runbook URL are kept", () => {
  const { rules } = alertGroup([{ ...own, runbookUrl: 'https://wiki.example/iterators' }], 'https://wiki.example/runbook')
  expect(parse(ruleFile([{ name: 'own', rules }]))).toEqual({
    groups: [
      {
        name: 'own',
        rules: [
          {
            alert: 'ManyIterators',
            expr: 'db_open_iterators > 100',
            for: '1m',
            labels: { team: 'storage', severity: 'warning' },
            annotations: { runbook_url: 'https://wiki.example/iterators' },
          },
        ],
      },
    ],
  })
})

test('a rule without a Prometheus equivalent is rejected by name', () => {
  expect(() => ruleFiles({ rules: [{ ...own, noData: 'keep' }] })).toThrow(
    'alert rule ManyIterators: noData "keep" has no Prometheus equivalent',
  )
})

test('two rules with the same name are rejected', () => {
  expect(() => alertGroup([own, own])).toThrow('two alert rules are named ManyIterators')
})
