import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { type HttpResponse, httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AlertManager } from '../../alerts/manager.ts'
import type { AlertGroup, Notifier } from '../../alerts/notifiers/notifier.ts'
import type { AlertRule } from '../../alerts/rule.ts'
import { AlertScheduler } from '../../alerts/scheduler.ts'
import type { MonitoringConfig } from '../../config/resolve-config.ts'
import { TimeSeries } from '../../history/memory/time-series.ts'
import type { Monitoring } from '../../monitoring.ts'
import { startMonitoring } from '../../start-monitoring.ts'
import { ManualClock } from '../../time/clock.ts'
import { QueryRunner } from '../query-runner.ts'
import { alertRoutes } from './alerts.ts'

const token = 'a-token-of-sixteen-or-more'
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

const rules: readonly AlertRule[] = [
  { name: 'Deep', condition: 'metric_above', metric: 'db_queue_depth', threshold: 5, clearThreshold: 3, severity: 'warning' },
  { name: 'Busy', condition: 'rate_above', metric: 'db_get_operations_total', windowMs: 60_000, threshold: 1, severity: 'info' },
  {
    name: 'Total',
    condition: 'rate_below',
    metric: 'db_get_operations_total',
    by: [],
    windowMs: 60_000,
    threshold: 1,
    severity: 'info',
  },
  { name: 'Gone', condition: 'metric_absent', metric: 'db_nothing', severity: 'critical', durationMs: 3_600_000 },
  { name: 'Share', condition: 'share_above', metric: 'db_queue_depth', of: 'db_queue_depth', threshold: 2, severity: 'info' },
]

/** Creates the endpoints over a history of ten minutes of two stores, at the end of which the rules were evaluated. */
async function createApp() {
  const clock = new ManualClock(1_800_000_000_000)
  const history = new TimeSeries({ intervalMs: 10_000 })
  const registry = new MetricsRegistry()
  const notifier: Notifier = { name: 'own', repeatMs: 60_000, sendResolved: true, send: async () => {} }
  const scheduler = new AlertScheduler({
    registry,
    logger: collectingLogger(),
    clock,
    rules,
    notifiers: [notifier],
    history,
    historyReady: async () => {},
    evaluationIntervalMs: undefined,
    storage: undefined,
  })
  for (let sample = 0; sample <= 60; sample++) {
    if (sample > 0) clock.advance(10_000)
    const values = ['orders', 'cache'].flatMap((store, index) => [
      { series: { name: 'db_queue_depth', labels: { store }, isCounter: false }, value: sample / 10 + index },
      { series: { name: 'db_get_operations_total', labels: { store }, isCounter: true }, value: sample * 10 * (index + 1) },
    ])
    history.append(clock.nowMs(), values)
  }
  await scheduler.evaluate()
  const runner = new QueryRunner(history, registry, () => clock.nowMs())
  const app = alertRoutes({ alerts: scheduler.manager, notifications: scheduler, runner })
  const get = async (path: string) => {
    const response = await app.request(path)
    return { status: response.status, answer: JSON.parse(await response.text()) }
  }
  return { get, clock, history, scheduler }
}

test('every rule is listed with its state, its alerts and the unit of its threshold', async () => {
  const { get, clock } = await createApp()
  const { answer } = await get('/api/v1/rules')
  expect(answer.rules.map(({ name, state, alerts, unit }: Record<string, unknown>) => [name, state, alerts, unit])).toEqual([
    ['Deep', 'firing', 2, '{operation}'],
    ['Busy', 'firing', 1, '{operation}/s'],
    ['Total', 'inactive', 0, '{operation}/s'],
    ['Gone', 'pending', 1, '1'],
    ['Share', 'inactive', 0, '1'],
  ])
  expect(answer.rules[0]).toMatchObject({ ...rules[0], rule: 'Deep', evaluatedAtMs: clock.nowMs(), hasMatched: true })
  expect(answer.rules[3]).toMatchObject({ hasMatched: false })
})

test('the values of a rule are those that its evaluation compares, at every step', async () => {
  const { get, clock, history } = await createApp()
  const endMs = clock.nowMs()
  const { answer } = await get('/api/v1/rules/Deep/values?start=-5m&step=1m')
  expect(answer).toMatchObject({ rule: 'Deep', threshold: 5, clearThreshold: 3, direction: 'above', unit: '{operation}' })
  expect(answer).toMatchObject({ startMs: endMs - 300_000, endMs, stepMs: 60_000 })
  expect(answer.series).toEqual([
    {
      labels: { store: 'orders' },
      points: [3, 3.6, 4.2, 4.8, 5.4, 6].map((value, at) => [endMs - 300_000 + at * 60_000, value]),
    },
    { labels: { store: 'cache' }, points: [4, 4.6, 5.2, 5.8, 6.4, 7].map((value, at) => [endMs - 300_000 + at * 60_000, value]) },
  ])
  for (const rule of rules) {
    const values = (await get(`/api/v1/rules/${rule.name}/values?start=now&step=1m`)).answer
    const manager = new AlertManager(
      [{ ...rule, durationMs: 0, ...('threshold' in rule && { threshold: rule.condition.endsWith('above') ? -1 : 1e9 }) }],
      history,
    )
    manager.evaluate(endMs)
    const expected = manager.alerts().map(({ value }) => value)
    expect(
      values.series.map(({ points }: { points: number[][] }) => points[0]?.[1]),
      rule.name,
    ).toEqual(expected)
  }
  expect((await get('/api/v1/rules/Gone/values?start=now&step=1m')).answer).not.toHaveProperty('direction')
})

test('an unknown rule is a 404 with the nearest one, and a range that is not valid a 400', async () => {
  const { get } = await createApp()
  expect(await get('/api/v1/rules/Dep/values?start=-5m&step=1m')).toEqual({
    status: 404,
    answer: { error: 'there is no rule "Dep": did you mean Deep?' },
  })
  expect((await get('/api/v1/rules/Deep/values?start=-5m')).answer.error).toMatch(/^step must be a time such as/)
  expect((await get('/api/v1/rules/Deep/values?start=-30d&step=1s')).answer.error).toMatch(/must have 1 to 11000 steps/)
  expect((await get('/api/v1/rules/Deep/values?start=-5m&step=1m&metric=a')).answer.error).toMatch(/^metric: unknown parameter/)
})

test('a long range of a rule lets the event loop run in between', async () => {
  const { get } = await createApp()
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const { answer } = await get('/api/v1/rules/Busy/values?start=-10m&step=60ms')
  clearInterval(timer)
  expect(answer.series[0].points.length).toBeGreaterThan(9000)
  expect(turns).toBeGreaterThan(4)
})

/** Starts monitoring with an alert that fires as soon as there is a store, and a notifier that keeps what it gets. */
async function withFiringAlert(config: MonitoringConfig = {}) {
  const groups: AlertGroup[] = []
  const pager: Notifier = {
    name: 'pager',
    repeatMs: 3_600_000,
    sendResolved: true,
    async send(group) {
      groups.push(group)
    },
  }
  const logger = collectingLogger()
  const monitoring = await startMonitoring({
    authToken: token,
    jsonApiPort: 0,
    historyIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
    alertRules: [{ name: 'Open', condition: 'metric_above', metric: 'db_store_info', threshold: 0, severity: 'info' }],
    notifiers: [pager],
    logger,
    ...config,
  })
  onTestFinished(() => monitoring.close())
  const ask = (path: string, method = 'GET', body?: object): Promise<HttpResponse> =>
    httpRequest(`${monitoring.addresses.json}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { monitoring, ask, groups, logger }
}

const counted = async (monitoring: Monitoring, name: string): Promise<number> =>
  Reflect.get((await monitoring.metrics()).find((metric) => metric.name === name) ?? {}, 'value') as number

test('a silence withholds notifications, which are sent when it is deleted', async () => {
  const { monitoring, ask, groups, logger } = await withFiringAlert()
  const created = await ask('/api/v1/silences', 'POST', {
    matchers: { alertname: 'Open' },
    durationSeconds: 600,
    comment: 'deployment',
  })
  expect(created.status).toBe(201)
  const silence = JSON.parse(created.body.toString())
  expect(silence).toMatchObject({
    matchers: { alertname: 'Open' },
    comment: 'deployment',
    alerts: 0,
    endMs: silence.startMs + 600_000,
  })
  await using _store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  const read = async () => JSON.parse((await ask('/api/v1/alerts')).body.toString())
  await vi.waitFor(async () => expect((await read()).alerts).toMatchObject([{ silencedUntilMs: silence.endMs }]), 5000)
  expect((await read()).notifications).toMatchObject([{ notifier: 'pager', rule: 'Open', result: 'silenced' }])
  expect(await counted(monitoring, 'wombat_monitor_notifications_silenced_total')).toBe(1)
  expect(JSON.parse((await ask('/api/v1/silences')).body.toString()).silences).toMatchObject([{ id: silence.id, alerts: 1 }])
  expect(groups).toEqual([])
  expect((await ask(`/api/v1/silences/${silence.id}`, 'DELETE')).status).toBe(204)
  await vi.waitFor(() => expect(groups).toMatchObject([{ rule: 'Open', firing: [{ labels: { store: 'orders' } }] }]), 5000)
  expect((await read()).notifications).toMatchObject([{ result: 'sent' }, { result: 'silenced' }])
  expect((await read()).alerts[0]).not.toHaveProperty('silencedUntilMs')
  expect((await ask(`/api/v1/silences/${silence.id}`, 'DELETE')).status).toBe(404)
  const { events } = JSON.parse((await ask('/api/v1/events?kind=silence,notification')).body.toString())
  expect(events.map(({ title }: { title: string }) => title)).toEqual([
    'Silence created',
    'Notification of Open silenced',
    'Silence deleted',
    'Notification of Open sent',
  ])
  expect(logger.lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['notifications of alerts are silenced', 'a silence of alerts was deleted']),
  )
})

test('a silence of a rule that does not exist is rejected with the nearest one', async () => {
  const { ask } = await withFiringAlert()
  const { status, body } = await ask('/api/v1/silences', 'POST', { matchers: { alertname: 'Opn' }, durationSeconds: 60 })
  expect([status, JSON.parse(body.toString())]).toEqual([
    400,
    { error: 'matchers.alertname: there is no rule "Opn": did you mean Open?' },
  ])
  expect(JSON.parse((await ask('/api/v1/silences')).body.toString())).toEqual({ silences: [] })
})

test('silences last over a restart, if there is a history file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-silences-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const historyPath = join(folder, 'history.db')
  const before = await withFiringAlert({ historyPath })
  await before.ask('/api/v1/silences', 'POST', { matchers: { alertname: 'Open', store: 'orders' }, durationSeconds: 600 })
  const kept = (await before.ask('/api/v1/silences')).body.toString()
  await before.monitoring.close()
  const after = await withFiringAlert({ historyPath })
  expect((await after.ask('/api/v1/silences')).body.toString()).toBe(kept)
  await using _store = after.monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  await vi.waitFor(() => expect(after.monitoring.alerts()).toMatchObject([{ state: { name: 'firing' } }]), 5000)
  expect(after.groups).toEqual([])
})

test('health is served with its changes, and a run of all checks is shared by those who ask for it meanwhile', async () => {
  let runs = 0
  const check = {
    name: 'own',
    run: async () => {
      runs++
      await new Promise((resolve) => setTimeout(resolve, 200))
      return { status: 'degraded', message: 'not well' } as const
    },
  }
  const { ask } = await withFiringAlert({ health: { checks: [check] }, healthCheckIntervalMs: 3_600_000 })
  await vi.waitFor(() => expect(runs).toBe(1))
  const answers = await Promise.all([1, 2, 3].map(() => ask('/api/v1/health/run', 'POST')))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(runs).toBeLessThanOrEqual(2)
  const { checks, changes } = JSON.parse((await ask('/api/v1/health')).body.toString())
  expect(checks).toContainEqual(expect.objectContaining({ name: 'own', status: 'degraded', message: 'not well' }))
  expect(changes[0]).toMatchObject({ name: 'own', from: 'unknown', to: 'degraded', message: 'not well' })
  expect((await ask('/api/v1/health/run')).status).toBe(405)
})
