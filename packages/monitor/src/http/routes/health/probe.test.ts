import { ask } from '@wombat/test-support/http-request'
import { expect, onTestFinished, test } from 'vitest'
import { allIsWell, checkIn, checksWith, diskRunsFull, knowing, reportOf } from '../../../../test/health-reports.ts'
import { HealthMonitor } from '../../../health/monitor.ts'
import { withMiddleware } from '../../middleware.ts'
import { listen } from '../../servers.ts'
import { type HealthSource, healthRoutes } from './health-routes.ts'

/** Asks a server that knows this, from this machine. */
async function asking(source: HealthSource): Promise<(path: string) => Promise<readonly [status: number, text: string]>> {
  const listener = await listen(withMiddleware([], undefined, [healthRoutes(source)]), '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  return async (path) => {
    const { status, headers, body } = await ask(`${listener.url}${path}`)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['content-type']).toMatch(/^text\/plain;/)
    return [status, body.toString()]
  }
}

const cannotWrite = checkIn('critical', 'database_connectivity', 'carts', 'Cannot write to database')
const notRun = checkIn('unknown', 'memory_usage', undefined, 'Not looked at yet')

test('what is ready and alive says ok', async () => {
  const get = await asking(knowing(reportOf(checksWith(diskRunsFull))))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/livez')).toEqual([200, 'ok'])
})

test('verbose, there is a line for each check, as the API server of Kubernetes writes them', async () => {
  const get = await asking(knowing(reportOf(checksWith(diskRunsFull, cannotWrite))))
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

test('verbose, what passes says so at the end', async () => {
  const get = await asking(knowing(reportOf(allIsWell), allIsWell.slice(3)))
  expect(await get('/livez?verbose')).toEqual([200, '[+]memory_usage ok\nlivez check passed\n'])
  const [status, text] = await get('/readyz?verbose=1')
  expect([status, text.split('\n').slice(-2)]).toEqual([200, ['readyz check passed', '']])
})

test('what is not ready says only what fails', async () => {
  const get = await asking(knowing(reportOf(checksWith(diskRunsFull, cannotWrite, notRun))))
  expect(await get('/readyz')).toEqual([
    503,
    `[-]database_connectivity{store="carts"} failed: Cannot write to database
[-]memory_usage failed: Not looked at yet
readyz check failed
`,
  ])
})

test('a store that is down is no reason to restart: liveness does not depend on it', async () => {
  const get = await asking(knowing(reportOf(checksWith(cannotWrite))))
  expect((await get('/readyz'))[0]).toBe(503)
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/livez?verbose')).toEqual([200, 'livez check passed\n'])
})

test('a check that a restart mends fails liveness, but not before it was looked at', async () => {
  const leaking = checkIn('critical', 'memory_usage', undefined, 'Memory is at its limit')
  const dead = await asking(knowing(reportOf(checksWith(leaking)), [leaking]))
  expect(await dead('/livez')).toEqual([503, '[-]memory_usage failed: Memory is at its limit\nlivez check failed\n'])
  expect((await dead('/livez/memory_usage'))[0]).toBe(503)
  const young = await asking(knowing(reportOf(checksWith(notRun), 'starting'), [notRun]))
  expect(await young('/livez')).toEqual([200, 'ok'])
})

test('while it starts, it is alive but not ready', async () => {
  const get = await asking(knowing(reportOf(checksWith(notRun), 'starting')))
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/readyz')).toEqual([
    503,
    `[-]startup failed: checks have not run yet
[-]memory_usage failed: Not looked at yet
readyz check failed
`,
  ])
  expect((await get('/readyz?exclude=memory_usage'))[0]).toBe(503)
})

test('where checks are turned off, nobody is kept from coming, and whoever asks for one is told that it is not known', async () => {
  const get = await asking(knowing(reportOf(checksWith(notRun), 'off', 'unknown')))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/readyz?verbose')).toEqual([200, '[+]health checks are off\nreadyz check passed\n'])
  expect((await get('/readyz/memory_usage'))[0]).toBe(503)
})

test('while it is shut down, it is alive but not ready, however well it is', async () => {
  const get = await asking(knowing(reportOf(allIsWell, 'stopping')))
  expect(await get('/livez')).toEqual([200, 'ok'])
  expect(await get('/readyz')).toEqual([503, '[-]shutdown failed: shutting down\nreadyz check failed\n'])
  expect(await get('/readyz/memory_usage')).toEqual([200, 'ok'])
})

test('where nothing is checked, or all of it too long ago, it is not ready', async () => {
  const nothing = await asking(knowing(reportOf([], 'running', 'unknown')))
  expect(await nothing('/readyz')).toEqual([503, '[-]health failed: nothing is checked\nreadyz check failed\n'])
  const stale = await asking(knowing(reportOf(allIsWell, 'running', 'unknown')))
  expect(await stale('/readyz')).toEqual([503, '[-]health failed: it is unknown as a whole\nreadyz check failed\n'])
})

test('what is excluded is not asked, by the name of the check or by that of its store as well', async () => {
  const get = await asking(knowing(reportOf(checksWith(cannotWrite))))
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

test('what is excluded and not there is a warning: probe and service may be of different age', async () => {
  const get = await asking(knowing(reportOf(allIsWell)))
  expect(await get('/readyz?exclude=not_yet')).toEqual([200, 'ok'])
  const [status, text] = await get('/readyz?verbose&exclude=not_yet&exclude=a:b')
  expect([status, text.split('\n').slice(-3)]).toEqual([
    200,
    ['warn: some health checks cannot be excluded: no matches for "not_yet", "a:b"', 'readyz check passed', ''],
  ])
})

test('one check answers alone, of all stores or of one', async () => {
  const get = await asking(knowing(reportOf(checksWith(cannotWrite))))
  expect(await get('/readyz/database_connectivity')).toEqual([
    503,
    '[-]database_connectivity{store="carts"} failed: Cannot write to database\nreadyz check failed\n',
  ])
  expect(await get('/readyz/orders/database_connectivity')).toEqual([200, 'ok'])
  expect(await get('/readyz/carts/database_connectivity?exclude=database_connectivity')).toEqual([200, 'ok'])
  expect(await get('/readyz/memory_usage?verbose')).toEqual([200, '[+]memory_usage ok\nreadyz check passed\n'])
})

test('no name and no message makes a line of its own', async () => {
  const [first] = allIsWell
  const check = { ...first, store: 'a"\n[+]b', status: 'unhealthy', message: 'broken\r\n[+]memory_usage ok' } as const
  const get = await asking(knowing(reportOf([check as (typeof allIsWell)[number]])))
  expect(await get('/readyz')).toEqual([
    503,
    '[-]database_connectivity{store="a\\"\\n[+]b"} failed: broken [+]memory_usage ok\nreadyz check failed\n',
  ])
})

test('what only degrades the whole keeps nobody from coming, also where nothing is known of it', async () => {
  const get = await asking(knowing(reportOf(checksWith({ ...notRun, maxStatus: 'degraded' }))))
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect(await get('/readyz/memory_usage?verbose')).toEqual([
    200,
    '[+]memory_usage ok, unknown: Not looked at yet\nreadyz check passed\n',
  ])
})

test('a thousand probes cost no run of any check', async () => {
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
  const app = withMiddleware([], undefined, [healthRoutes(health)])
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
