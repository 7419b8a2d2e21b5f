import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding, HealthCheck } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }
const named = (name: string, store?: string): HealthCheck => ({ name, ...(store !== undefined && { store }), run: () => fine })

function monitorOf(options: Partial<HealthMonitorOptions> = {}) {
  const warn = vi.fn()
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, logger, ...options })
  onTestFinished(() => monitor.close())
  return { monitor, warn }
}

const names = (monitor: HealthMonitor) => monitor.report().checks.map(({ name, store }) => (store ? `${store}/${name}` : name))

test('a check that is registered while the monitor runs is looked at now', async () => {
  const { monitor } = monitorOf()
  monitor.start()
  const forget = monitor.register(named('late'))
  await vi.waitFor(() =>
    expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [{ name: 'late', status: 'healthy' }] }),
  )
  forget()
  expect(names(monitor)).toEqual([])
})

test('a check can be taken away by its name and its store', () => {
  const { monitor } = monitorOf()
  monitor.register(named('one'))
  monitor.register(named('one', 'orders'))
  expect(monitor.unregister('one', 'users')).toBe(false)
  expect(monitor.unregister('one')).toBe(true)
  expect(monitor.unregister('one')).toBe(false)
  expect(names(monitor)).toEqual(['orders/one'])
})

test('the way back of a check does not take away its successor', () => {
  const { monitor } = monitorOf()
  const forget = monitor.register(named('one'))
  monitor.unregister('one')
  monitor.register(named('one'))
  forget()
  expect(names(monitor)).toEqual(['one'])
})

test('a check that is taken away while it runs is told to stop, and is heard of no more', async () => {
  const { monitor } = monitorOf()
  let signal: AbortSignal | undefined
  const forget = monitor.register({
    name: 'slow',
    run: (context) => {
      signal = context.signal
      return new Promise(() => {})
    },
  })
  const waiting = monitor.runHealthChecks()
  forget()
  expect(await waiting).toEqual([])
  expect(signal?.aborted).toBe(true)
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running' })
})

test('checks come and go with what a source says', async () => {
  let stores = ['orders']
  const { monitor } = monitorOf({ sources: [() => stores.map((store) => named('connectivity', store))] })
  expect(await monitor.runHealthChecks()).toMatchObject([{ store: 'orders', status: 'healthy' }])
  stores = ['orders', 'users']
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['orders/connectivity', 'users/connectivity'])
  stores = ['users']
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['users/connectivity'])
})

test('a check that its source makes anew keeps what is known of it, and is run as it is now', async () => {
  const statuses = ['healthy', 'unhealthy', 'unhealthy'] as const
  let made = 0
  const source = (): HealthCheck[] => {
    const message = `made ${++made}`
    const status = statuses[made - 1] ?? 'critical'
    return [{ name: 'one', failureThreshold: { count: 2, of: 2 }, run: () => ({ status, message }) }]
  }
  const { monitor } = monitorOf({ sources: [source] })
  const told: unknown[] = []
  for (let i = 0; i < 3; i++) told.push((await monitor.runHealthChecks())[0]?.message)
  expect(told).toEqual(['made 1', 'made 1', 'made 3'])
})

test('of two checks with one name the later is refused, and that is said once', async () => {
  const { monitor, warn } = monitorOf({ sources: [() => [named('one', 'orders')], () => [named('one', 'orders'), named('own')]] })
  monitor.register(named('own'))
  for (let i = 0; i < 3; i++) await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['own', 'orders/one'])
  expect(warn.mock.calls).toEqual([
    [{ check: 'one', store: 'orders', fault: 'the name is taken' }, 'a health check was refused'],
    [{ check: 'own', store: undefined, fault: 'the name is taken' }, 'a health check was refused'],
  ])
  expect(() => monitor.register(named('one', 'orders'))).toThrow(
    'there is a health check one of the store "orders" already: a name means one check of one store',
  )
})

test('a source that fails is taken to mean what it said before, and a check of it that is none is refused', async () => {
  let isBroken = false
  const source = (): HealthCheck[] => {
    if (isBroken) throw new Error('secret')
    return [named('one'), named('No Name')]
  }
  const { monitor, warn } = monitorOf({ sources: [source] })
  await monitor.runHealthChecks()
  isBroken = true
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['one'])
  expect(warn.mock.calls.map(([fields]) => fields)).toEqual([
    { fault: expect.stringContaining('got "No Name"') },
    { kind: 'Error' },
  ])
})

test.each([
  [{ name: 'Not a name' }, /name must be .*, got "Not a name": it becomes a path and a label/],
  [{ name: '__proto__' }, /name must be/],
  [{ run: 'soon' }, /run must be a function, got "soon"/],
  [{ store: 7 }, /store must be a string, got 7/],
  [{ intervalMs: 0 }, /intervalMs must be a number of milliseconds from 1 to 2147483647, got 0/],
  [{ timeoutMs: Number.NaN }, /timeoutMs must be .*, got NaN/],
  [{ timeoutMs: 2 ** 31 }, /timeoutMs must be .*: no timer takes another/],
  [{ maxStatus: 'bad' }, /maxStatus must be degraded, unhealthy or critical, got "bad"/],
  [{ statusOnError: 'healthy' }, /statusOnError must be/],
  [
    { failureThreshold: { count: 3, of: 2 } },
    /failureThreshold must be \{ count, of \} with 1 <= count <= of <= 100, got \{"count":3,"of":2\}/,
  ],
  [{ recoveryThreshold: { count: 1.5, of: 2 } }, /recoveryThreshold must be/],
])('%j cannot be registered', (wrong, complaint) => {
  const { monitor } = monitorOf()
  const check = { ...named('one'), ...wrong } as unknown as HealthCheck
  expect(() => monitor.register(check)).toThrow(TypeError)
  expect(() => monitor.register(check)).toThrow(complaint)
})

test('options that cannot be are refused', () => {
  expect(() => monitorOf({ intervalMs: -1 })).toThrow('intervalMs must be a number of milliseconds')
  expect(() => monitorOf({ parallel: 0 })).toThrow('parallel must be a whole number of 1 or more, got 0')
  expect(() => monitorOf({ settings: { one: { timeoutMs: 0 } } })).toThrow('settings of the health check one: timeoutMs must be')
})

test('a check that cannot tell yet is asked again in a moment, and later every second, whatever its interval', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  let runs = 0
  let finding: Finding = { status: 'unknown', message: 'Database is opening' }
  const monitor = new HealthMonitor({ intervalMs: 3_600_000, timeoutMs: 1000 })
  onTestFinished(() => monitor.close())
  monitor.register({
    name: 'opening',
    run: () => {
      runs++
      return finding
    },
  })
  monitor.start()
  await vi.advanceTimersByTimeAsync(60)
  expect(runs, 'a store that opens at once is known at once').toBe(2)
  await vi.advanceTimersByTimeAsync(10_000)
  const before = runs
  await vi.advanceTimersByTimeAsync(10_000)
  expect(runs - before).toBeGreaterThan(8)
  expect(runs - before).toBeLessThanOrEqual(10)
  finding = { status: 'healthy', message: 'Open' }
  await vi.advanceTimersByTimeAsync(1100)
  expect(monitor.report().status).toBe('healthy')
  const known = runs
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs, 'what is known waits for its interval').toBe(known)
})

test('what is done before a round is done as often as all checks run, however many checks come in between', async () => {
  const beforeRun = vi.fn(async () => {})
  const { monitor } = monitorOf({ beforeRun })
  monitor.start()
  for (const name of ['first', 'second', 'third']) {
    monitor.register(named(name))
    await vi.waitFor(() => expect(monitor.report().checks.at(-1)).toMatchObject({ name, status: 'healthy' }))
  }
  expect(beforeRun).toHaveBeenCalledTimes(1)
  await monitor.runHealthChecks()
  expect(beforeRun).toHaveBeenCalledTimes(2)
})

test('what a source has anew runs at once when the monitor is told', async () => {
  const checks: HealthCheck[] = []
  const monitor = new HealthMonitor({ intervalMs: 3_600_000, timeoutMs: 1000, sources: [() => checks] })
  onTestFinished(() => monitor.close())
  monitor.start()
  expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [] })
  checks.push({ name: 'database_connectivity', store: 'orders', run: () => ({ status: 'degraded', message: 'Slow' }) })
  monitor.refresh()
  await vi.waitFor(() => expect(monitor.report().status).toBe('degraded'), { timeout: 5000 })
})
