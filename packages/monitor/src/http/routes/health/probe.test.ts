import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { expect, onTestFinished, test } from 'vitest'
import {
  createHealthSource,
  createReport,
  createResult,
  healthyResults,
  lowDiskSpace,
  replaceResults,
} from '../../../../test/health-reports.ts'
import { HealthMonitor } from '../../../health/monitor.ts'
import { Authentication } from '../../authentication.ts'
import { FirstRequest } from '../../first-request.ts'
import { withMiddleware } from '../../middleware.ts'
import { listen } from '../../servers.ts'
import { type HealthSource, healthRoutes } from '../health.ts'
import { readiness } from './probe.ts'

/** Sends requests from this machine to a server with this health source. */
async function asking(source: HealthSource): Promise<(path: string) => Promise<readonly [status: number, text: string]>> {
  const listener = await listen(
    new FirstRequest(async () => withMiddleware([], new Authentication(), [healthRoutes(source)]), collectingLogger()),
    '127.0.0.1',
    0,
    'jsonApiPort',
  )
  onTestFinished(() => listener.close())
  return async (path) => {
    const { status, headers, body } = await httpRequest(`${listener.url}${path}`)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['content-type']).toMatch(/^text\/plain;/)
    return [status, body.toString()]
  }
}

const cannotWrite = createResult('critical', 'database_connectivity', 'carts', 'Cannot write to database')
const notRun = createResult('unknown', 'memory_usage', undefined, 'Has not run yet')

test('a healthy process is alive and ready', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(lowDiskSpace))))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/livez')).toEqual([200, 'ok'])
})

test('?verbose lists the checks in the format of the API server of Kubernetes', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(lowDiskSpace, cannotWrite))))
  expect(await get('/readyz?verbose')).toEqual([
    503,
    `[+]database_connectivity{store="orders"} ok
[-]database_connectivity{store="carts"} failed: Cannot write to database
[+]disk_space{store="orders"} ok, degraded: Low disk space
[+]memory_usage ok
readyz check failed
`,
  ])
})

test('?verbose ends with the result if the probe passes', async () => {
  const get = await asking(createHealthSource(createReport(healthyResults), healthyResults.slice(3)))
  expect(await get('/livez?verbose')).toEqual([200, '[+]memory_usage ok\nlivez check passed\n'])
  const [status, text] = await get('/readyz?verbose=1')
  expect([status, text.split('\n').slice(-2)]).toEqual([200, ['readyz check passed', '']])
})

test('a probe that fails lists only the failed checks', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(lowDiskSpace, cannotWrite, notRun))))
  expect(await get('/readyz')).toEqual([
    503,
    `[-]database_connectivity{store="carts"} failed: Cannot write to database
[-]memory_usage failed: Has not run yet
readyz check failed
`,
  ])
})

test('liveness does not depend on a store that is down: a restart does not help', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(cannotWrite))))
  expect((await get('/readyz'))[0]).toBe(503)
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/livez?verbose')).toEqual([200, 'livez check passed\n'])
})

test('a check for liveness fails it, but not before it has run', async () => {
  const leaking = createResult('critical', 'memory_usage', undefined, 'Memory is at its limit')
  const dead = await asking(createHealthSource(createReport(replaceResults(leaking)), [leaking]))
  expect(await dead('/livez')).toEqual([503, '[-]memory_usage failed: Memory is at its limit\nlivez check failed\n'])
  expect((await dead('/livez/memory_usage'))[0]).toBe(503)
  const young = await asking(createHealthSource(createReport(replaceResults(notRun), 'starting'), [notRun]))
  expect(await young('/livez')).toEqual([200, 'ok'])
})

test('a process that starts is alive but not ready', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(notRun), 'starting')))
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/readyz')).toEqual([
    503,
    `[-]startup failed: checks have not run yet
[-]memory_usage failed: Has not run yet
readyz check failed
`,
  ])
  expect((await get('/readyz?exclude=memory_usage'))[0]).toBe(503)
})

test('if checks are off, the process is ready, and a single check is unknown', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(notRun), 'off', 'unknown')))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/readyz?verbose')).toEqual([200, '[+]health checks are off\nreadyz check passed\n'])
  expect((await get('/readyz/memory_usage'))[0]).toBe(503)
})

test('a process that shuts down is alive but not ready', async () => {
  const get = await asking(createHealthSource(createReport(healthyResults, 'stopping')))
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/readyz')).toEqual([503, '[-]shutdown failed: shutting down\nreadyz check failed\n'])
  expect(await get('/readyz/memory_usage')).toEqual([200, 'ok'])
})

test('a process without checks, or with outdated results only, is not ready', async () => {
  const nothing = await asking(createHealthSource(createReport([], 'running', 'unknown')))
  expect(await nothing('/readyz')).toEqual([503, '[-]health failed: there are no checks\nreadyz check failed\n'])
  const stale = await asking(createHealthSource(createReport(healthyResults, 'running', 'unknown')))
  expect(await stale('/readyz')).toEqual([503, '[-]health failed: the overall status is unknown\nreadyz check failed\n'])
})

test('?exclude ignores checks by name, or by store and name', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(cannotWrite))))
  expect(await get('/readyz?exclude=database_connectivity')).toEqual([200, 'ok'])
  expect(await get('/readyz?exclude=carts:database_connectivity')).toEqual([200, 'ok'])
  expect((await get('/readyz?exclude=orders:database_connectivity'))[0]).toBe(503)
  expect(await get('/readyz?verbose&exclude=carts:database_connectivity&exclude=disk_space')).toEqual([
    200,
    `[+]database_connectivity{store="orders"} ok
[+]database_connectivity{store="carts"} excluded: ok
[+]disk_space{store="orders"} excluded: ok
[+]memory_usage ok
readyz check passed
`,
  ])
})

test('an unknown check in ?exclude is a warning, because probe and service may have different versions', async () => {
  const get = await asking(createHealthSource(createReport(healthyResults)))
  expect(await get('/readyz?exclude=not_yet')).toEqual([200, 'ok'])
  const [status, text] = await get('/readyz?verbose&exclude=not_yet&exclude=a:b')
  expect([status, text.split('\n').slice(-3)]).toEqual([
    200,
    ['warn: some health checks cannot be excluded: no matches for "not_yet", "a:b"', 'readyz check passed', ''],
  ])
})

test('one check can be probed, of all stores or of one', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults(cannotWrite))))
  expect(await get('/readyz/database_connectivity')).toEqual([
    503,
    '[-]database_connectivity{store="carts"} failed: Cannot write to database\nreadyz check failed\n',
  ])
  expect(await get('/readyz/orders/database_connectivity')).toEqual([200, 'ok'])
  expect(await get('/readyz/carts/database_connectivity?exclude=database_connectivity')).toEqual([200, 'ok'])
  expect(await get('/readyz/memory_usage?verbose')).toEqual([200, '[+]memory_usage ok\nreadyz check passed\n'])
})

test('line breaks in names and messages are removed', async () => {
  const [first] = healthyResults
  const check = { ...first, store: 'a"\n[+]b', status: 'unhealthy', message: 'broken\r\n[+]memory_usage ok' } as const
  const get = await asking(createHealthSource(createReport([check as (typeof healthyResults)[number]])))
  expect(await get('/readyz')).toEqual([
    503,
    '[-]database_connectivity{store="a\\"\\n[+]b"} failed: broken [+]memory_usage ok\nreadyz check failed\n',
  ])
})

test('a check that can only degrade the whole does not affect readiness, even if it is unknown', async () => {
  const get = await asking(createHealthSource(createReport(replaceResults({ ...notRun, maxStatus: 'degraded' }))))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/readyz/memory_usage?verbose')).toEqual([
    200,
    '[+]memory_usage ok, unknown: Has not run yet\nreadyz check passed\n',
  ])
})

test('a thousand probes run no check', async () => {
  let runs = 0
  const health = new HealthMonitor({ intervalMs: 60_000, timeoutMs: 1000 })
  onTestFinished(() => health.close())
  health.register({
    name: 'memory_usage',
    isForLiveness: true,
    run: () => {
      runs++
      return { status: 'healthy', message: 'Memory is within its limit' }
    },
  })
  const app = withMiddleware([], new Authentication(), [healthRoutes(health)])
  expect((await app.request('/readyz')).status).toBe(503)
  await health.runHealthChecks()
  for (const path of ['/readyz', '/livez', '/health', '/readyz/memory_usage']) {
    const answers = await Promise.all(Array.from({ length: 250 }, () => app.request(path)))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  }
  expect(runs).toBe(1)
  health.beginShutdown()
  expect([(await app.request('/readyz')).status, (await app.request('/livez')).status]).toEqual([503, 200])
})

const compaction = (status: 'unhealthy' | 'critical', reason: string) => ({
  name: 'compaction_status',
  store: 'orders',
  status,
  message: 'Level 0 is full',
  reason,
  lastCheckMs: 1,
  sinceMs: 1,
  durationSeconds: 0.001,
})

test.each(['level_zero', 'pending', 'stalled'])('a store that is behind (%s), as during a bulk load, stays ready', (reason) => {
  const behind = compaction('unhealthy', reason)
  const probe = readiness(createReport([behind]))
  expect(probe.isPassed).toBe(true)
  expect(probe.lines).toEqual(['[+]compaction_status{store="orders"} ok, unhealthy: Level 0 is full'])
})

test('a stall that lasts, failed background work, or another check make the process unready', () => {
  expect(readiness(createReport([compaction('critical', 'stalled')])).isPassed).toBe(false)
  expect(readiness(createReport([compaction('critical', 'background_errors')])).isPassed).toBe(false)
  const behind = compaction('unhealthy', 'level_zero')
  const full = createResult('unhealthy', 'disk_space', 'orders', 'Insufficient disk space')
  expect(readiness(createReport([behind, full])).isPassed).toBe(false)
})

test('a check that cannot measure does not fail readiness, and one that has no result yet does', async () => {
  const unmeasurable = { ...createResult('unknown', 'memory_usage', undefined, 'Cannot measure memory'), reason: 'unmeasurable' }
  const report = createReport(replaceResults(unmeasurable))
  expect([report.status, readiness(report).isPassed]).toEqual(['healthy', true])
  expect(readiness(createReport([unmeasurable]))).toMatchObject({ isPassed: true })
  expect(readiness(report).lines).toContain('[+]memory_usage ok, unknown: Cannot measure memory')
  const ask = await asking(createHealthSource(report))
  expect((await ask('/readyz'))[0]).toBe(200)
  expect((await ask('/readyz/memory_usage'))[0]).toBe(200)
  const opening = { ...createResult('unknown', 'database_connectivity', 'orders', 'Database is opening'), reason: 'opening' }
  expect(readiness(createReport(replaceResults(unmeasurable, opening))).isPassed).toBe(false)
})
