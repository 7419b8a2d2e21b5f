import type { Attributes } from '@opentelemetry/api'
import { formatIssue } from '../validation/format-issue.ts'
import { oneOf } from '../validation/schema.ts'
import { ConfigError } from './errors.ts'
import { findSource, type MonitoringConfig } from './resolve-config.ts'

const exporterNames = ['otlp', 'prometheus', 'console', 'none'] as const
type ExporterName = (typeof exporterNames)[number]

/** Returns one of OpenTelemetry's variables. One that is empty or white space counts as not set. */
export function readOtelVariable(name: string): string | undefined {
  const text = process.env[name]
  return text === undefined || text.trim() === '' ? undefined : text
}

/**
 * Returns the exporters in `OTEL_METRICS_EXPORTER`, in lower case; undefined if it is not set.
 *
 * @throws ConfigError if one is unknown.
 */
export function otelExporters(): ReadonlySet<ExporterName> | undefined {
  const text = readOtelVariable('OTEL_METRICS_EXPORTER')
  if (text === undefined) return undefined
  const schema = oneOf(exporterNames)
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const problems = names
    .filter((name) => !schema.parse(name))
    .map((name) => formatIssue('each exporter in OTEL_METRICS_EXPORTER', schema, name, 'Where metrics are exported.'))
  if (problems.length > 0) throw new ConfigError(problems)
  return new Set(names as ExporterName[])
}

/** Returns whether `OTEL_SDK_DISABLED` is true. */
export function isOtelDisabled(): boolean {
  return readOtelVariable('OTEL_SDK_DISABLED')?.trim().toLowerCase() === 'true'
}

/**
 * Returns the configuration with what OpenTelemetry's variables turn on: `prometheus` the page for Prometheus, `console` the log line
 * with metrics. Wombat's own variables and the code decide first.
 */
export function withOtelExporters(config: MonitoringConfig): MonitoringConfig {
  const exporters = otelExporters()
  if (exporters === undefined || isOtelDisabled()) return config
  const turnOn = (exporter: ExporterName, option: 'prometheusEnabled' | 'logMetricsEnabled') =>
    exporters.has(exporter) && findSource(option, config) === 'default' ? { [option]: true } : {}
  return { ...config, ...turnOn('prometheus', 'prometheusEnabled'), ...turnOn('console', 'logMetricsEnabled') }
}

/** The attributes of the resource in OpenTelemetry's variables, and what of them is ignored. */
export interface OtelResource {
  readonly attributes: Attributes
  /** One sentence for each part that is not valid. */
  readonly problems: readonly string[]
}

const maxLength = 255

/**
 * Reads `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. OpenTelemetry's own detector drops every attribute, silently, if one is not
 * valid; here the others stay.
 */
export function readOtelResource(): OtelResource {
  const attributes: Attributes = {}
  const problems: string[] = []
  for (const pair of (readOtelVariable('OTEL_RESOURCE_ATTRIBUTES') ?? '').split(',')) {
    if (pair.trim() === '') continue
    const parsed = parsePair(pair)
    if (typeof parsed === 'string') problems.push(`OTEL_RESOURCE_ATTRIBUTES: ${parsed}; this attribute is ignored`)
    else attributes[parsed.key] = parsed.value
  }
  const serviceName = readOtelVariable('OTEL_SERVICE_NAME')
  if (serviceName !== undefined) attributes['service.name'] = serviceName
  return { attributes, problems }
}

/** Returns the key and the value of `key=value`, or what is wrong. */
function parsePair(pair: string): { key: string; value: string } | string {
  const parts = pair.split('=').map((part) => part.trim())
  const [rawKey = '', rawValue = ''] = parts
  if (parts.length !== 2 || rawKey === '') {
    return `each attribute must be key=value with "," and "=" percent-encoded, got ${JSON.stringify(pair)}`
  }
  try {
    const [key, value] = [decodeURIComponent(rawKey), decodeURIComponent(rawValue)]
    if (key.length <= maxLength && value.length <= maxLength) return { key, value }
    return `the key and the value must have at most ${maxLength} characters, got ${Math.max(key.length, value.length)} for ${JSON.stringify(key.slice(0, 40))}`
  } catch {
    return `"%" must start a percent-encoded character such as %20, got ${JSON.stringify(pair)}`
  }
}
