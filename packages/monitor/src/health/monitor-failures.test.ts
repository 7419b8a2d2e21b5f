import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }

function monitorOf(options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, ...options })
  onTestFinished(() => monitor.close())
  return monitor
}

const checkOf = (monitor: HealthMonitor, name: string) => monitor.report().checks.find((one) => one.name === name)

test('a check that hangs for ever is unhealthy in its time, holds up no other, and is not run again', async () => {
  const monitor = monitorOf({ intervalMs: 20, timeoutMs: 60 })
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
  await vi.waitFor(() => expect(checkOf(monitor, 'other')?.status).toBe('healthy'))
  expect(checkOf(monitor, 'hanging')?.status, 'its time is not over').toBe('unknown')
  await vi.waitFor(() => expect(checkOf(monitor, 'hanging')?.status).toBe('unhealthy'))
  expect(checkOf(monitor, 'hanging')).toMatchObject({ reason: 'timeout' })
  expect(checkOf(monitor, 'hanging')?.message).toMatch(/^The check did not finish within 60 ms/)
  expect(signal?.aborted).toBe(true)
  expect(signal?.reason).toMatchObject({ name: 'TimeoutError' })
  const before = runs
  await vi.waitFor(() => expect(runs).toBeGreaterThan(before + 10))
  expect(hangs).toBe(1)
  expect(checkOf(monitor, 'hanging')?.message).toMatch(/^The check did not finish within 60 ms and still hangs after 0\.\d+ s$/)
  expect(checkOf(monitor, 'hanging')?.status, 'it never grows stale').toBe('unhealthy')
})

test('what changes is told before the time of a check that hangs is over', async () => {
  const onChange = vi.fn()
  const monitor = monitorOf({ intervalMs: 20, timeoutMs: 60_000, onChange })
  monitor.register({ name: 'hanging', intervalMs: 60_000, run: () => new Promise(() => {}) })
  monitor.register({ name: 'also_hanging', run: () => new Promise(() => {}) })
  monitor.register({ name: 'other', run: () => ({ status: 'degraded', message: 'not so well' }) })
  monitor.start()
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled())
  expect(onChange.mock.calls).toMatchObject([[{ check: { name: 'other' }, to: 'degraded' }]])
})

test('what comes late is not listened to, and the next round asks again', async () => {
  const monitor = monitorOf({ timeoutMs: 20 })
  const late = Promise.withResolvers<Finding>()
  const answers: Array<Promise<Finding> | Finding> = [late.promise, fine]
  let runs = 0
  monitor.register({
    name: 'late',
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
  expect(checkOf(monitor, 'late')?.message).toBe('The check did not finish within 20 ms')
  expect(await monitor.runHealthChecks()).toMatchObject([{ status: 'healthy', message: 'all is well' }])
  expect(runs).toBe(2)
})

test('each round in which a check hangs counts as one of its runs', async () => {
  const monitor = monitorOf({ timeoutMs: 20 })
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

test('more checks that hang than may run at once keep nobody from running', async () => {
  const monitor = monitorOf({ parallel: 2, timeoutMs: 30 })
  for (let i = 0; i < 4; i++) monitor.register({ name: `hanging_${i}`, run: () => new Promise(() => {}) })
  monitor.register({ name: 'last', run: () => fine })
  await monitor.runHealthChecks()
  expect(checkOf(monitor, 'last')?.status).toBe('healthy')
  expect(monitor.report().checks.filter(({ reason }) => reason === 'timeout')).toHaveLength(4)
})

test('no more checks run at once than may', async () => {
  const monitor = monitorOf({ parallel: 3 })
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

test('a check that fails is what it said it would be, and says what kind of error it was and never more', async () => {
  const monitor = monitorOf()
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
])('%j is no finding', async (nonsense) => {
  const monitor = monitorOf()
  monitor.register({ name: 'one', run: () => nonsense as unknown as Finding })
  expect(await monitor.runHealthChecks()).toMatchObject([
    { status: 'unhealthy', reason: 'exception', message: 'The check returned no finding' },
  ])
})

test('what a check returned stays as it was, whatever the check does with it later', async () => {
  const monitor = monitorOf()
  const finding = { status: 'degraded' as const, message: 'then', observed: { name: 'space', value: 1, unit: 'By' } }
  monitor.register({ name: 'one', run: () => finding })
  await monitor.runHealthChecks()
  finding.message = 'now'
  finding.observed.value = 2
  monitor.register({ name: 'two', run: () => fine })
  expect(checkOf(monitor, 'one')).toMatchObject({ message: 'then', observed: { value: 1 } })
})

test('a run that was in time leaves neither a timer nor an aborted signal', async () => {
  const monitor = monitorOf({ timeoutMs: 20 })
  let signal: AbortSignal | undefined
  monitor.register({
    name: 'one',
    run: (context) => {
      signal = context.signal
      return fine
    },
  })
  await monitor.runHealthChecks()
  await sleep(50)
  expect(signal?.aborted).toBe(false)
  expect(getEventListeners(signal as AbortSignal, 'abort')).toEqual([])
})

test('close tells what runs to stop, and whoever waits waits no longer', async () => {
  const monitor = monitorOf({ timeoutMs: 3_600_000 })
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

test('what is done before a round may fail, and may hang, and the checks run', async () => {
  const warn = vi.fn()
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  let calls = 0
  const beforeRun = (): Promise<void> => (++calls === 1 ? Promise.reject(new Error('secret')) : new Promise(() => {}))
  const monitor = monitorOf({ beforeRun, logger, timeoutMs: 300 })
  let runs = 0
  monitor.register({
    name: 'one',
    run: () => {
      runs++
      return fine
    },
  })
  for (let i = 0; i < 2; i++) await monitor.runHealthChecks()
  const third = monitor.runHealthChecks().then(() => 'at once')
  expect(await Promise.race([third, sleep(200)]), 'what hangs is waited for once').toBe('at once')
  await monitor.runHealthChecks()
  expect(runs).toBe(4)
  expect(calls, 'not again while it hangs').toBe(2)
  expect(warn.mock.calls).toEqual([
    [{ kind: 'Error' }, 'what is done before health checks failed'],
    [{ timeoutMs: 300 }, 'what is done before health checks takes too long: they go on without it'],
  ])
})
