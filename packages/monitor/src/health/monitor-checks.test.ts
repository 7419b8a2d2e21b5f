import { expect, onTestFinished, test, vi } from 'vitest'
import type { Finding, HealthCheck } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'

const fine: Finding = { status: 'healthy', message: 'all is well' }
const createCheck = (name: string, store?: string): HealthCheck => ({
  name,
  ...(store !== undefined && { store }),
  run: () => fine,
})

function createMonitor(options: Partial<HealthMonitorOptions> = {}) {
  const warn = vi.fn()
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, logger, ...options })
  onTestFinished(() => monitor.close())
  return { monitor, warn }
}

const names = (monitor: HealthMonitor) => monitor.report().checks.map(({ name, store }) => (store ? `${store}/${name}` : name))

test('a check that is registered while the monitor runs is run at once', async () => {
  const { monitor } = createMonitor()
  monitor.start()
  const unregister = monitor.register(createCheck('late'))
  await vi.waitFor(() =>
    expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [{ name: 'late', status: 'healthy' }] }),
  )
  unregister()
  expect(names(monitor)).toEqual([])
})

test('a check is unregistered by its name and store', () => {
  const { monitor } = createMonitor()
  monitor.register(createCheck('one'))
  monitor.register(createCheck('one', 'orders'))
  expect(monitor.unregister('one', 'users')).toBe(false)
  expect(monitor.unregister('one')).toBe(true)
  expect(monitor.unregister('one')).toBe(false)
  expect(names(monitor)).toEqual(['orders/one'])
})

test('the function that `register` returned does not unregister a successor of the same name', () => {
  const { monitor } = createMonitor()
  const unregister = monitor.register(createCheck('one'))
  monitor.unregister('one')
  monitor.register(createCheck('one'))
  unregister()
  expect(names(monitor)).toEqual(['one'])
})

test('a check that is unregistered while it runs is aborted, and its result is ignored', async () => {
  const { monitor } = createMonitor()
  let signal: AbortSignal | undefined
  const unregister = monitor.register({
    name: 'slow',
    run: (context) => {
      signal = context.signal
      return new Promise(() => {})
    },
  })
  const waiting = monitor.runHealthChecks()
  unregister()
  expect(await waiting).toEqual([])
  expect(signal?.aborted).toBe(true)
  expect(monitor.report()).toMatchObject({ status: 'healthy', phase: 'running' })
})

test('the checks follow their source', async () => {
  let stores = ['orders']
  const { monitor } = createMonitor({ sources: [() => stores.map((store) => createCheck('connectivity', store))] })
  expect(await monitor.runHealthChecks()).toMatchObject([{ store: 'orders', status: 'healthy' }])
  stores = ['orders', 'users']
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['orders/connectivity', 'users/connectivity'])
  stores = ['users']
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['users/connectivity'])
})

test('a check that its source creates again keeps its state, and its new version runs', async () => {
  const statuses = ['healthy', 'unhealthy', 'unhealthy'] as const
  let made = 0
  const source = (): HealthCheck[] => {
    const message = `made ${++made}`
    const status = statuses[made - 1] ?? 'critical'
    return [{ name: 'one', failureThreshold: { count: 2, of: 2 }, run: () => ({ status, message }) }]
  }
  const { monitor } = createMonitor({ sources: [source] })
  const messages: unknown[] = []
  for (let i = 0; i < 3; i++) messages.push((await monitor.runHealthChecks())[0]?.message)
  expect(messages).toEqual(['made 1', 'made 1', 'made 3'])
})

test('the second check of the same name is rejected with one warning', async () => {
  const { monitor, warn } = createMonitor({
    sources: [() => [createCheck('one', 'orders')], () => [createCheck('one', 'orders'), createCheck('own')]],
  })
  monitor.register(createCheck('own'))
  for (let i = 0; i < 3; i++) await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['own', 'orders/one'])
  expect(warn.mock.calls).toEqual([
    [{ check: 'one', store: 'orders', problem: 'the name is taken' }, 'health check rejected'],
    [{ check: 'own', store: undefined, problem: 'the name is taken' }, 'health check rejected'],
  ])
  expect(() => monitor.register(createCheck('one', 'orders'))).toThrow(
    'health check one of store "orders" is already registered: each name may be used once per store',
  )
})

test('a source that throws keeps its last checks, and an invalid check is rejected', async () => {
  let isBroken = false
  const source = (): HealthCheck[] => {
    if (isBroken) throw new Error('secret')
    return [createCheck('one'), createCheck('No Name')]
  }
  const { monitor, warn } = createMonitor({ sources: [source] })
  await monitor.runHealthChecks()
  isBroken = true
  await monitor.runHealthChecks()
  expect(names(monitor)).toEqual(['one'])
  expect(warn.mock.calls.map(([fields]) => fields)).toEqual([
    { problem: expect.stringContaining('got "No Name"') },
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
  [{ timeoutMs: 2 ** 31 }, /timeoutMs must be .*: timers support only this range/],
  [{ maxStatus: 'bad' }, /maxStatus must be degraded, unhealthy or critical, got "bad"/],
  [{ statusOnError: 'healthy' }, /statusOnError must be/],
  [
    { failureThreshold: { count: 3, of: 2 } },
    /failureThreshold must be \{ count, of \} with 1 <= count <= of <= 100, got \{"count":3,"of":2\}/,
  ],
  [{ recoveryThreshold: { count: 1.5, of: 2 } }, /recoveryThreshold must be/],
])('%j cannot be registered', (wrong, problem) => {
  const { monitor } = createMonitor()
  const check = { ...createCheck('one'), ...wrong } as unknown as HealthCheck
  expect(() => monitor.register(check)).toThrow(TypeError)
  expect(() => monitor.register(check)).toThrow(problem)
})

test('invalid options are rejected', () => {
  expect(() => createMonitor({ intervalMs: -1 })).toThrow('intervalMs must be a number of milliseconds')
  expect(() => createMonitor({ concurrency: 0 })).toThrow('concurrency must be a whole number of 1 or more, got 0')
  expect(() => createMonitor({ settings: { one: { timeoutMs: 0 } } })).toThrow(
    'settings of the health check one: timeoutMs must be',
  )
})

test('a check that is still unknown is repeated soon, and later every second, regardless of its interval', async () => {
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
  expect(runs, 'a store that opens quickly is known quickly').toBe(2)
  await vi.advanceTimersByTimeAsync(10_000)
  const earlier = runs
  await vi.advanceTimersByTimeAsync(10_000)
  expect(runs - earlier).toBeGreaterThan(8)
  expect(runs - earlier).toBeLessThanOrEqual(10)
  finding = { status: 'healthy', message: 'Open' }
  await vi.advanceTimersByTimeAsync(1100)
  expect(monitor.report().status).toBe('healthy')
  const known = runs
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs, 'a known status is checked again after its interval').toBe(known)
})

test('`beforeRun` runs once per interval, even if new checks start more rounds', async () => {
  const beforeRun = vi.fn(async () => {})
  const { monitor } = createMonitor({ beforeRun })
  monitor.start()
  for (const name of ['first', 'second', 'third']) {
    monitor.register(createCheck(name))
    await vi.waitFor(() => expect(monitor.report().checks.at(-1)).toMatchObject({ name, status: 'healthy' }))
  }
  expect(beforeRun).toHaveBeenCalledTimes(1)
  await monitor.runHealthChecks()
  expect(beforeRun).toHaveBeenCalledTimes(2)
})

test('`refresh` runs the new checks of a source at once', async () => {
  const checks: HealthCheck[] = []
  const monitor = new HealthMonitor({ intervalMs: 3_600_000, timeoutMs: 1000, sources: [() => checks] })
  onTestFinished(() => monitor.close())
  monitor.start()
  expect(monitor.report()).toMatchObject({ status: 'healthy', checks: [] })
  checks.push({ name: 'database_connectivity', store: 'orders', run: () => ({ status: 'degraded', message: 'Slow' }) })
  monitor.refresh()
  await vi.waitFor(() => expect(monitor.report().status).toBe('degraded'), { timeout: 5000 })
})
