import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import type { Monitoring } from '../monitoring.ts'
import { startMonitoring } from '../start-monitoring.ts'
import { SystemClock } from '../time/clock.ts'
import { type AlertGroup, DeliveryError, type Notifier } from './notifiers/notifier.ts'
import type { AlertRule } from './rule.ts'
import { AlertScheduler } from './scheduler.ts'
import { RuleError } from './validate-rules.ts'

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

/** A scheduler with one rule that fires at once, and with storage in memory. */
function scheduler({
  historyReady = () => Promise.resolve(),
  notifiers = [],
}: {
  historyReady?: () => Promise<void>
  notifiers?: readonly Notifier[]
} = {}) {
  const stored = new Map<string, string>()
  const logger = collectingLogger()
  const history = new TimeSeries()
  const depth = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
  history.append(Date.now(), [{ series: depth, value: 5 }])
  const create = () =>
    new AlertScheduler({
      registry: new MetricsRegistry(),
      clock: new SystemClock(),
      logger,
      rules: [{ name: 'Deep', severity: 'info', condition: 'metric_above', metric: 'db_queue_depth', threshold: 1 }],
      notifiers,
      closeTimeoutMs: 100,
      history,
      historyReady,
      evaluationIntervalMs: 100,
      storage: {
        metadata: (name) => stored.get(name),
        setMetadata: (name, value) => stored.set(name, value).size > 0,
        lastSampleMs: () => undefined,
      },
    })
  return { create, stored, lines: logger.lines }
}

test('alerts are stored at each change, and restored by the next scheduler when it starts', async () => {
  const { create, stored } = scheduler()
  const first = create()
  first.start()
  await first.evaluate()
  expect([...stored.values()].join()).toContain('Deep')
  await first.close()
  const second = create()
  expect(second.manager.alerts()).toEqual([])
  second.start()
  onTestFinished(() => second.close())
  expect(second.manager.alerts()).toMatchObject([{ rule: 'Deep', state: { name: 'firing' } }])
})

test('a scheduler that was never started stores nothing when it is closed', async () => {
  const { create, stored } = scheduler()
  await create().close()
  expect(stored.size).toBe(0)
})

test('rules are not evaluated before the history is ready, and never after close', async () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  const one = scheduler({ historyReady: () => promise }).create()
  one.start()
  await vi.advanceTimersByTimeAsync(1000)
  expect(one.manager.statuses).toMatchObject([{ rule: 'Deep', evaluatedAtMs: undefined }])
  resolve()
  await vi.advanceTimersByTimeAsync(100)
  const [status] = one.manager.statuses
  expect(status?.evaluatedAtMs).toBe(Date.now())
  await one.close()
  await vi.advanceTimersByTimeAsync(1000)
  expect(one.manager.statuses).toEqual([status])
})

test('stored alerts that cannot be read are logged, and the rules are evaluated all the same', async () => {
  const { create, stored, lines } = scheduler()
  const first = create()
  first.start()
  await first.evaluate()
  for (const name of stored.keys()) stored.set(name, 'not JSON')
  const second = create()
  expect(lines).toMatchObject([{ level: 'error', message: 'the stored alerts could not be read' }])
  second.start()
  await second.evaluate()
  expect(second.manager.alerts()).toMatchObject([{ rule: 'Deep' }])
  await Promise.all([first.close(), second.close()])
})

test('a notification that one process could not deliver is delivered by the next one', async () => {
  let isDown = true
  const delivered: string[] = []
  const notifier: Notifier = {
    name: 'own',
    repeatMs: 3_600_000,
    sendResolved: true,
    async send({ rule }) {
      if (isDown) throw new DeliveryError('down')
      delivered.push(rule)
    },
  }
  const { create, lines } = scheduler({ notifiers: [notifier] })
  const first = create()
  first.start()
  await first.evaluate()
  await first.close()
  expect(lines.at(-1)).toMatchObject({ message: 'alert notifications are kept for the next start', fields: { owed: 1 } })
  isDown = false
  const second = create()
  second.start()
  await vi.waitFor(() => expect(delivered).toEqual(['Deep']), 5000)
  await second.evaluate()
  await second.close()
  const third = create()
  third.start()
  await third.evaluate()
  await third.close()
  expect(delivered).toEqual(['Deep'])
})

/** Creates a scheduler with these rules over a history with one gauge, whose value is 5. */
function withOwnRules(rules: readonly AlertRule[], notifiers: readonly Notifier[] = []) {
  const registry = new MetricsRegistry()
  const logger = collectingLogger()
  const history = new TimeSeries()
  const series = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
  history.append(Date.now(), [{ series, value: 5 }])
  const scheduler = new AlertScheduler({
    registry,
    clock: new SystemClock(),
    logger,
    rules,
    notifiers,
    history,
    historyReady: async () => {},
    evaluationIntervalMs: undefined,
    storage: undefined,
  })
  scheduler.start()
  onTestFinished(() => scheduler.close())
  return { scheduler, registry, lines: logger.lines }
}

const deep = { condition: 'metric_above', metric: 'db_queue_depth', threshold: 1, severity: 'info' } as const

test('a rule whose template fails is counted in each evaluation and logged once, and every alert is sent', async () => {
  const sent: AlertGroup[] = []
  const notifier: Notifier = {
    name: 'list',
    repeatMs: 3_600_000,
    sendResolved: true,
    send: async (group) => void sent.push(group),
  }
  // No validated rule has such an annotation; one that the application changes after the start may.
  const annotations = { summary: 5 } as unknown as Record<string, string>
  const rules: readonly AlertRule[] = [
    { name: 'Broken', ...deep, annotations },
    { name: 'Sound', ...deep, annotations: { summary: '{{ labels.store }}: {{ value }}' } },
  ]
  const { scheduler, registry, lines } = withOwnRules(rules, [notifier])
  await scheduler.evaluate()
  await vi.waitFor(() => expect(sent).toHaveLength(2))
  await scheduler.evaluate()
  await scheduler.evaluate()
  expect(sent.map(({ rule, firing }) => [rule, firing[0]?.annotations['summary']]).sort()).toEqual([
    ['Broken', '<the template cannot be expanded>'],
    ['Sound', 'orders: 5'],
  ])
  expect(registry.counter('wombat_monitor_alert_evaluation_failures_total').value).toBe(3)
  expect(registry.counter('wombat_monitor_alert_evaluations_total').value).toBe(3)
  const failures = lines.filter(({ message }) => message.startsWith('an alert rule fails'))
  expect(failures).toMatchObject([
    { level: 'warn', fields: { rule: 'Broken', reason: expect.stringMatching(/^the template of the annotation summary/) } },
  ])
})

test('of many rules without series, 20 are named in the log and the others are counted', async () => {
  const rules = Array.from({ length: 50 }, (_, index): AlertRule => ({ name: `Rule${index}`, ...deep, metric: `app_${index}_x` }))
  const { scheduler, lines } = withOwnRules(rules)
  for (let evaluation = 0; evaluation < 12; evaluation++) await scheduler.evaluate()
  expect(lines.filter(({ message }) => message.startsWith('an alert rule has found no series'))).toHaveLength(20)
  expect(lines.filter(({ message }) => message.startsWith('more alert rules have found no series'))).toMatchObject([
    { fields: { rules: 30 } },
  ])
})
