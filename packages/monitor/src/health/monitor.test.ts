import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding, HealthCheck } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }
const bad: Finding = { status: 'unhealthy', message: 'it is broken', reason: 'broken' }

function createMonitor(options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, ...options })
  onTestFinished(() => monitor.close())
  return monitor
}

/** Creates a check that returns `seen.finding` and counts its runs. */
function createCheck(name: string, rest: Partial<HealthCheck> = {}) {
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

/** Fakes the timers that schedule checks until the end of the test. */
function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

const statusOf = (monitor: HealthMonitor, name: string) => monitor.report().checks.find((one) => one.name === name)?.status

test('the status is unknown before the first round, and known after it', async () => {
  const monitor = createMonitor()
  monitor.register(createCheck('first').check)
  expect(monitor.report()).toMatchObject({
    status: 'unknown',
    phase: 'starting',
    checks: [{ name: 'first', status: 'unknown', message: 'Has not run yet', lastCheckMs: undefined }],
  })
  monitor.start()
  await vi.waitFor(() => expect(monitor.report().phase).toBe('running'))
  expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [{ status: 'healthy', message: 'all is well' }] })
})

test('the phase is `starting` until the slowest check of the first round has run', async () => {
  const monitor = createMonitor()
  const { promise, resolve } = Promise.withResolvers<Finding>()
  monitor.register(createCheck('quick').check)
  monitor.register({ name: 'slow', run: () => promise })
  monitor.start()
  await vi.waitFor(() => expect(statusOf(monitor, 'quick')).toBe('healthy'))
  expect(monitor.report()).toMatchObject({ status: 'unknown', phase: 'starting' })
  resolve(fine)
  await vi.waitFor(() => expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running' }))
})

test('a disabled monitor runs checks only on request', async () => {
  useFakeTimers()
  const monitor = createMonitor({ enabled: false, intervalMs: 1 })
  const { check, seen } = createCheck('one')
  monitor.register(check)
  monitor.start()
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen.runs).toBe(0)
  expect(monitor.report()).toMatchObject({ status: 'unknown', phase: 'off' })
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'one', status: 'healthy' }])
  expect(monitor.report().phase).toBe('off')
  monitor.beginShutdown()
  expect(monitor.report().phase).toBe('stopping')
})

test('without checks the status is healthy', () => {
  const monitor = createMonitor({ sources: [() => []] })
  monitor.start()
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running', checks: [] })
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [] })
})

test('the status of the report is that of the worst check', async () => {
  const monitor = createMonitor()
  for (const status of ['healthy', 'degraded', 'critical', 'unhealthy'] as const) {
    monitor.register({ name: status, run: () => ({ status, message: status }) })
  }
  await monitor.runHealthChecks()
  expect(monitor.report().status).toBe('critical')
})

test('reading a thousand reports runs no check and computes no explanation again', async () => {
  const explain = vi.fn(() => ({ nextSteps: ['look into it'] }))
  const monitor = createMonitor({ explain })
  const { check, seen } = createCheck('one')
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

test('concurrent calls of `runHealthChecks` share their runs', async () => {
  const source = vi.fn(() => [])
  const monitor = createMonitor({ sources: [source] })
  const { check, seen } = createCheck('one', { intervalMs: 3_600_000 })
  monitor.register(check)
  const [first, second] = await Promise.all([monitor.runHealthChecks(), monitor.runHealthChecks()])
  expect(seen.runs).toBe(1)
  expect(source).toHaveBeenCalledTimes(1)
  expect(first).toEqual(second)
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'one', status: 'healthy' }])
  expect(seen.runs, 'whatever its interval').toBe(2)
})

test('each check has its own interval', async () => {
  const monitor = createMonitor()
  const often = createCheck('often', { intervalMs: 20 })
  const rarely = createCheck('rarely', { intervalMs: 3_600_000 })
  monitor.register(often.check)
  monitor.register(rarely.check)
  monitor.start()
  await vi.waitFor(() => expect(often.seen.runs).toBeGreaterThan(3))
  expect(rarely.seen.runs).toBe(1)
})

test('a check with an outdated last result is unknown, and its message has the age', async () => {
  let nowMs = 1_000_000
  const monitor = createMonitor({ clock: () => nowMs })
  monitor.register(createCheck('one').check)
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

test('thresholds delay a change, and the check gets the reported status', async () => {
  const monitor = createMonitor()
  const previous: string[] = []
  const findings: Finding[] = [fine, bad, bad, fine, fine]
  monitor.register({
    name: 'one',
    failureThreshold: { count: 2, of: 3 },
    recoveryThreshold: { count: 2, of: 2 },
    run: (context) => {
      previous.push(context.previousStatus)
      return findings.shift() ?? fine
    },
  })
  const messages: string[] = []
  for (let i = 0; i < 5; i++) messages.push((await monitor.runHealthChecks())[0]?.message ?? '')
  expect(messages).toEqual(['all is well', 'all is well', 'it is broken', 'it is broken', 'all is well'])
  expect(previous).toEqual(['unknown', 'healthy', 'healthy', 'unhealthy', 'unhealthy'])
})

test('`maxStatus` caps the report, whether the check is critical, fails or is unknown', async () => {
  let nowMs = 0
  const monitor = createMonitor({ clock: () => nowMs })
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

test('`maxStatus` does not hide that a check is unknown', async () => {
  const monitor = createMonitor()
  monitor.register({ name: 'one', maxStatus: 'degraded', run: () => ({ status: 'unknown', message: 'no data yet' }) })
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'unknown', message: 'no data yet', maxStatus: 'degraded' }])
  expect(monitor.report().status).toBe('degraded')
})

test('settings override the values of a check and can disable it', async () => {
  const monitor = createMonitor({ settings: { soft: { maxStatus: 'degraded' }, off: { enabled: false } } })
  const off = createCheck('off')
  monitor.register({ name: 'soft', maxStatus: 'critical', run: () => bad })
  monitor.register(off.check)
  expect(await monitor.runHealthChecks()).toMatchObject([{ name: 'soft', status: 'degraded' }])
  expect(off.seen.runs).toBe(0)
})

test('liveness includes only checks with `isForLiveness`, and ignores unknown ones', async () => {
  const monitor = createMonitor()
  const loop = createCheck('loop', { isForLiveness: true, failureThreshold: { count: 1, of: 1 } })
  monitor.register({ name: 'disk', run: () => bad })
  monitor.register(loop.check)
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [{ name: 'loop', status: 'unknown' }] })
  await monitor.runHealthChecks()
  expect(monitor.liveness()).toMatchObject({ status: 'healthy', checks: [{ name: 'loop', status: 'healthy' }] })
  loop.seen.finding = bad
  await monitor.runHealthChecks()
  expect(monitor.liveness().status).toBe('unhealthy')
})

test('a shutdown is part of the report', () => {
  const monitor = createMonitor()
  monitor.start()
  monitor.beginShutdown()
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'stopping' })
})

test('after close no check runs, and the last results stay readable', async () => {
  useFakeTimers()
  const monitor = createMonitor({ intervalMs: 10 })
  const { check, seen } = createCheck('one')
  monitor.register(check)
  monitor.start()
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.runs).toBeGreaterThan(1)
  monitor.close()
  const { runs } = seen
  await vi.advanceTimersByTimeAsync(1000)
  await monitor.runHealthChecks()
  expect(seen.runs).toBe(runs)
  expect(monitor.report().checks).toHaveLength(1)
})

test('a check of the application that alternates keeps its status', async () => {
  const monitor = createMonitor()
  let finding = fine
  monitor.register({ name: 'alternating', run: () => finding })
  await monitor.runHealthChecks()
  for (let run = 0; run < 20; run++) {
    finding = run % 2 === 0 ? bad : fine
    await monitor.runHealthChecks()
  }
  expect(monitor.changes).toEqual([])
  finding = bad
  await monitor.runHealthChecks()
  await monitor.runHealthChecks()
  expect(monitor.report().status).toBe('unhealthy')
})
