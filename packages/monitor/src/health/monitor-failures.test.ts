import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }

function createMonitor(options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, ...options })
  onTestFinished(() => monitor.close())
  return monitor
}

/** Fakes timers until the end of the test. */
function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

const findCheck = (monitor: HealthMonitor, name: string) => monitor.report().checks.find((one) => one.name === name)

test('a check that hangs is unhealthy after its timeout, delays no other check, and is not started again', async () => {
  const monitor = createMonitor({ intervalMs: 20, timeoutMs: 300 })
  let hangs = 0
  let runs = 0
  let signal: AbortSignal | undefined
  monitor.register({
    name: 'hanging',
    run: (context) => {
      hangs++
      signal = context.signal
      return new Promise(() => {})
    },
  })
  monitor.register({
    name: 'other',
    run: () => {
      runs++
      return fine
    },
  })
  monitor.start()
  await vi.waitFor(() => expect(findCheck(monitor, 'other')?.status).toBe('healthy'))
  expect(findCheck(monitor, 'hanging')?.status, 'before its timeout').toBe('unknown')
  await vi.waitFor(() => expect(findCheck(monitor, 'hanging')?.status).toBe('unhealthy'), 5000)
  expect(findCheck(monitor, 'hanging')).toMatchObject({ reason: 'timeout' })
  expect(findCheck(monitor, 'hanging')?.message).toMatch(/^The check did not finish within 300 ms/)
  expect(signal?.aborted).toBe(true)
  expect(signal?.reason).toMatchObject({ name: 'TimeoutError' })
  const before = runs
  await vi.waitFor(() => expect(runs).toBeGreaterThan(before + 10))
  expect(hangs).toBe(1)
  expect(findCheck(monitor, 'hanging')?.message).toMatch(
    /^The check did not finish within 300 ms and is still running after 0\.\d+ s$/,
  )
  expect(findCheck(monitor, 'hanging')?.status, 'it never becomes stale').toBe('unhealthy')
})

test('a change is reported while another check still hangs', async () => {
  const onChange = vi.fn()
  const monitor = createMonitor({ intervalMs: 20, timeoutMs: 60_000, onChange })
  monitor.register({ name: 'hanging', intervalMs: 60_000, run: () => new Promise(() => {}) })
  monitor.register({ name: 'also_hanging', run: () => new Promise(() => {}) })
  monitor.register({ name: 'other', run: () => ({ status: 'degraded', message: 'slow' }) })
  monitor.start()
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled())
  expect(onChange.mock.calls).toMatchObject([[{ check: { name: 'other' }, to: 'degraded' }]])
})

test('a late result is ignored, and the next round runs the check again', async () => {
  const monitor = createMonitor({ timeoutMs: 20 })
  const late = Promise.withResolvers<Finding>()
  const answers: Array<Promise<Finding> | Finding> = [late.promise, fine]
  let runs = 0
  monitor.register({
    name: 'late',
    recoveryThreshold: { count: 1, of: 1 },
    run: () => {
      runs++
      return answers.shift() ?? fine
    },
  })
  expect(await monitor.runHealthChecks()).toMatchObject([
    { status: 'unhealthy', message: 'The check did not finish within 20 ms' },
  ])
  late.resolve({ status: 'critical', message: 'too late' })
  await sleep(0)
  expect(findCheck(monitor, 'late')?.message).toBe('The check did not finish within 20 ms')
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'healthy', message: 'all is well' }])
  expect(runs).toBe(2)
})

test('each round in which a check hangs counts as a run', async () => {
  const monitor = createMonitor({ timeoutMs: 20 })
  const answers = [fine]
  monitor.register({
    name: 'one',
    failureThreshold: { count: 3, of: 3 },
    statusOnError: 'critical',
    run: () => answers.shift() ?? new Promise<Finding>(() => {}),
  })
  const statuses: unknown[] = []
  for (let i = 0; i < 4; i++) statuses.push((await monitor.runHealthChecks())[0]?.status)
  expect(statuses).toEqual(['healthy', 'healthy', 'healthy', 'critical'])
})

test('hanging checks do not use up the concurrency', async () => {
  const monitor = createMonitor({ concurrency: 2, timeoutMs: 30 })
  for (let i = 0; i < 4; i++) monitor.register({ name: `hanging_${i}`, run: () => new Promise(() => {}) })
  monitor.register({ name: 'last', run: () => fine })
  await monitor.runHealthChecks()
  expect(findCheck(monitor, 'last')?.status).toBe('healthy')
  expect(monitor.report().checks.filter(({ reason }) => reason === 'timeout')).toHaveLength(4)
})

test('at most `concurrency` checks run at the same time', async () => {
  const monitor = createMonitor({ concurrency: 3 })
  let running = 0
  let most = 0
  const run = async (): Promise<Finding> => {
    most = Math.max(most, ++running)
    await sleep(5)
    running--
    return fine
  }
  for (let i = 0; i < 10; i++) monitor.register({ name: `check_${i}`, run })
  await monitor.runHealthChecks()
  expect(most).toBe(3)
  expect(monitor.report().status).toBe('healthy')
})

test('a check that fails has its `statusOnError`, and its message has only the kind of the error', async () => {
  const monitor = createMonitor()
  const failures: Record<string, () => Finding | Promise<Finding>> = {
    throwing: () => {
      throw new RangeError('/secret/path')
    },
    rejecting: () => Promise.reject(Object.assign(new Error('secret'), { code: 'LEVEL_DATABASE_NOT_OPEN' })),
    strange: () => Promise.reject('secret words'),
    wordy: () => Promise.reject({ code: 'a secret: /path', constructor: { name: 'also secret' } }),
    hostile: () =>
      Promise.reject({
        get code() {
          throw new Error('secret')
        },
      }),
  }
  for (const [name, run] of Object.entries(failures)) monitor.register({ name, statusOnError: 'critical', run })
  const results = await monitor.runHealthChecks()
  expect(results.map(({ status, reason }) => `${status} ${reason}`)).toEqual(Array(5).fill('critical exception'))
  expect(results.map(({ message }) => message)).toEqual([
    'The check failed with RangeError',
    'The check failed with LEVEL_DATABASE_NOT_OPEN',
    'The check failed with string',
    'The check failed with object',
    'The check failed with object',
  ])
})

test.each([
  undefined,
  null,
  'healthy',
  {},
  { status: 'well', message: 'x' },
  { status: 'healthy' },
  { status: 'healthy', message: 'x', observed: { value: Number.NaN } },
])('%j is an invalid finding', async (nonsense) => {
  const monitor = createMonitor()
  monitor.register({ name: 'one', run: () => nonsense as unknown as Finding })
  expect(await monitor.runHealthChecks()).toMatchObject([
    { status: 'unhealthy', reason: 'exception', message: 'The check returned an invalid finding' },
  ])
})

test('a check cannot change a finding that it returned', async () => {
  const monitor = createMonitor()
  const finding = { status: 'degraded' as const, message: 'then', observed: { name: 'space', value: 1, unit: 'By' } }
  monitor.register({ name: 'one', run: () => finding })
  await monitor.runHealthChecks()
  finding.message = 'now'
  finding.observed.value = 2
  monitor.register({ name: 'two', run: () => fine })
  expect(findCheck(monitor, 'one')).toMatchObject({ message: 'then', observed: { value: 1 } })
})

test('a run that finishes in time leaves neither a timer nor an aborted signal', async () => {
  useFakeTimers()
  const monitor = createMonitor({ timeoutMs: 20 })
  let signal: AbortSignal | undefined
  monitor.register({
    name: 'one',
    run: (context) => {
      signal = context.signal
      return fine
    },
  })
  await monitor.runHealthChecks()
  await vi.advanceTimersByTimeAsync(1000)
  expect(signal?.aborted).toBe(false)
  expect(getEventListeners(signal as AbortSignal, 'abort')).toEqual([])
})

test('close aborts running checks and ends pending calls', async () => {
  const monitor = createMonitor({ timeoutMs: 3_600_000 })
  let signal: AbortSignal | undefined
  monitor.register({
    name: 'hanging',
    run: (context) => {
      signal = context.signal
      return new Promise(() => {})
    },
  })
  const waiting = monitor.runHealthChecks()
  monitor.close()
  expect(await waiting).toMatchObject([{ status: 'unknown' }])
  expect(signal?.reason).toMatchObject({ name: 'AbortError' })
})

test('the checks run even if `beforeRun` fails or hangs', async () => {
  useFakeTimers()
  const warn = vi.fn()
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  let calls = 0
  const beforeRun = (): Promise<void> => (++calls === 1 ? Promise.reject(new Error('secret')) : new Promise(() => {}))
  const monitor = createMonitor({ beforeRun, logger, timeoutMs: 300 })
  let runs = 0
  monitor.register({
    name: 'one',
    run: () => {
      runs++
      return fine
    },
  })
  await monitor.runHealthChecks()
  const second = monitor.runHealthChecks()
  await vi.advanceTimersByTimeAsync(300)
  await second
  // No time passes for the next two: a task that hangs is awaited once.
  await monitor.runHealthChecks()
  await monitor.runHealthChecks()
  expect(runs).toBe(4)
  expect(calls, 'not started again while it hangs').toBe(2)
  expect(warn.mock.calls).toEqual([
    [{ kind: 'Error' }, 'collecting metrics for the health checks failed; the checks use older values'],
    [{ timeoutMs: 300 }, 'collecting metrics for the health checks takes too long; the checks use older values'],
  ])
})
