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
 * Where OTLP goes, from the options and, for what they leave open, from OpenTelemetry's own variables; undefined where it is
 * off. The exporter itself reads the endpoint, headers, compression and certificates. One export may take as long as closing,
 * unless somebody says otherwise, and never longer than the interval: exports that are tried again for longer would pile up, and
 * each would keep the process from ending until the next one does.
 *
 * @throws ConfigError when a variable asks for what we cannot do, gRPC for example.
 */
export function otlpSettings({ otlp, metricsIntervalMs, closeTimeoutMs }: OtlpConfig): OtlpSettings | undefined {
  const endpoint = variable('ENDPOINT')
  const asked = otlp ?? (endpoint !== undefined && getStringFromEnv('OTEL_METRICS_EXPORTER') !== 'none')
  if (asked === false) return undefined
  const options = asked === true ? {} : asked
  const intervalMs = options.intervalMs ?? millisecondsOf('OTEL_METRIC_EXPORT_INTERVAL', 100) ?? metricsIntervalMs
  const timeoutMs = options.timeoutMs ?? millisecondsOf(nameOf('TIMEOUT'), 1) ?? Math.max(1, closeTimeoutMs)
  return {
    ...options,
    timeoutMs: Math.min(timeoutMs, intervalMs),
    protocol: options.protocol ?? oneOf('PROTOCOL', protocols, 'http/protobuf'),
    intervalMs,
    temporality: temporalityOf(options.temporality ?? metricsVariable('TEMPORALITY_PREFERENCE')?.toLowerCase()),
    histograms: options.histograms ?? histogramsOf(metricsVariable('DEFAULT_HISTOGRAM_AGGREGATION')),
  }
}

/** The variable for metrics goes before the one for all signals. */
function nameOf(name: string): string {
  return metricsVariable(name) === undefined ? `OTEL_EXPORTER_OTLP_${name}` : `OTEL_EXPORTER_OTLP_METRICS_${name}`
}

function variable(name: string): string | undefined {
  return getStringFromEnv(nameOf(name))
}

function metricsVariable(name: string): string | undefined {
  return getStringFromEnv(`OTEL_EXPORTER_OTLP_METRICS_${name}`)
}

function millisecondsOf(name: string, from: number): number | undefined {
  const got = getNumberFromEnv(name)
  const schema = milliseconds(from)
  if (got === undefined || schema.safeParse(got).success) return got
  throw new ConfigError([`${name} must be ${schema.description}, got ${got}`])
}

function oneOf<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
  const got = variable(name)
  if (got === undefined) return fallback
  const found = words.find((word) => word === got)
  if (found === undefined) {
    throw new ConfigError([
      `${nameOf(name)} must be one of ${words.join(', ')} for metrics, got ${JSON.stringify(got)}: set OTEL_EXPORTER_OTLP_METRICS_${name} or otlp.${name.toLowerCase()}`,
    ])
  }
  return found
}

/** Low memory asks for delta wherever values are recorded rather than observed, and ours are recorded. */
function temporalityOf(preference: string | undefined): 'cumulative' | 'delta' {
  return preference === 'delta' || preference === 'lowmemory' ? 'delta' : 'cumulative'
}

function histogramsOf(aggregation: string | undefined): 'explicit' | 'exponential' {
  return aggregation === 'base2_exponential_bucket_histogram' ? 'exponential' : 'explicit'
}
