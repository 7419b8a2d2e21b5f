import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readProtobufPage, samplesOfFamilies } from '@wombat/test-support/protobuf-page'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import bcrypt from 'bcryptjs'
import { expect, test, vi } from 'vitest'
import { RunningService } from './running-service.ts'

const sets = /^db_set_operations_total\{store="orders"\} /
const current = /^wombat_monitor_workers\{kind="process",state="current"\} /
const late = /^wombat_monitor_workers\{kind="process",state="late"\} /

test('a process that does not answer is named, and its counters stay', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c'])
  await service.put('b', 50)
  await service.put('c', 7)
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([57]), { timeout: 5000 })
  const blocked = service.block('b', 9000)
  await sleep(100)
  await service.put('c', 1)
  // The others are not held up.
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([58]), { timeout: 3500 })
  await vi.waitFor(async () => expect([await service.values(current), await service.values(late)]).toEqual([[2], [1]]), {
    timeout: 3000,
  })
  const { workers } = JSON.parse(await service.scrape('/api/v1/workers'))
  expect(workers.map(({ worker, state }: Record<string, string>) => [worker, state])).toEqual([
    ['1', 'current'],
    ['2', 'late'],
    ['3', 'current'],
  ])
  const findCheck = async (): Promise<void> => {
    const report = JSON.parse(await service.scrape('/health?format=json'))
    const check = report.checks.find(({ name }: Record<string, string>) => name === 'workers')
    expect(check).toMatchObject({
      status: 'degraded',
      message: expect.stringMatching(/1 of 3 processes do not answer: worker 2 \(process \d+\)/),
    })
  }
  // The check must fail twice.
  await vi.waitFor(findCheck, { timeout: 6000 })
  await blocked
  await vi.waitFor(async () => expect(await service.values(late)).toEqual([0]), { timeout: 5000 })
})

test('if the process that collects and the one with its copy are killed at once, counters start at zero', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c', 'd'])
  for (const name of ['a', 'b', 'c', 'd']) await service.put(name, 1000)
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([4000]), { timeout: 5000 })
  await Promise.all([service.endWorker('a', 'kill'), service.endWorker('b', 'kill')])
  // Less than before, but more than zero, would be a rate that never was.
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([0]), { timeout: 10_000, interval: 50 })
  await service.put('c', 3)
  await service.put('d', 4)
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([7]), { timeout: 5000 })
})

test('with the label `worker`, each process has series of its own, and labels are used again', async () => {
  const service = await RunningService.start('cluster-app.mjs', { WOMBAT_WORKER_LABEL: 'true' })
  await service.startWorkers(['a', 'b', 'c'])
  for (const [name, count] of [
    ['a', 1],
    ['b', 20],
    ['c', 300],
  ] as const)
    await service.put(name, count)
  const perWorker = /^db_set_operations_total\{store="orders",worker="\d"\} /
  const sorted = async (): Promise<number[]> => (await service.values(perWorker)).sort((one, other) => one - other)
  expect(await sorted()).toEqual([1, 20, 300])
  await service.endWorker('b', 'close')
  await service.startWorkers(['d'])
  await service.put('d', 5)
  await vi.waitFor(async () => expect(await sorted()).toEqual([1, 25, 300]))
})

test('the health, errors and slow operations of all processes are served', async () => {
  const service = await RunningService.start('cluster-app.mjs', { WOMBAT_SLOW_QUERY_THRESHOLD_MS: '0' })
  await service.startWorkers(['a', 'b'])
  await service.put('a', 3)
  await service.put('b', 3)
  const slow = JSON.parse(await service.scrape('/api/v1/slow-operations'))
  expect(new Set(slow.slowOperations.map(({ worker }: Record<string, string>) => worker))).toEqual(new Set(['1', '2']))
  await service.fail('b')
  const { errors, countsByType } = JSON.parse(await service.scrape('/api/v1/errors'))
  expect(errors).toMatchObject([{ store: 'failing', operation: 'get', worker: '2' }])
  expect(countsByType).toEqual({ _OTHER: 1 })
  // Only the second process has this store, and so the checks of it.
  await vi.waitFor(
    async () => {
      const report = JSON.parse(await service.scrape('/health?format=json'))
      const check = report.checks.find(({ store }: Record<string, string>) => store === 'failing')
      expect(check).toMatchObject({ name: 'database_connectivity', status: 'critical', worker: '2' })
    },
    { timeout: 5000 },
  )
  expect((await fetch(`http://127.0.0.1:${service.port}/readyz`)).status).toBe(503)
})

test('a request to the server of any process is answered with the metrics of all', async () => {
  const service = await RunningService.start('cluster-app.mjs', { TEST_MOUNT: 'true' })
  await service.startWorkers(['a', 'b', 'c'])
  for (const name of ['a', 'b', 'c']) await service.put(name, 100)
  // The workers share this port, and node:cluster gives each connection to another one.
  for (let request = 0; request < 6; request++) {
    const response = await fetch(`http://127.0.0.1:${service.port + 1}/metrics`, { headers: { connection: 'close' } })
    expect(await response.text()).toMatch(/^db_set_operations_total\{store="orders"\} 300$/m)
    const accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
    const binary = await fetch(`http://127.0.0.1:${service.port + 1}/metrics`, { headers: { connection: 'close', accept } })
    expect(binary.headers.get('content-type')).toContain('application/vnd.google.protobuf')
    const samples = samplesOfFamilies(await readProtobufPage(new Uint8Array(await binary.arrayBuffer())))
    expect(samples).toContainEqual({ name: 'db_set_operations_total', labels: { store: 'orders' }, value: 300 })
  }
})

test.each(['token', 'password'])(
  'a session that one process has started with a %s is one of all, and ends in all',
  async (kind) => {
    const token = 'a-token-of-sixteen-or-more'
    const users = join(await temporaryFolder(), 'users.yml')
    await writeFile(users, `basic_auth_users: {alice: ${await bcrypt.hash('correct horse', 4)}}\nadmin_users: [alice]\n`)
    const credentials = kind === 'token' ? { WOMBAT_AUTH_TOKEN: token } : { WOMBAT_AUTH_USERS_FILE: users }
    const service = await RunningService.start('cluster-app.mjs', { TEST_MOUNT: 'true', ...credentials })
    await service.startWorkers(['a', 'b', 'c'])
    const origin = `http://127.0.0.1:${service.port + 1}`
    const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${origin}${path}`, { ...init, headers: { connection: 'close', origin, ...init.headers } })
    const body = JSON.stringify(kind === 'token' ? { token } : { user: 'alice', password: 'correct horse' })
    const login = await ask('/api/v1/session', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(login.status).toBe(204)
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    const statuses = async (): Promise<Set<number>> => {
      const answers = await Promise.all(Array.from({ length: 9 }, () => ask('/api/v1/workers', { headers: { cookie } })))
      return new Set(answers.map(({ status }) => status))
    }
    expect(await statuses()).toEqual(new Set([200]))
    expect((await ask('/api/v1/workers')).status).toBe(401)
    // Any of the processes serves the page.
    for (let request = 0; request < 6; request++) expect((await ask('/')).headers.get('content-type')).toMatch(/^text\/html/)
    const { csrfToken } = (await (await ask('/api/v1/session', { headers: { cookie } })).json()) as { csrfToken: string }
    const logout = await ask('/api/v1/session', { method: 'DELETE', headers: { cookie, 'x-wombat-csrf': csrfToken } })
    expect(logout.status).toBe(204)
    expect(await statuses()).toEqual(new Set([401]))
  },
)

test('settings are changed in all processes', async () => {
  const service = await RunningService.start('cluster-app.mjs', { TEST_MOUNT: 'true', WOMBAT_WORKER_LABEL: 'true' })
  await service.startWorkers(['a', 'b', 'c'])
  const ratios = (): Promise<number[]> => service.values(/^wombat_monitor_latency_sample_ratio\{worker="\d"\} /)
  await vi.waitFor(async () => expect(await ratios()).toEqual([1, 1, 1]))
  // Any of the processes may get it.
  const origin = `http://127.0.0.1:${service.port + 1}`
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${origin}${path}`, { ...init, headers: { connection: 'close', origin, ...init.headers } })
  const { csrfToken } = (await (await ask('/api/v1/session')).json()) as { csrfToken: string }
  for (const ratio of [0.5, 0.25]) {
    const answer = await ask('/api/v1/settings', {
      method: 'POST',
      body: JSON.stringify({ latencySampleRatio: ratio }),
      headers: { 'content-type': 'application/json', 'x-wombat-csrf': csrfToken },
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('unreached')])
    await vi.waitFor(async () => expect(await ratios()).toEqual([ratio, ratio, ratio]))
  }
})

test('an alert on the sums continues when another process takes over', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c'])
  // No process alone is above the threshold.
  for (const name of ['a', 'b', 'c']) await service.put(name, 200)
  const findAlert = async (): Promise<{ state: { name: string; sinceMs: number } }> => {
    const { alerts } = JSON.parse(await service.scrape('/api/v1/alerts'))
    expect(alerts).toMatchObject([{ rule: 'ManySets', state: { name: 'firing' } }])
    return alerts[0]
  }
  const before = await vi.waitFor(findAlert, { timeout: 5000 })
  await sleep(1000)
  await service.endWorker('a', 'kill')
  const after = await vi.waitFor(findAlert, { timeout: 5000 })
  expect(after.state).toEqual(before.state)
})

test('processes of `fork` with the same name are one', async () => {
  const service = await RunningService.start('cluster-app.mjs', {
    TEST_FORK: 'true',
    WOMBAT_PROCESS_GROUP: `test ${process.pid}`,
  })
  await service.startWorkers(['a', 'b', 'c'])
  for (const name of ['a', 'b', 'c']) await service.put(name, 10)
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([30]), { timeout: 5000 })
  await service.endWorker('a', 'exit')
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([30]), { timeout: 5000 })
})

test('without a group, the second process is told that the port is in use', async () => {
  const service = await RunningService.start('cluster-app.mjs', { WOMBAT_PROCESS_GROUP: 'off' })
  await service.startWorkers(['a'])
  expect(await service.startFailure('b')).toMatch(/prometheusPort.*: cannot listen on 127.0.0.1:\d+: the port is in use/)
})
