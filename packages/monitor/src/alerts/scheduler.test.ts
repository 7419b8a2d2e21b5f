import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Monitoring } from '../monitoring.ts'
import { startMonitoring } from '../start-monitoring.ts'
import { RuleError } from './rule-file.ts'

const openStore = 'name: Open, condition: metric_above, metric: db_store_info, threshold: 0, severity: info'

/** Starts monitoring with a rule file that can be rewritten. */
async function withRules(
  rules: string,
): Promise<{ monitoring: Monitoring; write(text: string): Promise<void>; lines: () => string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const alertRulesFile = join(folder, 'rules.yaml')
  const write = (text: string) => writeFile(alertRulesFile, text)
  await write(rules)
  const logger = collectingLogger()
  const monitoring = await startMonitoring({
    alertRulesFile,
    logger,
    jsonApiPort: 0,
    metricsIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
  })
  onTestFinished(() => monitoring.close())
  return { monitoring, write, lines: () => logger.lines.map(({ message }) => message) }
}

test('the rules of a file are evaluated, logged and served', async () => {
  const { monitoring, lines } = await withRules(`rules: [{ ${openStore} }]`)
  await using _store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await vi.waitFor(() => expect(lines()).toContain('alert firing: Open'), 5000)
  const { body } = await httpRequest(`${monitoring.addresses.json}/api/v1/alerts`)
  expect(JSON.parse(body.toString())).toMatchObject({
    alerts: [{ rule: 'Open', labels: { store: 'orders', alertname: 'Open', severity: 'info' }, state: { name: 'firing' } }],
    rules: [{ name: 'Open', condition: 'metric_above' }],
    transitions: [{ from: 'inactive', to: 'firing' }],
  })
  const shown = (await monitoring.metrics()).filter(({ name }) => name === 'db_alerts')
  expect(shown).toMatchObject([{ labels: { store: 'orders', alertname: 'Open', state: 'firing' }, value: 1 }])
})

test('a rule file with an error is not loaded, and the previous rules stay', async () => {
  const { monitoring, write } = await withRules(`rules: [{ ${openStore} }]`)
  await using _store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await vi.waitFor(() => expect(monitoring.alerts()).toHaveLength(1), 5000)
  await write(`rules: [{ ${openStore} }, { name: Broken, condition: metric_over }]`)
  await expect(monitoring.reloadAlertRules()).rejects.toThrow(RuleError)
  expect(monitoring.alerts().map(({ rule }) => rule)).toEqual(['Open'])
  await write('rules: []')
  await monitoring.reloadAlertRules()
  expect(monitoring.alerts()).toEqual([])
})

test('evaluations are counted, and those that a blocked event loop prevented', async () => {
  const { monitoring } = await withRules('rules: []')
  const total = async (name: string) => (await monitoring.metrics()).find((metric) => metric.name === name)
  await vi.waitFor(
    async () => expect(await total('wombat_monitor_alert_evaluations_total')).toMatchObject({ value: expect.any(Number) }),
    5000,
  )
  await vi.waitFor(
    async () => expect(Reflect.get((await total('wombat_monitor_alert_evaluations_total')) ?? {}, 'value')).toBeGreaterThan(0),
    5000,
  )
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  await vi.waitFor(
    async () =>
      expect(Reflect.get((await total('wombat_monitor_alert_evaluations_missed_total')) ?? {}, 'value')).toBeGreaterThan(5),
    5000,
  )
})
