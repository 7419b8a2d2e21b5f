import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ruleFiles } from '@wombat/dashboards'
import { parseRules } from '@wombat/monitor'
import { startBackend } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { freePort } from '@wombat/test-support/free-port'
import { ruleFileErrors, writeRuleFiles } from '@wombat/test-support/promtool'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const customRules = `
rules:
  - name: ManyIterators
    condition: metric_above
    metric: db_open_iterators
    threshold: 100
    clearThreshold: 50
    durationMs: 60000
    severity: warning
    runbookUrl: https://wiki.example/iterators
    annotations: { summary: "{{ labels.store }} has {{ value }} iterators open" }
  - name: GetsAreGone
    condition: rate_below
    metric: db_get_operations_total
    threshold: 0.1
    severity: critical
    noData: alert
`

interface Group {
  readonly name: string
  readonly rules: ReadonlyArray<{ readonly name: string; readonly type: string }>
}

describe.skipIf(!areInstalled('promtool'))('promtool accepts', () => {
  test('the default rule files', async () => {
    expect(await ruleFileErrors(ruleFiles())).toBe('')
  })

  test('rule files with other objectives', async () => {
    const objectives = { availability: 0.9999, latency: 0.95, latencySeconds: 1, minimumOperations: 1 }
    expect(await ruleFileErrors(ruleFiles({ objectives }))).toBe('')
  })

  test('rule files with custom rules', async () => {
    expect(await ruleFileErrors(ruleFiles({ rules: parseRules(customRules, 'own.yaml') }))).toBe('')
  })

  test('only valid PromQL', async () => {
    const broken = { 'broken.yaml': (ruleFiles()['wombat-slo.yaml'] ?? '').replace(' and ', ' und ') }
    expect(await ruleFileErrors(broken)).toContain('parse error')
  })
})

describe.skipIf(!areInstalled('prometheus'))('Prometheus', () => {
  test('loads every group and rule of the rule files', async () => {
    const folder = await temporaryFolder()
    const files = ruleFiles()
    const config = join(folder, 'prometheus.yml')
    await writeFile(config, JSON.stringify({ rule_files: await writeRuleFiles(files, join(folder, 'rules')) }))
    const url = `http://127.0.0.1:${await freePort()}`
    const flags = [`--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${new URL(url).host}`]
    await startBackend('prometheus', [`--config.file=${config}`, ...flags], `${url}/-/ready`)
    const { data } = (await (await fetch(`${url}/api/v1/rules`)).json()) as { data: { groups: readonly Group[] } }
    const expected = Object.values(files).flatMap((text) => (parse(text) as { groups: readonly Group[] }).groups)
    const counted = (groups: readonly Group[]) => groups.map(({ name, rules }) => `${name} ${rules.length}`).sort()
    expect(counted(data.groups)).toEqual(counted(expected))
  })
})
