import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { MonitoringConfig } from '../../config/resolve-config.ts'
import type { Monitoring } from '../../monitoring.ts'
import { startMonitoring } from '../../start-monitoring.ts'

const token = 'a-token-of-sixteen-or-more'
const authorization = `Bearer ${token}`

interface Option {
  readonly option: string
  readonly value?: unknown
  readonly source: string
  readonly variable?: string
}

interface Setting {
  readonly setting: string
  readonly value: unknown
  readonly startValue: unknown
  readonly cost: string
}

afterEach(() => {
  vi.unstubAllEnvs()
})

async function monitor(config: MonitoringConfig = {}): Promise<Monitoring> {
  const monitoring = await startMonitoring({ jsonApiPort: 0, authToken: token, logger: collectingLogger(), ...config })
  onTestFinished(() => monitoring.close())
  return monitoring
}

async function readConfig({ addresses }: Monitoring): Promise<{ options: Option[]; settings: Setting[]; text: string }> {
  const { status, body } = await httpRequest(`${addresses.json}/api/v1/config`, { headers: { authorization } })
  expect(status).toBe(200)
  return { ...JSON.parse(body.toString()), text: body.toString() }
}

async function change(
  { addresses }: Monitoring,
  changes: unknown,
  headers: Readonly<Record<string, string>> = { authorization },
) {
  const { status, body } = await httpRequest(`${addresses.json}/api/v1/settings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(changes),
  })
  const answer: { settings?: Setting[]; error?: string } = status === 401 ? {} : JSON.parse(body.toString())
  return { status, answer }
}

test('every option is listed with its value and its source, and no secret', async () => {
  vi.stubEnv('WOMBAT_CARDINALITY_LIMIT', '3000')
  vi.stubEnv('OTEL_METRICS_EXPORTER', 'console')
  const monitoring = await monitor({
    slowQueryThresholdMs: 70,
    alertSlackUrl: 'https://hooks.slack.com/services/T0/B0/secret-of-slack',
    otlp: {
      url: 'http://user:secret-of-url@127.0.0.1:9/v1/metrics',
      headers: { key: 'secret-of-header' },
      intervalMs: 3_600_000,
    },
    resource: { 'service.name': 'orders' },
    notifiers: [{ name: 'pager', repeatMs: 1000, sendResolved: true, send: async () => {} }],
    errorRedactor: () => 'redacted',
    health: {},
  })
  const { options, text } = await readConfig(monitoring)
  const find = (name: string): Partial<Option> => {
    const {
      option: _,
      description,
      allowed,
      ...rest
    } = options.find(({ option }) => option === name) as Option & {
      description: string
      allowed: string
    }
    expect([description.length, allowed.length].every((length) => length > 3)).toBe(true)
    return rest
  }
  expect(find('slowQueryThresholdMs')).toEqual({ value: 70, source: 'code', variable: 'WOMBAT_SLOW_QUERY_THRESHOLD_MS' })
  expect(find('cardinalityLimit')).toEqual({ value: 3000, source: 'environment', variable: 'WOMBAT_CARDINALITY_LIMIT' })
  expect(find('logMetricsEnabled')).toEqual({ value: true, source: 'environment', variable: 'OTEL_METRICS_EXPORTER' })
  expect(find('closeTimeoutMs')).toEqual({ value: 5000, source: 'default', variable: 'WOMBAT_CLOSE_TIMEOUT_MS' })
  expect(find('authToken')).toEqual({ value: '(secret)', source: 'code', variable: 'WOMBAT_AUTH_TOKEN' })
  expect(find('alertSlackUrl')).toMatchObject({ value: '(secret)' })
  expect(find('otlp')).toEqual({ value: { url: '(secret)', headers: '(secret)', intervalMs: 3_600_000 }, source: 'code' })
  expect(find('notifiers')).toEqual({ value: '(pager)', source: 'code' })
  expect(find('resource')).toEqual({ value: '(service.name)', source: 'code' })
  expect(find('errorRedactor')).toEqual({ value: '(function)', source: 'code' })
  expect(find('logger')).toEqual({ value: '(object)', source: 'code' })
  expect(find('alertRules')).toEqual({ source: 'default' })
  expect(text).not.toContain('secret-of')
  expect(text).not.toContain(token)
})

test('settings are changed with their effect, their value at the start stays, and the change is on the timeline', async () => {
  const monitoring = await monitor({ enableSlowQueryLog: false })
  const { settings } = await readConfig(monitoring)
  expect(settings.map(({ setting }) => setting)).toEqual([
    'enableMetrics',
    'latencySampleRatio',
    'overheadBudget',
    'enableSlowQueryLog',
    'slowQueryThresholdMs',
    'adaptiveSlowThreshold',
    'enableOperationTracing',
  ])
  for (const { cost } of settings) expect(cost).toMatch(/^[A-Z2].*\.$/)
  const { status, answer } = await change(monitoring, { latencySampleRatio: 1 / 16, enableSlowQueryLog: true })
  expect(status).toBe(200)
  expect(answer.settings?.filter(({ value, startValue }) => value !== startValue)).toMatchObject([
    { setting: 'latencySampleRatio', value: 1 / 16, startValue: 1 },
    { setting: 'enableSlowQueryLog', value: true, startValue: false },
  ])
  expect(monitoring.registry.observer.sampleInterval).toBe(16)
  const { body } = await httpRequest(`${monitoring.addresses.json}/api/v1/events?kind=settings`, { headers: { authorization } })
  expect(JSON.parse(body.toString()).events).toMatchObject([
    {
      title: 'Settings changed',
      details: {
        changes: [
          { setting: 'latencySampleRatio', from: 1, to: 1 / 16 },
          { setting: 'enableSlowQueryLog', from: false, to: true },
        ],
      },
    },
  ])
  monitoring.adjust({ latencySampleRatio: 1 })
  expect((await readConfig(monitoring)).settings[1]).toMatchObject({ value: 1, startValue: 1 })
})

test('a change that is not valid is a 400 with every problem, and changes nothing', async () => {
  const monitoring = await monitor()
  const { status, answer } = await change(monitoring, { latencySampleRatio: 0.5, enableMetrics: 'no', slowQueryThreshold: 5 })
  expect(status).toBe(400)
  expect(answer.error).toBe(
    'enableMetrics must be true or false, got "no": Record metrics.; slowQueryThreshold cannot be changed while monitoring runs: did you mean slowQueryThresholdMs?',
  )
  for (const changes of [[], null, 'x', 1]) expect((await change(monitoring, changes)).status).toBe(400)
  const polluted = await httpRequest(`${monitoring.addresses.json}/api/v1/settings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: '{"__proto__":{"enableMetrics":false},"latencySampleRatio":0.5}',
  })
  expect(polluted.status).toBe(400)
  expect(monitoring.registry.enabled).toBe(true)
  expect(monitoring.registry.observer.sampleInterval).toBe(1)
})

test('settings are changed only with the token', async () => {
  const monitoring = await monitor()
  expect((await change(monitoring, { enableMetrics: false }, {})).status).toBe(401)
  expect(monitoring.registry.enabled).toBe(true)
})
