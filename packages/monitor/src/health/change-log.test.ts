import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Explain, Finding, HealthChange } from './check.ts'
import { HealthMonitor, type HealthMonitorOptions } from './monitor.ts'
import type { HealthStatus } from './status.ts'

/** Creates a monitor with one check of the store `orders` and a log. `finds` sets its finding and runs it. */
function setUp(options: Partial<HealthMonitorOptions> = {}) {
  const lines: Array<[string, Record<string, unknown>, string]> = []
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields as Record<string, unknown>, message])
  const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  let nowMs = 0
  const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5000, logger, clock: () => nowMs, ...options })
  onTestFinished(() => monitor.close())
  let finding: Finding
  monitor.register({
    name: 'disk_space',
    store: 'orders',
    failureThreshold: { count: 1, of: 1 },
    recoveryThreshold: { count: 1, of: 1 },
    run: () => finding,
  })
  const finds = async (status: HealthStatus, observed?: Finding['observed']): Promise<void> => {
    nowMs += 1000
    finding = { status, message: `it is ${status}`, ...(observed && { observed }) }
    await monitor.runHealthChecks()
  }
  return { monitor, lines, finds, later: (ms: number) => (nowMs += ms) }
}

const steps = (changes: readonly HealthChange[]) => changes.map(({ from, to }) => `${from} > ${to}`)

test('a change is kept, reported and logged with its value, bound and cause', async () => {
  const onChange = vi.fn()
  const explain: Explain = () => ({ cause: { message: 'the log grows' }, nextSteps: ['free space'] })
  const { monitor, lines, finds } = setUp({ onChange, explain })
  await finds('healthy')
  await finds('critical', { name: 'free space', value: 3, unit: 'By', bound: 10 })
  const change = {
    check: { name: 'disk_space', store: 'orders', status: 'critical', nextSteps: ['free space'], sinceMs: 2000 },
    from: 'healthy',
    to: 'critical',
    timeMs: 2000,
  }
  expect(monitor.changes).toMatchObject([change])
  expect(onChange.mock.calls).toMatchObject([[change]])
  expect(lines.filter(([level]) => level !== 'debug')).toEqual([
    [
      'error',
      {
        check: 'disk_space',
        store: 'orders',
        from: 'healthy',
        to: 'critical',
        message: 'it is critical',
        value: 3,
        bound: 10,
        cause: 'the log grows',
      },
      'health status changed',
    ],
  ])
})

test('a better status is logged as info, a worse one as warning, and critical as error', async () => {
  const { lines, finds } = setUp()
  for (const status of ['healthy', 'degraded', 'unhealthy', 'critical', 'unknown', 'healthy'] as const) await finds(status)
  expect(lines.map(([level, { from, to }]) => `${level}: ${from} > ${to}`)).toEqual([
    'debug: unknown > healthy',
    'warn: healthy > degraded',
    'warn: degraded > unhealthy',
    'error: unhealthy > critical',
    'warn: critical > unknown',
    'info: unknown > healthy',
  ])
})

test('a healthy first result is not a change, a degraded one is', async () => {
  const healthy = setUp()
  await healthy.finds('unknown')
  await healthy.finds('healthy')
  expect(healthy.monitor.changes).toEqual([])
  const degraded = setUp()
  await degraded.finds('degraded')
  expect(steps(degraded.monitor.changes)).toEqual(['unknown > degraded'])
})

test('an unchanged status is reported once', async () => {
  const { monitor, finds } = setUp()
  for (let i = 0; i < 5; i++) await finds('degraded')
  expect(monitor.changes).toHaveLength(1)
})

test('a check that becomes stale while another one runs is reported as unknown, and then as known again', async () => {
  const { monitor, lines, finds, later } = setUp()
  const slow = Promise.withResolvers<void>()
  const answers = [Promise.resolve(), slow.promise]
  const run = async (): Promise<Finding> => {
    await answers.shift()
    return { status: 'healthy', message: 'fine' }
  }
  monitor.register({ name: 'slow', run })
  await finds('healthy')
  const waiting = finds('healthy')
  await sleep(0)
  later(100_000)
  slow.resolve()
  await waiting
  expect(steps(monitor.changes)).toEqual(['healthy > unknown'])
  expect(monitor.changes[0]).toMatchObject({ check: { name: 'disk_space' }, timeMs: 92_000 })
  await finds('healthy')
  expect(steps(monitor.changes)).toEqual(['healthy > unknown', 'unknown > healthy'])
  expect(lines.at(-1)?.[0]).toBe('info')
})

test('the last hundred changes are kept', async () => {
  const { monitor, finds } = setUp()
  for (let i = 0; i < 120; i++) await finds(i % 2 === 0 ? 'degraded' : 'healthy')
  expect(monitor.changes).toHaveLength(100)
  expect(monitor.changes[0]?.timeMs).toBe(21_000)
})

test.each([
  [
    'throws',
    () => {
      throw new Error('secret')
    },
  ],
  ['rejects', (() => Promise.reject(new Error('secret'))) as () => void],
])('onChange that %s is logged once, and the changes are kept', async (_, onChange) => {
  const { monitor, lines, finds } = setUp({ onChange })
  for (const status of ['degraded', 'healthy', 'critical'] as const) await finds(status)
  expect(monitor.changes).toHaveLength(3)
  expect(lines.filter(([, , message]) => message === 'health.onChange failed; the change is only logged')).toEqual([
    ['warn', { kind: 'Error' }, 'health.onChange failed; the change is only logged'],
  ])
})

test('an explanation that fails is logged once and left out', async () => {
  const explain = () => {
    throw new TypeError('secret')
  }
  const { monitor, lines, finds } = setUp({ explain })
  await finds('critical')
  await finds('degraded')
  expect(monitor.report().checks[0]).not.toHaveProperty('nextSteps')
  expect(lines.filter(([, , message]) => message === 'explaining a health check failed; its cause is left out')).toEqual([
    ['warn', { check: 'disk_space', kind: 'TypeError' }, 'explaining a health check failed; its cause is left out'],
  ])
})

test('an explanation gets all results of the moment, and cannot change the finding', async () => {
  const explain = vi.fn((() => ({ nextSteps: [], status: 'healthy' })) as Explain)
  const { monitor, finds } = setUp({ explain })
  monitor.register({ name: 'other', run: () => ({ status: 'healthy', message: 'fine' }) })
  await finds('critical')
  expect(explain).toHaveBeenLastCalledWith(
    expect.objectContaining({ name: 'disk_space', status: 'critical' }),
    [expect.objectContaining({ name: 'disk_space' }), expect.objectContaining({ name: 'other', status: 'healthy' })],
    1000,
  )
  expect(monitor.report().checks[0]?.status).toBe('critical')
})

test('a logger that fails changes nothing', async () => {
  const fail = () => {
    throw new Error('full')
  }
  const { monitor, finds } = setUp({ logger: { debug: fail, info: fail, warn: fail, error: fail } })
  await finds('healthy')
  await finds('critical')
  expect(steps(monitor.changes)).toEqual(['healthy > critical'])
})
