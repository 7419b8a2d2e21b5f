import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding, HealthCheck } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }
const bad: Finding = { status: 'unhealthy', message: 'it is broken', reason: 'broken' }

function monitorOf(options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, ...options })
  onTestFinished(() => monitor.close())
  return monitor
}

/** A check that finds `finding`, which can be changed, and counts its runs. */
function checkOf(name: string, rest: Partial<HealthCheck> = {}) {
  const seen = { finding: fine, runs: 0 }
  const check: HealthCheck = {
    name,
    run: () => {
      seen.runs++
      return seen.finding
    },
    ...rest,
  }
  return { check, seen }
}

const statusOf = (monitor: HealthMonitor, name: string) => monitor.report().checks.find((one) => one.name === name)?.status

test('nothing is known before the first round, and then everything', async () => {
  const monitor = monitorOf()
  monitor.register(checkOf('first').check)
  expect(monitor.report()).toMatchObject({
    status: 'unknown',
    phase: 'starting',
    checks: [{ name: 'first', status: 'unknown', message: 'Has not run yet', lastCheckMs: undefined }],
  })
  monitor.start()
  await vi.waitFor(() => expect(monitor.report().phase).toBe('running'))
  expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [{ status: 'healthy', message: 'all is well' }] })
})

test('it is starting until the slowest of the first checks ran', async () => {
  const monitor = monitorOf()
  const { promise, resolve } = Promise.withResolvers<Finding>()
  monitor.register(checkOf('quick').check)
  monitor.register({ name: 'slow', run: () => promise })
  monitor.start()
  await vi.waitFor(() => expect(statusOf(monitor, 'quick')).toBe('healthy'))
  expect(monitor.report()).toMatchObject({ status: 'unknown', phase: 'starting' })
  resolve(fine)
  await vi.waitFor(() => expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running' }))
})

test('turned off, nothing runs by itself, and everything when it is asked for', async () => {
  const monitor = monitorOf({ enabled: false, intervalMs: 1 })
  const { check, seen } = checkOf('one')
  monitor.register(check)
  monitor.start()
  await sleep(30)
  expect(seen.runs).toBe(0)
  expect(monitor.report()).toMatchObject({ status: 'unknown', phase: 'off' })
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'one', status: 'healthy' }])
  expect(monitor.report().phase).toBe('off')
  monitor.beginShutdown()
  expect(monitor.report().phase).toBe('stopping')
})

test('where there is nothing to check all is well', () => {
  const monitor = monitorOf({ sources: [() => []] })
  monitor.start()
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running', checks: [] })
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [] })
})

test('the worst check decides', async () => {
  const monitor = monitorOf()
  for (const status of ['healthy', 'degraded', 'critical', 'unhealthy'] as const) {
    monitor.register({ name: status, run: () => ({ status, message: status }) })
  }
  await monitor.runHealthChecks()
  expect(monitor.report().status).toBe('critical')
})

test('a thousand looks run no check and explain nothing again', async () => {
  const explain = vi.fn(() => ({ nextSteps: ['look into it'] }))
  const monitor = monitorOf({ explain })
  const { check, seen } = checkOf('one')
  seen.finding = bad
  monitor.register(check)
  await monitor.runHealthChecks()
  const explanations = explain.mock.calls.length
  for (let i = 0; i < 1000; i++) {
    monitor.report()
    monitor.liveness()
  }
  expect(seen.runs).toBe(1)
  expect(explain).toHaveBeenCalledTimes(explanations)
})

test('who asks for all checks at the same time waits for the same runs', async () => {
  const source = vi.fn(() => [])
  const monitor = monitorOf({ sources: [source] })
  const { check, seen } = checkOf('one', { intervalMs: 3_600_000 })
  monitor.register(check)
  const [first, second] = await Promise.all([monitor.runHealthChecks(), monitor.runHealthChecks()])
  expect(seen.runs).toBe(1)
  expect(source).toHaveBeenCalledTimes(1)
  expect(first).toEqual(second)
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'one', status: 'healthy' }])
  expect(seen.runs, 'whatever its interval').toBe(2)
})

test('each check has its own interval', async () => {
  const monitor = monitorOf()
  const often = checkOf('often', { intervalMs: 20 })
  const rarely = checkOf('rarely', { intervalMs: 3_600_000 })
  monitor.register(often.check)
  monitor.register(rarely.check)
  monitor.start()
  await vi.waitFor(() => expect(often.seen.runs).toBeGreaterThan(3))
  expect(rarely.seen.runs).toBe(1)
})

test('a check that is not looked at any more is unknown, and says since when', async () => {
  let nowMs = 1_000_000
  const monitor = monitorOf({ clock: () => nowMs })
  monitor.register(checkOf('one').check)
  await monitor.runHealthChecks()
  nowMs += 90_000
  expect(monitor.report().status).toBe('healthy')
  nowMs += 5000
  expect(monitor.report()).toMatchObject({
    status: 'unknown',
    checks: [
      { status: 'unknown', message: 'Last run 95 s ago, expected every 30 s', lastCheckMs: 1_000_000, sinceMs: 1_090_000 },
    ],
  })
  nowMs += 25_000
  expect(monitor.report().checks[0]?.message).toBe('Last run 120 s ago, expected every 30 s')
  await monitor.runHealthChecks()
  expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [{ sinceMs: nowMs }] })
})

test('a check says how long it must insist, and is told what was said of it before', async () => {
  const monitor = monitorOf()
  const before: string[] = []
  const findings: Finding[] = [fine, bad, bad, fine, fine]
  monitor.register({
    name: 'one',
    failureThreshold: { count: 2, of: 3 },
    recoveryThreshold: { count: 2, of: 2 },
    run: (context) => {
      before.push(context.previousStatus)
      return findings.shift() ?? fine
    },
  })
  const told: string[] = []
  for (let i = 0; i < 5; i++) told.push((await monitor.runHealthChecks())[0]?.message ?? '')
  expect(told).toEqual(['all is well', 'all is well', 'it is broken', 'it is broken', 'all is well'])
  expect(before).toEqual(['unknown', 'healthy', 'healthy', 'unhealthy', 'unhealthy'])
})

test('a check makes the whole no worse than it may, whether it is critical, fails or is not known', async () => {
  let nowMs = 0
  const monitor = monitorOf({ clock: () => nowMs })
  monitor.register({ name: 'critical', maxStatus: 'degraded', run: () => ({ status: 'critical', message: 'very bad' }) })
  monitor.register({
    name: 'failing',
    maxStatus: 'degraded',
    statusOnError: 'critical',
    run: () => Promise.reject(new Error('no')),
  })
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'degraded', message: 'very bad' }, { status: 'degraded' }])
  expect(monitor.report().status).toBe('degraded')
  nowMs = 3_600_000
  expect(monitor.report()).toMatchObject({ status: 'degraded', checks: [{ status: 'unknown' }, { status: 'unknown' }] })
})

test('not to be known is not hidden by how little a check counts', async () => {
  const monitor = monitorOf()
  monitor.register({ name: 'one', maxStatus: 'degraded', run: () => ({ status: 'unknown', message: 'no data yet' }) })
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'unknown', message: 'no data yet', maxStatus: 'degraded' }])
  expect(monitor.report().status).toBe('degraded')
})

test('settings override what a check says of itself, and can turn it off', async () => {
  const monitor = monitorOf({ settings: { soft: { maxStatus: 'degraded' }, off: { enabled: false } } })
  const off = checkOf('off')
  monitor.register({ name: 'soft', maxStatus: 'critical', run: () => bad })
  monitor.register(off.check)
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'soft', status: 'degraded' }])
  expect(off.seen.runs).toBe(0)
})

test('liveness asks only what a restart mends, and what is not known speaks for no restart', async () => {
  const monitor = monitorOf()
  const loop = checkOf('loop', { isForLiveness: true })
  monitor.register({ name: 'disk', run: () => bad })
  monitor.register(loop.check)
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [{ name: 'loop', status: 'unknown' }] })
  await monitor.runHealthChecks()
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [{ name: 'loop', status: 'healthy' }] })
  loop.seen.finding = bad
  await monitor.runHealthChecks()
  expect(monitor.liveness().status).toBe('unhealthy')
})

test('a shutdown shows', () => {
  const monitor = monitorOf()
  monitor.start()
  monitor.beginShutdown()
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'stopping' })
})

test('after close no check runs, and what was known can still be looked at', async () => {
  const monitor = monitorOf({ intervalMs: 10 })
  const { check, seen } = checkOf('one')
  monitor.register(check)
  monitor.start()
  await vi.waitFor(() => expect(seen.runs).toBeGreaterThan(1))
  monitor.close()
  const { runs } = seen
  await sleep(50)
  await monitor.runHealthChecks()
  expect(seen.runs).toBe(runs)
  expect(monitor.report().checks).toHaveLength(1)
})
