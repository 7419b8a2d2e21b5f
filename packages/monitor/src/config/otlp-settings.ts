import { getNumberFromEnv, getStringFromEnv } from '@opentelemetry/core'
import type { OtlpSettings } from '../exporters/otlp.ts'
import { ConfigError } from './errors.ts'
import type { ResolvedConfig } from './resolve-config.ts'
import { milliseconds } from './schema.ts'

/** The options that decide on OTLP. */
interface OtlpConfig extends Pick<ResolvedConfig, 'metricsIntervalMs' | 'closeTimeoutMs'> {
  readonly otlp?: ResolvedConfig['otlp'] | undefined
}

const protocols = ['http/protobuf', 'http/json'] as const

/**
 * Returns the settings of the OTLP exporter from the options and, for those that are left out, from OpenTelemetry's environment
 * variables; undefined if OTLP is off. The exporter itself reads the endpoint, headers, compression and certificates. By default an
 * export may take as long as closing, and never longer than the interval: retries that take longer would pile up, and keep the
 * process from ending.
 *
 * @throws ConfigError if a variable has a value that is not supported, for example gRPC.
 */
export function otlpSettings({ otlp, metricsIntervalMs, closeTimeoutMs }: OtlpConfig): OtlpSettings | undefined {
  const endpoint = readVariable('ENDPOINT')
  const requested = otlp ?? (endpoint !== undefined && getStringFromEnv('OTEL_METRICS_EXPORTER') !== 'none')
  if (requested === false) return undefined
  const options = requested === true ? {} : requested
  const intervalMs = options.intervalMs ?? readMilliseconds('OTEL_METRIC_EXPORT_INTERVAL', 100) ?? metricsIntervalMs
  const timeoutMs = options.timeoutMs ?? readMilliseconds(variableName('TIMEOUT'), 1) ?? Math.max(1, closeTimeoutMs)
  return {
    ...options,
    timeoutMs: Math.min(timeoutMs, intervalMs),
    protocol: options.protocol ?? readOneOf('PROTOCOL', protocols, 'http/protobuf'),
    intervalMs,
    temporality: toTemporality(options.temporality ?? readMetricsVariable('TEMPORALITY_PREFERENCE')?.toLowerCase()),
    histograms: options.histograms ?? toHistograms(readMetricsVariable('DEFAULT_HISTOGRAM_AGGREGATION')),
  }
}

/** Returns the variable for metrics if it is set, else the one for all signals. */
function variableName(name: string): string {
  return readMetricsVariable(name) === undefined ? `OTEL_EXPORTER_OTLP_${name}` : `OTEL_EXPORTER_OTLP_METRICS_${name}`
}

function readVariable(name: string): string | undefined {
  return getStringFromEnv(variableName(name))
}

function readMetricsVariable(name: string): string | undefined {
  return getStringFromEnv(`OTEL_EXPORTER_OTLP_METRICS_${name}`)
}

function readMilliseconds(name: string, from: number): number | undefined {
  const got = getNumberFromEnv(name)
  const schema = milliseconds(from)
  if (got === undefined || schema.safeParse(got).success) return got
  throw new ConfigError([`${name} must be ${schema.description}, got ${got}`])
}

function readOneOf<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
  const got = readVariable(name)
  if (got === undefined) return fallback
  const match = words.find((word) => word === got)
  if (match === undefined) {
    throw new ConfigError([
      `${variableName(name)} must be one of ${words.join(', ')} for metrics, got ${JSON.stringify(got)}: set OTEL_EXPORTER_OTLP_METRICS_${name} or otlp.${name.toLowerCase()}`,
    ])
  }
  return match
}

/** `lowmemory` means delta for all but observed values, and Wombat's values are recorded. */
function toTemporality(preference: string | undefined): 'cumulative' | 'delta' {
  return preference === 'delta' || preference === 'lowmemory' ? 'delta' : 'cumulative'
}

function toHistograms(aggregation: string | undefined): 'explicit' | 'exponential' {
  return aggregation === 'base2_exponential_bucket_histogram' ? 'exponential' : 'explicit'
}
