import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConfigError } from './errors.ts'
import { otlpSettings } from './otlp-settings.ts'
import { type MonitoringConfig, resolveConfig } from './resolve-config.ts'

/** Returns the settings for these options. */
function settingsFor(otlp?: MonitoringConfig['otlp'], config: MonitoringConfig = {}) {
  return otlpSettings(resolveConfig({ ...config, ...(otlp !== undefined && { otlp }) }, {}))
}

function set(variables: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(variables)) vi.stubEnv(name, text)
}

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

test('OTLP is off by default', () => {
  expect(settingsFor()).toBeUndefined()
  expect(settingsFor(false)).toBeUndefined()
  set({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })
  expect(settingsFor()).toBeUndefined()
})

test('the defaults are those of OpenTelemetry, metricsIntervalMs and closeTimeoutMs', () => {
  const defaults = {
    protocol: 'http/protobuf',
    intervalMs: 10_000,
    timeoutMs: 5000,
    temporality: 'cumulative',
    histograms: 'explicit',
  }
  expect(settingsFor(true)).toEqual(defaults)
  expect(settingsFor({})).toEqual(defaults)
  expect(settingsFor(true, { metricsIntervalMs: 60_000, closeTimeoutMs: 7000 })).toEqual({
    ...defaults,
    intervalMs: 60_000,
    timeoutMs: 7000,
  })
})

for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) {
  test(`${name} turns OTLP on, and otlp: false turns it off`, () => {
    set({ [name]: 'http://127.0.0.1:4318' })
    expect(settingsFor()).toBeDefined()
    expect(settingsFor(false)).toBeUndefined()
  })
}

test('OTEL_METRICS_EXPORTER=none overrides the endpoint variable, but not the code', () => {
  set({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_METRICS_EXPORTER: 'none' })
  expect(settingsFor()).toBeUndefined()
  expect(settingsFor(true)).toBeDefined()
})

const accepted: ReadonlyArray<[variables: Readonly<Record<string, string>>, settings: object]> = [
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, { protocol: 'http/json' }],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }, { protocol: 'http/json' }],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '30000' }, { intervalMs: 30_000 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '2000' }, { timeoutMs: 2000 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '2000', OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '3000' }, { timeoutMs: 3000 }],
  [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' }, { temporality: 'delta' }],
  [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'LowMemory' }, { temporality: 'delta' }],
  [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Cumulative' }, { temporality: 'cumulative' }],
  [
    { OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram' },
    { histograms: 'exponential' },
  ],
  [{ OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram' }, { histograms: 'explicit' }],
]
for (const [variables, settings] of accepted) {
  test(`${JSON.stringify(variables)} is used`, () => {
    set(variables)
    expect(settingsFor(true)).toMatchObject(settings)
  })
}

test('the code has precedence over every variable', () => {
  set({
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
    OTEL_METRIC_EXPORT_INTERVAL: '-1',
    OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '-1',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
  })
  const options = {
    url: 'http://127.0.0.1:1/v1/metrics',
    protocol: 'http/json',
    intervalMs: 1000,
    timeoutMs: 500,
    temporality: 'cumulative',
    histograms: 'explicit',
  } as const
  expect(settingsFor(options)).toEqual(options)
})

test('lowmemory is delta, because the values are recorded and not observed', () => {
  expect(settingsFor({ temporality: 'lowmemory' })).toMatchObject({ temporality: 'delta' })
})

test('the timeout of an export is at most its interval', () => {
  expect(settingsFor({ intervalMs: 300, timeoutMs: 10_000 })).toMatchObject({ intervalMs: 300, timeoutMs: 300 })
  expect(settingsFor(true, { metricsIntervalMs: 200 })).toMatchObject({ intervalMs: 200, timeoutMs: 200 })
  set({ OTEL_METRIC_EXPORT_INTERVAL: '400', OTEL_EXPORTER_OTLP_TIMEOUT: '60000' })
  expect(settingsFor(true)).toMatchObject({ intervalMs: 400, timeoutMs: 400 })
})

test('the timeout of an export is at least one millisecond', () => {
  expect(settingsFor(true, { closeTimeoutMs: 0 })).toMatchObject({ timeoutMs: 1 })
})

const rejected: ReadonlyArray<[variables: Readonly<Record<string, string>>, problem: string]> = [
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, http/json for metrics, got "grpc": set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL, or the option in otlp',
  ],
  [{ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL must be one of'],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '0' }, 'OTEL_METRIC_EXPORT_INTERVAL must be a whole number of milliseconds from 100'],
  [{ OTEL_METRIC_EXPORT_INTERVAL: 'abc' }, 'OTEL_METRIC_EXPORT_INTERVAL must be a whole number of milliseconds from 100'],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: 'abc' }, 'OTEL_EXPORTER_OTLP_TIMEOUT must be a whole number of milliseconds from 1'],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }, 'OTEL_EXPORTER_OTLP_COMPRESSION must be one of none, gzip'],
  [
    { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'deltaa' },
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE must be one of cumulative, delta, lowmemory',
  ],
  [{ OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'exponential' }, 'HISTOGRAM_AGGREGATION must be one of explicit'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318' },
    'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL such as http://127.0.0.1:4318, got "127.0.0.1:4318"',
  ],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT must be an http or https URL'],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'a=b,broken' },
    'OTEL_EXPORTER_OTLP_HEADERS must be a list of key=value, separated by commas: entry 2',
  ],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '2147483648' }, 'OTEL_METRIC_EXPORT_INTERVAL must be'],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '-5' }, 'OTEL_EXPORTER_OTLP_TIMEOUT must be a whole number of milliseconds from 1'],
  [{ OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '0' }, 'OTEL_EXPORTER_OTLP_METRICS_TIMEOUT must be'],
]
for (const [variables, problem] of rejected) {
  test(`${JSON.stringify(variables)} is rejected by the name of the variable`, () => {
    set(variables)
    expect(() => settingsFor(true)).toThrow(ConfigError)
    expect(() => settingsFor(true)).toThrow(problem)
    expect(settingsFor(false)).toBeUndefined()
  })
}
