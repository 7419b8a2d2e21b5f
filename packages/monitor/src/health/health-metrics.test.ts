import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding, HealthCheck } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'fine' }
const bad: Finding = { status: 'critical', message: 'it is broken' }

function setUp(options: Partial<HealthMonitorOptions> = {}) {
  const registry = new MetricsRegistry()
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, registry, ...options })
  onTestFinished(() => monitor.close())
  const select = (name: string) => registry.getAllMetrics().filter((metric) => metric.name === name)
  /** Returns `orders/disk_space critical` for each status gauge that is 1. */
  const activeStatuses = () =>
    select('db_health_status').flatMap(({ value, labels: { store, check, status } }) =>
      value === 1 ? [`${store === undefined ? '' : `${store}/`}${check} ${status}`] : [],
    )
  return { monitor, registry, select, activeStatuses }
}

test('each check has a series for each status, and exactly one of them is 1', async () => {
  const { monitor, select, activeStatuses } = setUp()
  monitor.register({ name: 'disk_space', store: 'orders', run: () => bad })
  monitor.register({ name: 'memory', run: () => fine })
  expect(activeStatuses()).toEqual(['orders/disk_space unknown', 'memory unknown'])
  await monitor.runHealthChecks()
  expect(activeStatuses()).toEqual(['orders/disk_space critical', 'memory healthy'])
  expect(select('db_health_status')).toHaveLength(10)
  expect(select('db_health_status').filter(({ value }) => value === 0)).toHaveLength(8)
  expect(select('db_health_status').find(({ labels }) => labels.check === 'memory')?.labels, 'no store').toEqual({
    check: 'memory',
    status: 'healthy',
  })
})

test('a check that becomes stale is exported as unknown, although nothing ran', async () => {
  let nowMs = 0
  const { monitor, activeStatuses } = setUp({ clock: () => nowMs })
  monitor.register({ name: 'memory', run: () => fine })
  await monitor.runHealthChecks()
  nowMs = 90_000
  expect(activeStatuses()).toEqual(['memory healthy'])
  nowMs = 90_001
  expect(activeStatuses()).toEqual(['memory unknown'])
})

test('the status series of a removed check disappear, and return with it', async () => {
  let checks: HealthCheck[] = [{ name: 'disk_space', store: 'orders', run: () => fine }]
  const { monitor, select, activeStatuses } = setUp({ sources: [() => checks] })
  await monitor.runHealthChecks()
  const there = checks
  checks = []
  await monitor.runHealthChecks()
  expect(select('db_health_status')).toEqual([])
  checks = there
  await monitor.runHealthChecks()
  expect(activeStatuses()).toEqual(['orders/disk_space healthy'])
  monitor.close()
  expect(select('db_health_status')).toEqual([])
})

test('changes are counted from 0, and a healthy first result is not a change', async () => {
  const { monitor, select } = setUp()
  let finding = fine
  monitor.register({
    name: 'disk_space',
    store: 'orders',
    failureThreshold: { count: 1, of: 1 },
    recoveryThreshold: { count: 1, of: 1 },
    run: () => finding,
  })
  const counts: unknown[] = []
  const count = () => counts.push(select('db_health_changes_total').map(({ value }) => value))
  count()
  for (const next of [fine, bad, bad, fine]) {
    finding = next
    await monitor.runHealthChecks()
    count()
  }
  expect(counts).toEqual([[0], [0], [1], [1], [2]])
})

test('each run is timed, also one that times out', async () => {
  const { monitor, select } = setUp({ timeoutMs: 20 })
  monitor.register({ name: 'quick', run: () => fine })
  monitor.register({ name: 'hanging', store: 'orders', run: () => new Promise(() => {}) })
  await monitor.runHealthChecks()
  await monitor.runHealthChecks()
  expect(select('db_health_check_duration_seconds')).toMatchObject([
    { labels: { check: 'quick' }, value: { count: 2 } },
    { labels: { store: 'orders', check: 'hanging' }, value: { count: 1 } },
  ])
  const hanging = select('db_health_check_duration_seconds')[1]?.value as { sum: number }
  expect(hanging.sum).toBeGreaterThan(0.015)
})

test('the time for which a check blocks the event loop is counted', async () => {
  const { monitor, select } = setUp()
  monitor.register({
    name: 'busy',
    run: () => {
      const endMs = performance.now() + 20
      while (performance.now() < endMs);
      return fine
    },
  })
  await monitor.runHealthChecks()
  const [busy] = select('wombat_monitor_busy_seconds_total')
  expect(busy?.labels).toEqual({ part: 'health' })
  expect(busy?.value).toBeGreaterThanOrEqual(0.02)
})

test('a check of a store with a name that cannot be a label has no metrics, and runs', async () => {
  const warn = vi.fn()
  const { monitor, select } = setUp({ logger: { debug: () => {}, info: () => {}, warn, error: () => {} } })
  monitor.register({ name: 'memory', store: '', run: () => fine })
  monitor.register({ name: 'memory', store: '\ud800', run: () => fine })
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'healthy' }, { status: 'healthy' }])
  expect(select('db_health_status')).toEqual([])
  expect(warn.mock.calls).toEqual([
    [{ check: 'memory', kind: 'TypeError' }, 'health check has no metrics: its labels are not valid'],
  ])
})

test('two monitors of one registry never export a status of 2', async () => {
  const { monitor, registry, select } = setUp()
  const other = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, registry })
  onTestFinished(() => other.close())
  for (const one of [monitor, other]) {
    one.register({ name: 'memory', run: () => fine })
    await one.runHealthChecks()
  }
  expect(select('db_health_status').map(({ value }) => value)).toEqual([1, 0, 0, 0, 0])
})
