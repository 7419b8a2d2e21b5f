import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConfigError } from './errors.ts'
import { readOtelResource, withOtelExporters } from './otel-environment.ts'
import { otlpOffReason, otlpSettings } from './otlp-settings.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
const defaults = { metricsIntervalMs: 10_000, closeTimeoutMs: 5000 }

function set(variables: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(variables)) vi.stubEnv(name, text)
}

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(OTEL|WOMBAT)_/.test(name)) vi.stubEnv(name, undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each([
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, true, {}],
  [{ ...endpoint, OTEL_METRICS_EXPORTER: 'None' }, false, {}],
  [{ ...endpoint, OTEL_METRICS_EXPORTER: 'prometheus' }, false, { prometheusEnabled: true }],
  [{ ...endpoint, OTEL_METRICS_EXPORTER: 'console' }, false, { logMetricsEnabled: true }],
  [
    { ...endpoint, OTEL_METRICS_EXPORTER: 'OTLP, prometheus,console' },
    true,
    { prometheusEnabled: true, logMetricsEnabled: true },
  ],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'otlp,prometheus' }, false, {}],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'false' }, true, {}],
])('%o', (variables, sendsOtlp, config) => {
  set(variables)
  expect(otlpSettings(defaults) !== undefined).toBe(sendsOtlp)
  expect(withOtelExporters({})).toEqual(config)
})

test("the code and Wombat's own variables come before OpenTelemetry's", () => {
  set({ OTEL_METRICS_EXPORTER: 'prometheus,console', WOMBAT_LOG_METRICS_ENABLED: 'false' })
  expect(withOtelExporters({ prometheusEnabled: false })).toEqual({ prometheusEnabled: false })
})

test.each(['jaeger', 'otlp,prometeus', ''.padEnd(3, ','), 'otlp prometheus'])('the exporter %j is rejected', (text) => {
  set({ OTEL_METRICS_EXPORTER: text })
  expect(() => withOtelExporters({})).toThrow(ConfigError)
  expect(() => otlpSettings(defaults)).toThrow(/OTEL_METRICS_EXPORTER must be one of otlp, prometheus, console, none/)
})

test('why an endpoint is not used is known', () => {
  set({ ...endpoint, OTEL_METRICS_EXPORTER: 'prometheus' })
  expect(otlpOffReason(undefined)).toBe(
    'OTEL_METRICS_EXPORTER is prometheus: metrics are not sent to OTEL_EXPORTER_OTLP_ENDPOINT',
  )
  expect(otlpOffReason(true)).toBeUndefined()
  set({ OTEL_SDK_DISABLED: 'true' })
  expect(otlpOffReason(undefined)).toBe('OTEL_SDK_DISABLED is true: metrics are not sent to OTEL_EXPORTER_OTLP_ENDPOINT')
  set({ OTEL_SDK_DISABLED: '', OTEL_METRICS_EXPORTER: '' })
  expect(otlpOffReason(undefined)).toBeUndefined()
})

test('the resource has the valid attributes, and each other one is named', () => {
  set({
    OTEL_RESOURCE_ATTRIBUTES: `service.name=a, deployment.environment.name = prod%20eu ,broken,rate=100%,=x,a=b=c,long=${'x'.repeat(300)},`,
    OTEL_SERVICE_NAME: 'orders',
  })
  const { attributes, problems } = readOtelResource()
  expect(attributes).toEqual({ 'service.name': 'orders', 'deployment.environment.name': 'prod eu' })
  expect(problems).toEqual([
    'OTEL_RESOURCE_ATTRIBUTES: each attribute must be key=value with "," and "=" percent-encoded, got "broken"; this attribute is ignored',
    'OTEL_RESOURCE_ATTRIBUTES: "%" must start a percent-encoded character such as %20, got "rate=100%"; this attribute is ignored',
    'OTEL_RESOURCE_ATTRIBUTES: each attribute must be key=value with "," and "=" percent-encoded, got "=x"; this attribute is ignored',
    'OTEL_RESOURCE_ATTRIBUTES: each attribute must be key=value with "," and "=" percent-encoded, got "a=b=c"; this attribute is ignored',
    'OTEL_RESOURCE_ATTRIBUTES: the key and the value must have at most 255 characters, got 300 for "long"; this attribute is ignored',
  ])
})

test('without variables there is nothing', () => {
  expect(readOtelResource()).toEqual({ attributes: {}, problems: [] })
  expect(withOtelExporters({})).toEqual({})
})
