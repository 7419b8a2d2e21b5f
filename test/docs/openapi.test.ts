import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { Validator } from '@seriousme/openapi-schema-validator'
import { type AlertRule, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ClassicLevel } from 'classic-level'
import { afterAll, expect, test, vi } from 'vitest'
import { apiTypesFile, apiTypesSource } from './api-types.ts'
import { root } from './markdown.ts'

const rules: readonly AlertRule[] = [
  { name: 'AnyGets', condition: 'metric_above', metric: 'db_get_operations_total', threshold: 0, severity: 'info' },
  {
    name: 'SlowGets',
    condition: 'quantile_above',
    metric: 'db_get_latency_seconds',
    quantile: 0.99,
    threshold: 9,
    severity: 'info',
  },
]

// A monitoring of a store that was written, read, failed, checked and judged.
const folder = await mkdtemp(join(tmpdir(), 'wombat-openapi-'))
const monitoring = await startMonitoring({
  logger: collectingLogger(),
  prometheusEnabled: true,
  prometheusPort: 0,
  jsonApiPort: 0,
  slowQueryThresholdMs: 0,
  historyIntervalMs: 100,
  alertEvaluationIntervalMs: 1000,
  alertRules: rules,
  errorRedactor: () => 'redacted',
})
const store = monitoring.instrument(new ClassicLevel(join(folder, 'orders')), { name: 'orders' })
await store.open()
await store.put('a', '1')
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const request = new TracerProvider().getTracer('service').startSpan('GET /orders')
await context.with(trace.setSpan(context.active(), request), () => store.get('a'))
context.disable()
await store.get(undefined as unknown as string).catch(() => {})
await monitoring.healthMonitor.runHealthChecks()
await vi.waitFor(() => expect(monitoring.alerts()).not.toEqual([]), { timeout: 10_000 })

interface Description {
  readonly paths: Readonly<Record<string, { readonly get?: Endpoint }>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

interface Endpoint {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>
}

const { prometheus = '', json = '' } = monitoring.addresses
const description = (await (await fetch(`${json}/api/v1/openapi.json`)).json()) as Description

afterAll(async () => {
  await store.close()
  await monitoring.close()
  await rm(folder, { recursive: true, force: true })
})

test('the description is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate({ ...description })
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
})

/** Requests to each path: what replaces the parameters of the path, and queries. Others are asked without parameters. */
const requests: Readonly<Record<string, readonly string[]>> = {
  '/api/v1/query': [
    '?metric=db_get_operations_total',
    '?metric=db_get_latency_seconds&function=quantile&quantile=0.99',
    '?metric=db_get_operations_total&metric=db_set_operations_total&by=store',
    '?metric=db_get_operations_total&function=median',
  ],
  '/api/v1/query_range': [
    `?metric=db_get_operations_total&start=${Date.now() - 60_000}&step=1s`,
    '?metric=db_get_latency_seconds&function=quantile&quantile=0.5&quantile=0.99&start=-1m&step=1s&align=true',
    '?metric=db_get_operations_total',
  ],
  '/api/v1/stores': ['', '?window=1m', '?window=1'],
  '/api/v1/heatmap': ['?metric=db_get_latency_seconds&start=-1m&step=1s', '?metric=db_get_latency_seconds'],
  '/api/v1/catalog/{metric}': ['db_get_latency_seconds', 'db_nothing'],
  '/api/v1/events': ['', '?kind=store_opened,process&store=orders&start=-1h&limit=5', '?since=other-1', '?kind=flushes'],
  '/api/v1/slow-operations': ['', '?store=orders&limit=1&sort=duration&cause=store&start=-1h', '?limit=0'],
  '/api/v1/errors': ['', '?window=1h&operation=get&offset=0', '?window=1'],
  '/api/v1/rules/{name}/values': [
    'AnyGets/values?start=-10m&step=1m',
    'SlowGets/values?start=-10m&step=1m',
    'AnyGets/values',
    'Nothing/values',
  ],
  '/health': ['', '?format=json', '?format=xml'],
  '/health/{check}': ['disk_space', 'disk_space?format=json', 'nothing'],
  '/health/{store}/{check}': ['orders/disk_space', 'orders/nothing'],
  '/livez/{check}': ['responsiveness', 'nothing'],
  '/livez/{store}/{check}': ['orders/nothing'],
  '/readyz': ['', '?verbose'],
  '/readyz/{check}': ['disk_space', 'nothing'],
  '/readyz/{store}/{check}': ['orders/disk_space', 'orders/nothing'],
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
ajv.addSchema({ $id: 'api', ...closed(description) })

/** Returns a schema whose objects have no other fields than those that it describes. */
function closed(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_, value) =>
    value?.type === 'object' && value.properties !== undefined ? { additionalProperties: false, ...value } : value,
  ) as object
}

test.each(Object.keys(description.paths))('%s answers as described', async (path) => {
  const described = description.paths[path]?.get
  if (described === undefined || '200' in described.responses === false) return
  if (described.responses['200']?.content?.['text/event-stream'] !== undefined) return
  const base = path === '/metrics' ? prometheus : json
  for (const request of requests[path] ?? ['']) {
    const prefix = path.includes('{') ? path.slice(0, path.indexOf('{')) : path
    const response = await fetch(`${base}${prefix}${request}`)
    const answer = described.responses[String(response.status)]
    expect(answer, `${response.status} of ${path}${request} is described`).toBeDefined()
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
    expect(Object.keys(answer?.content ?? {})).toContain(type)
    const body = await response.text()
    if (!type.endsWith('json')) continue
    const pointer = ['paths', path, 'get', 'responses', String(response.status), 'content', type, 'schema']
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    const validate = ajv.getSchema(`api#/${escaped.join('/')}`)
    expect(validate).toBeDefined()
    validate?.(JSON.parse(body))
    expect(validate?.errors ?? [], `${request} ${body.slice(0, 1000)}`).toEqual([])
  }
})

test('the types of the API agree with the description (if they do not: npm run generate)', async () => {
  expect(readFileSync(join(root, apiTypesFile), 'utf8')).toBe(await apiTypesSource(description.components.schemas))
})
