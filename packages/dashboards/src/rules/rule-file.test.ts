import { type AlertRule, defaultRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ruleFiles } from './default-rule-files.ts'
import { alertGroup, ruleFile } from './rule-file.ts'

const own: AlertRule = {
  name: 'ManyIterators',
  condition: 'metric_above',
  metric: 'db_open_iterators',
  threshold: 100,
  durationMs: 60_000,
  severity: 'warning',
  labels: { team: 'storage' },
}

test.each(Object.entries(ruleFiles()))('%s is kept in the package as it is written (else: pnpm generate)', async (name, text) => {
  await expect(text).toMatchFileSnapshot(`../generated/rules/${name}`)
})

test('every default rule is written, with a link to its section of the runbook', () => {
  const { rules } = alertGroup(defaultRules, 'https://wiki.example/runbook')
  expect(rules.map((rule) => 'alert' in rule && rule.alert)).toEqual(defaultRules.map(({ name }) => name))
  for (const rule of rules) {
    const annotations = 'alert' in rule ? rule.annotations : undefined
    expect(annotations?.['runbook_url']).toMatch(/^https:\/\/wiki\.example\/runbook#[a-z]+$/)
  }
})

test("a rule's own labels and its own link are kept", () => {
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

test('a rule that Prometheus cannot keep to is refused with its name', () => {
  expect(() => ruleFiles({ rules: [{ ...own, noData: 'keep' }] })).toThrow('rule ManyIterators: noData "keep"')
})

test('two rules of one name are refused', () => {
  expect(() => alertGroup([own, own])).toThrow('two rules are called ManyIterators')
})
