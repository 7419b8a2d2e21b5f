import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { codeBlocks, root } from './markdown.ts'

const text = readFileSync(join(root, 'packages/monitor/docs/http-api.md'), 'utf8')
const sections = text
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => [...(section.split('\n')[0] ?? '').matchAll(/GET (\/\S+)/g)].map(([, path = '']) => ({ path, section })))

let monitoring: Monitoring

beforeAll(async () => {
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const ports = { prometheusPort: 0, jsonApiPort: 0 }
  const options = { prometheusEnabled: true, metricsIntervalMs: 100, historyIntervalMs: 100, slowQueryThresholdMs: 0 }
  monitoring = await startMonitoring({ ...ports, ...options, logger })
  const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const request = new TracerProvider().getTracer('service').startSpan('POST /orders')
  await context.with(trace.setSpan(context.active(), request), () => store.put('a', '1'))
  await monitoring.healthMonitor.runHealthChecks()
  await vi.waitFor(async () => {
    const answer = await get('/api/v1/heatmap', queries['/api/v1/heatmap'])
    expect(await answer.json()).toHaveProperty('exemplars')
  }, 10_000)
})

afterAll(async () => {
  context.disable()
  await monitoring.close()
})

/** Answers from the server that the section names. */
function get(path: string, query = ''): Promise<Response> {
  const { prometheus = '', json = '' } = monitoring.addresses
  return fetch(
    `${path === '/metrics' ? prometheus : json}${path.replace('METRIC', 'db_get_latency_seconds').replace('NAME', 'SlowResponseTimeGet')}${query}`,
  )
}

const queries: Readonly<Record<string, string>> = {
  '/api/v1/query': '?metric=db_set_operations_total',
  '/api/v1/query_range': `?metric=db_set_operations_total&start=${Date.now()}&step=1s`,
  '/api/v1/heatmap': '?metric=db_set_latency_seconds&start=-1m&step=10s',
  '/api/v1/rules/NAME/values': '?start=-1m&step=10s',
  '/health': '?format=json',
}

test('the documentation has every endpoint', () => {
  expect(sections.map(({ path }) => path)).toEqual([
    '/api/v1/session',
    '/metrics',
    '/api/v1/metrics',
    '/api/v1/alerts',
    '/api/v1/rules',
    '/api/v1/rules/NAME/values',
    '/api/v1/silences',
    '/api/v1/stores',
    '/api/v1/query',
    '/api/v1/query_range',
    '/api/v1/heatmap',
    '/api/v1/catalog',
    '/api/v1/catalog/METRIC',
    '/api/v1/slow-operations',
    '/api/v1/errors',
    '/api/v1/workers',
    '/api/v1/events',
    '/api/v1/events/stream',
    '/api/v1/config',
    '/api/v1/health',
    '/health',
    '/livez',
    '/readyz',
    '/api/v1/openapi.json',
  ])
})

test.each(sections.map(({ path, section }) => [path, section] as const))('%s answers as documented', async (path, section) => {
  const response = await get(path, queries[path])
  expect(response.status).toBe(200)
  const [example] = codeBlocks(section, 'json')
  if (example === undefined) {
    // A stream does not end by itself.
    await response.body?.cancel()
    return
  }
  const documented = JSON.parse(example) as Record<string, unknown>
  const answer = (await response.json()) as Record<string, unknown>
  // The rate is unknown in the first second, as documented.
  const missing = 'ratePerSecond' in answer ? [] : ['ratePerSecond']
  const expected = Object.keys(documented).filter((key) => !missing.includes(key))
  expect(Object.keys(answer).sort()).toEqual(expected.sort())
})

/** Returns the objects of a list in an answer. */
async function list(path: string, name: string): Promise<readonly object[]> {
  const answer = (await (await get(path)).json()) as Readonly<Record<string, readonly object[]>>
  return answer[name] ?? []
}

/** Returns the documented fields of the objects of a list. */
function documentedFields(path: string, name: string): string[] {
  const section = sections.find((one) => one.path === path)?.section ?? ''
  const example = JSON.parse(codeBlocks(section, 'json')[0] ?? '{}') as Readonly<Record<string, readonly object[]>>
  return (example[name] ?? []).flatMap((object) => Object.keys(object))
}

test('the documented fields of slow operations are those of a record', async () => {
  const [record = {}] = await list('/api/v1/slow-operations', 'slowOperations')
  const documented = documentedFields('/api/v1/slow-operations', 'slowOperations')
  const optional = ['keyBytes', 'valueBytes', 'entries', 'traceId', 'spanId']
  expect(Object.keys(record).filter((key) => !documented.includes(key))).toEqual([])
  expect(documented.filter((key) => !Object.hasOwn(record, key) && !optional.includes(key))).toEqual([])
})

test('the documented fields of metrics exist', async () => {
  const known = new Set((await list('/api/v1/metrics', 'metrics')).flatMap((metric) => Object.keys(metric)))
  expect(documentedFields('/api/v1/metrics', 'metrics').filter((key) => !known.has(key))).toEqual([])
  expect(known.size).toBeGreaterThan(5)
})
