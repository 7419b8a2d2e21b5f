import type { OtlpSettings } from '../exporters/otlp.ts'
import { httpUrl, milliseconds } from '../validation/schema.ts'
import { ConfigError } from './errors.ts'
import { isOtelDisabled, otelExporters, readOtelVariable } from './otel-environment.ts'
import type { ResolvedConfig } from './resolve-config.ts'

/** The options that decide on OTLP. */
interface OtlpConfig extends Pick<ResolvedConfig, 'metricsIntervalMs' | 'closeTimeoutMs'> {
  readonly otlp?: ResolvedConfig['otlp'] | undefined
}

const protocols = ['http/protobuf', 'http/json'] as const

const compressions = ['none', 'gzip'] as const
const temporalities = ['cumulative', 'delta', 'lowmemory'] as const
const aggregations = ['explicit_bucket_histogram', 'base2_exponential_bucket_histogram'] as const

/**
 * Returns the settings of the OTLP exporter from the options and, for those that are left out, from OpenTelemetry's environment
 * variables; undefined if OTLP is off. The exporter itself reads the endpoint, headers and certificates. By default an export may take
 * as long as closing, and never longer than the interval: retries that take longer would pile up, and keep the process from ending.
 *
 * @throws ConfigError if a variable has a value that is not supported, for example gRPC, or an endpoint without `http://`.
 */
export function otlpSettings({ otlp, metricsIntervalMs, closeTimeoutMs }: OtlpConfig): OtlpSettings | undefined {
  const requested = otlp ?? isRequestedByEnvironment()
  if (requested === false) return undefined
  const options = requested === true ? {} : requested
  checkEndpoint(options.url)
  if (options.headers === undefined) checkHeaders()
  const intervalMs = options.intervalMs ?? readMilliseconds('OTEL_METRIC_EXPORT_INTERVAL', 100) ?? metricsIntervalMs
  const timeoutMs = options.timeoutMs ?? readMilliseconds(variableName('TIMEOUT'), 1) ?? Math.max(1, closeTimeoutMs)
  const compression = options.compression ?? readOneOf('COMPRESSION', compressions, undefined)
  return {
    ...options,
    ...(compression !== undefined && { compression }),
    timeoutMs: Math.min(timeoutMs, intervalMs),
    protocol: options.protocol ?? readOneOf('PROTOCOL', protocols, 'http/protobuf'),
    intervalMs,
    temporality: toTemporality(options.temporality ?? readOneOf('TEMPORALITY_PREFERENCE', temporalities, 'cumulative')),
    histograms: options.histograms ?? toHistograms(readOneOf('DEFAULT_HISTOGRAM_AGGREGATION', aggregations, undefined)),
  }
}

/** Returns why metrics are not sent although OpenTelemetry's variables name an endpoint; undefined if they are, or none is named. */
export function otlpOffReason(otlp: OtlpConfig['otlp']): string | undefined {
  if (otlp !== undefined || readVariable('ENDPOINT') === undefined || isRequestedByEnvironment()) return undefined
  const cause = isOtelDisabled()
    ? 'OTEL_SDK_DISABLED is true'
    : `OTEL_METRICS_EXPORTER is ${readOtelVariable('OTEL_METRICS_EXPORTER')}`
  return `${cause}: metrics are not sent to ${variableName('ENDPOINT')}`
}

function isRequestedByEnvironment(): boolean {
  if (isOtelDisabled()) return false
  return otelExporters()?.has('otlp') ?? readVariable('ENDPOINT') !== undefined
}

/** An endpoint without a scheme would silently be replaced by the default. */
function checkEndpoint(url: string | undefined): void {
  const endpoint = url ?? readVariable('ENDPOINT')
  if (endpoint === undefined || httpUrl().parse(endpoint) !== undefined) return
  const name = url === undefined ? variableName('ENDPOINT') : 'otlp.url'
  throw new ConfigError([`${name} must be an http or https URL such as http://127.0.0.1:4318, got ${JSON.stringify(endpoint)}`])
}

/** The text may contain a token, so that errors name only the position. */
function checkHeaders(): void {
  const pairs = (readVariable('HEADERS') ?? '').split(',')
  pairs.forEach((pair, index) => {
    if (pair.trim() === '' || /^[^=]+=/.test(pair.trim())) return
    throw new ConfigError([
      `${variableName('HEADERS')} must be a list of key=value, separated by commas: entry ${index + 1} has no "="; percent-encode a comma in a value as %2C`,
    ])
  })
}

/** Returns the variable for metrics if it is set, else the one for all signals. */
function variableName(name: string): string {
  return readMetricsVariable(name) === undefined ? `OTEL_EXPORTER_OTLP_${name}` : `OTEL_EXPORTER_OTLP_METRICS_${name}`
}

function readVariable(name: string): string | undefined {
  return readOtelVariable(variableName(name))
}

function readMetricsVariable(name: string): string | undefined {
  return readOtelVariable(`OTEL_EXPORTER_OTLP_METRICS_${name}`)
}

function readMilliseconds(name: string, from: number): number | undefined {
  const got = readOtelVariable(name)
  if (got === undefined) return undefined
  const schema = milliseconds(from)
  const parsed = schema.parse(Number(got))
  if (parsed !== undefined) return parsed.value
  throw new ConfigError([`${name} must be ${schema.description}, got ${got}`])
}

function readOneOf<Word extends string, Fallback>(name: string, words: readonly Word[], fallback: Fallback): Word | Fallback {
  const got = readVariable(name)
  if (got === undefined) return fallback
  const match = words.find((word) => word === got.toLowerCase())
  if (match === undefined) {
    throw new ConfigError([
      `${variableName(name)} must be one of ${words.join(', ')} for metrics, got ${JSON.stringify(got)}: set OTEL_EXPORTER_OTLP_METRICS_${name}, or the option in otlp`,
    ])
  }
  return match
}

/** `lowmemory` means delta for all but observed values, and Wombat's values are recorded. */
function toTemporality(preference: (typeof temporalities)[number]): 'cumulative' | 'delta' {
  return preference === 'cumulative' ? 'cumulative' : 'delta'
}

function toHistograms(aggregation: string | undefined): 'explicit' | 'exponential' {
  return aggregation === 'base2_exponential_bucket_histogram' ? 'exponential' : 'explicit'
}
