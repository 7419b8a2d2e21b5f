import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { type HttpResponse, httpRequest } from '@wombat/test-support/http-request'
import { expect, onTestFinished, test } from 'vitest'
import {
  createHealthSource,
  createReport,
  createResult,
  healthyResults,
  lowDiskSpace,
  replaceResults,
} from '../../../test/health-reports.ts'
import type { HealthReport } from '../../health/check.ts'
import type { HealthStatus } from '../../health/status.ts'
import { Authentication } from '../authentication.ts'
import { FirstRequest } from '../first-request.ts'
import { withMiddleware } from '../middleware.ts'
import { listen } from '../servers.ts'
import { type HealthRoutesOptions, type HealthSource, healthRoutes } from './health.ts'

const timeMs = Date.UTC(2026, 10, 23, 9, 30)

async function serving(source: HealthSource, options?: HealthRoutesOptions): Promise<string> {
  const listener = await listen(
    new FirstRequest(async () => withMiddleware([], new Authentication(), [healthRoutes(source, options)]), collectingLogger()),
    '127.0.0.1',
    0,
    'jsonApiPort',
  )
  onTestFinished(() => listener.close())
  return listener.url
}

function json({ body }: HttpResponse): Record<string, unknown> {
  return JSON.parse(body.toString())
}

const degraded = createHealthSource(createReport(replaceResults(lowDiskSpace)))
const seedShape = { headers: { accept: 'application/json' } }

test('/health answers in the format of the health check draft', async () => {
  const url = await serving(degraded, { serviceId: 'orders-7f', description: 'Takes orders' })
  const answer = await httpRequest(`${url}/health`)
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/health+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(answer.headers.vary).toMatch(/\bAccept\b/)
  expect(json(answer)).toEqual({
    status: 'warn',
    serviceId: 'orders-7f',
    description: 'Takes orders',
    checks: {
      'orders:database_connectivity': [
        {
          componentId: 'orders',
          componentType: 'datastore',
          observedValue: 0.0021,
          observedUnit: 's',
          status: 'pass',
          time: '2026-11-23T09:29:56.000Z',
        },
      ],
      'carts:database_connectivity': [
        { componentId: 'carts', componentType: 'datastore', status: 'pass', time: '2026-11-23T09:29:56.000Z' },
      ],
      'orders:disk_space': [
        {
          componentId: 'orders',
          componentType: 'datastore',
          observedValue: 900_000_000,
          observedUnit: 'By',
          status: 'warn',
          time: '2026-11-23T09:29:57.000Z',
          output: 'Low disk space',
          links: { about: 'https://runbooks.example.org/disk-space' },
          since: '2026-11-23T09:20:00.000Z',
          bound: 1_048_576_000,
          cause: { message: 'Compaction does not keep up', check: 'compaction_status', store: 'orders' },
          trend: { direction: 'falling', perHour: -300_000_000, overSeconds: 3600, forecast: 'at this pace it is full in 3 h' },
          nextSteps: ['Give the volume more space', 'Delete what is outdated'],
        },
      ],
      memory_usage: [
        {
          componentType: 'system',
          observedValue: 0.41,
          observedUnit: '1',
          status: 'pass',
          time: '2026-11-23T09:29:58.000Z',
        },
      ],
    },
  })
})

test('/health answers with every field of a check to clients that accept application/json', async () => {
  const url = await serving(degraded)
  const answer = await httpRequest(`${url}/health`, seedShape)
  expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
    200,
    'application/json',
    'no-store',
  ])
  expect(json(answer)).toEqual(JSON.parse(JSON.stringify(degraded.report())))
})

const health = 'application/health+json'
const accepted: ReadonlyArray<readonly [accept: string | undefined, query: string, answered: string]> = [
  [undefined, '', health],
  ['*/*', '', health],
  ['application/health+json', '', health],
  ['application/*', '', health],
  ['text/html,application/xhtml+xml,*/*;q=0.8', '', health],
  ['application/json', '', 'application/json'],
  ['application/json, text/plain, */*', '', 'application/json'],
  ['application/health+json, application/json;q=0.5', '', health],
  ['application/health+json;q=0.5, application/json', '', 'application/json'],
  [undefined, '?format=json', 'application/json'],
  ['application/json', '?format=health', health],
]
for (const [accept, query, answered] of accepted) {
  test(`/health${query} with Accept ${accept ?? 'not set'} is ${answered}`, async () => {
    const url = await serving(degraded)
    const answer = await httpRequest(`${url}/health${query}`, accept === undefined ? {} : { headers: { accept } })
    expect([answer.status, answer.headers['content-type']]).toEqual([200, answered])
    expect(json(answer)['status']).toBe(answered === health ? 'warn' : 'degraded')
  })
}

test('an unknown format is a 400 that lists the formats', async () => {
  const answer = await httpRequest(`${await serving(degraded)}/health?format=xml`)
  expect([answer.status, json(answer)]).toEqual([400, { error: 'format must be one of health, json, got "xml"' }])
  expect((await httpRequest(`${await serving(degraded)}/health?format=constructor`)).status).toBe(400)
})

const codes: ReadonlyArray<readonly [HealthStatus, string, number]> = [
  ['healthy', 'pass', 200],
  ['degraded', 'warn', 200],
  ['unknown', 'fail', 503],
  ['unhealthy', 'fail', 503],
  ['critical', 'fail', 503],
]
for (const [status, word, code] of codes) {
  test(`the status ${status} is ${code}, and ${word} in the draft format`, async () => {
    const checks = replaceResults(createResult(status, 'memory_usage', undefined, 'As it is'))
    const url = await serving(createHealthSource(createReport(checks)))
    const answer = await httpRequest(`${url}/health`)
    expect([answer.status, json(answer)['status']]).toEqual([code, word])
    const answered = json(answer) as { checks: Record<string, object[]> }
    expect(answered.checks['memory_usage']).toMatchObject([{ status: word, ...(status !== 'healthy' && { output: 'As it is' }) }])
    const plain = await httpRequest(`${url}/health`, seedShape)
    expect([plain.status, json(plain)['status']]).toEqual([code, status])
    const head = await httpRequest(`${url}/health`, { method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([code, 0])
  })
}

const phases: ReadonlyArray<readonly [HealthReport['phase'], readonly string[] | undefined]> = [
  ['starting', ['checks have not run yet']],
  ['running', undefined],
  ['stopping', ['shutting down']],
]
for (const [phase, notes] of phases) {
  test(`both formats contain the phase ${phase}`, async () => {
    const url = await serving(createHealthSource(createReport(healthyResults, phase)))
    expect(json(await httpRequest(`${url}/health`))['notes']).toEqual(notes)
    expect(json(await httpRequest(`${url}/health`, seedShape))['phase']).toBe(phase)
  })
}

test('unknown values are left out, and are not 0 or null', async () => {
  const never = { name: 'disk_space', status: 'unknown', message: 'Has not run yet', sinceMs: timeMs } as const
  const url = await serving(
    createHealthSource(
      createReport([
        { ...never, lastCheckMs: undefined, durationSeconds: undefined },
        {
          ...never,
          store: 'a:b',
          lastCheckMs: undefined,
          durationSeconds: undefined,
          observed: { name: 'free space', value: Number.NaN, unit: 'By' },
        },
      ]),
    ),
  )
  const { checks } = json(await httpRequest(`${url}/health`, seedShape))
  expect(checks).toEqual([
    { name: 'disk_space', status: 'unknown', message: 'Has not run yet', sinceMs: timeMs },
    { ...never, store: 'a:b', observed: { name: 'free space', unit: 'By' } },
  ])
  expect(json(await httpRequest(`${url}/health`))['checks']).toEqual({
    disk_space: [{ componentType: 'system', status: 'fail', output: 'Has not run yet', since: expect.any(String) }],
    'a%3Ab:disk_space': [
      { componentId: 'a:b', componentType: 'datastore', status: 'fail', output: 'Has not run yet', since: expect.any(String) },
    ],
  })
})

test('one check can be requested, of all stores or of one', async () => {
  const broken = createResult('critical', 'database_connectivity', 'carts', 'Cannot write to database')
  const url = await serving(createHealthSource(createReport(replaceResults(broken))))
  const both = await httpRequest(`${url}/health/database_connectivity`, seedShape)
  expect(both.status).toBe(503)
  expect(json(both)).toMatchObject({ status: 'critical', checks: [{ store: 'orders' }, { store: 'carts' }] })
  const orders = await httpRequest(`${url}/health/orders/database_connectivity`, seedShape)
  expect([orders.status, json(orders)]).toMatchObject([200, { status: 'healthy', checks: [{ store: 'orders' }] }])
  expect((await httpRequest(`${url}/health/carts/database_connectivity`)).status).toBe(503)
  expect((await httpRequest(`${url}/health/memory_usage`)).status).toBe(200)
})

test('a store is found by every name', async () => {
  const [first] = healthyResults
  const names = ['a/b', 'ä ö', '100%', '__proto__']
  const checks = names.flatMap((store) => (first === undefined ? [] : [{ ...first, store }]))
  const url = await serving(createHealthSource(createReport(checks)))
  for (const name of names) {
    const answer = await httpRequest(`${url}/health/${encodeURIComponent(name)}/database_connectivity`)
    expect([answer.status, Object.keys(json(answer)['checks'] as object)]).toEqual([200, [`${name}:database_connectivity`]])
  }
})

test('an unknown check is a 404 that lists the checks', async () => {
  const url = await serving(degraded)
  const answer = await httpRequest(`${url}/health/disk_spase`)
  expect([answer.status, answer.headers['cache-control']]).toEqual([404, 'no-store'])
  expect(json(answer)).toEqual({
    error:
      '/health/disk_spase does not exist: unknown health check; the checks are orders/database_connectivity, carts/database_connectivity, orders/disk_space, memory_usage',
  })
  for (const path of ['/health/carts/disk_space', '/health/orders', '/readyz/disk_spase', '/livez/disk_space', '/health/a/b/c']) {
    expect((await httpRequest(`${url}${path}`)).status, path).toBe(404)
  }
})

test('health endpoints allow only GET and HEAD', async () => {
  const url = await serving(degraded)
  for (const path of ['/health', '/livez', '/readyz', '/readyz/disk_space']) {
    const { status, headers } = await httpRequest(`${url}${path}`, { method: 'POST' })
    expect([status, headers.allow], path).toEqual([405, 'GET, HEAD'])
  }
})

test('a report that throws is a 500 without details', async () => {
  const fail = (): never => {
    throw new Error('cannot read /srv/orders')
  }
  const url = await serving({ report: fail, liveness: fail })
  for (const path of ['/health', '/livez', '/readyz', '/readyz?verbose', '/health/disk_space']) {
    const answer = await httpRequest(`${url}${path}`)
    expect([answer.status, json(answer)], path).toEqual([500, { error: 'internal error' }])
    expect(answer.headers['cache-control'], path).toBe('no-store')
  }
})
