import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import {
  AggregationTemporality,
  type InstrumentType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { RegistryProducer } from '../collection/registry-producer.ts'
import { trackSelfTime } from '../collection/self-metrics.ts'
import type { Logger } from '../logger.ts'
import { type Clock, SystemClock } from '../time/clock.ts'

/**
 * The options of the OTLP exporter, which sends over HTTP. Options that are left out come from OpenTelemetry's environment
 * variables, else from the defaults.
 */
export interface OtlpOptions {
  /**
   * The full URL, for example `http://127.0.0.1:4318/v1/metrics`. Environment: `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, or
   * `OTEL_EXPORTER_OTLP_ENDPOINT` without the path.
   *
   * @defaultValue `"http://localhost:4318/v1/metrics"`
   */
  readonly url?: string
  /** HTTP headers, for example for authentication. Environment: `OTEL_EXPORTER_OTLP_METRICS_HEADERS`, `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The encoding. Environment: `OTEL_EXPORTER_OTLP_METRICS_PROTOCOL`, `OTEL_EXPORTER_OTLP_PROTOCOL`.
   *
   * @defaultValue `"http/protobuf"`
   */
  readonly protocol?: 'http/protobuf' | 'http/json'
  /**
   * The compression. Environment: `OTEL_EXPORTER_OTLP_METRICS_COMPRESSION`, `OTEL_EXPORTER_OTLP_COMPRESSION`.
   *
   * @defaultValue `"none"`
   */
  readonly compression?: 'gzip' | 'none'
  /**
   * Maximum duration of one export in milliseconds, with its retries; never more than the interval. Environment:
   * `OTEL_EXPORTER_OTLP_METRICS_TIMEOUT`, `OTEL_EXPORTER_OTLP_TIMEOUT`.
   *
   * @defaultValue `closeTimeoutMs`
   */
  readonly timeoutMs?: number
  /**
   * Interval between two exports in milliseconds, at least 100. Environment: `OTEL_METRIC_EXPORT_INTERVAL`.
   *
   * @defaultValue `metricsIntervalMs`
   */
  readonly intervalMs?: number
  /**
   * Whether counters and histograms count from the start, or since the last export; `lowmemory` is `delta` here. Environment:
   * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`.
   *
   * @defaultValue `"cumulative"`
   */
  readonly temporality?: 'cumulative' | 'delta' | 'lowmemory'
  /**
   * The buckets of histograms: with fixed bounds, or exponential. Environment:
   * `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION`.
   *
   * @defaultValue `"explicit"`
   */
  readonly histograms?: 'explicit' | 'exponential'
  /**
   * Maximum number of points in one request: a Collector may reject requests that are too large.
   *
   * @defaultValue all points in one request
   */
  readonly batchSize?: number
}

/** The options with every value resolved. */
export interface OtlpSettings extends Omit<OtlpOptions, 'temporality'> {
  readonly timeoutMs: number
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly intervalMs: number
  readonly temporality: 'cumulative' | 'delta'
  readonly histograms: 'explicit' | 'exponential'
}

/** Creates a reader that exports the registry over OTLP every interval. Failures are counted, and logged at most once a minute. */
export function otlpReader(
  registry: MetricsRegistry,
  settings: OtlpSettings,
  logger: Logger,
  clock: Clock = new SystemClock(),
): PeriodicExportingMetricReader {
  const { url, headers, protocol, compression, timeoutMs, intervalMs, temporality, histograms, batchSize } = settings
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter
  const exporter = new Exporter({
    ...(url !== undefined && { url }),
    ...(headers !== undefined && { headers: { ...headers } }),
    timeoutMillis: timeoutMs,
    ...(compression !== undefined && {
      compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    }),
    temporalityPreference: temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  })
  const producer = new RegistryProducer(registry, { temporality, histograms, clock })
  return new PeriodicExportingMetricReader({
    exporter: new CountedExporter(exporter, registry, producer, logger, failureMessages[temporality]),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
    ...(batchSize !== undefined && { maxExportBatchSize: batchSize }),
    metricProducers: [producer],
  })
}

/** Minimum time between two log lines of an exporter that keeps failing. */
const minLogIntervalMs = 60_000

const failureMessages = {
  cumulative: 'OTLP export failed; the next export carries the same totals',
  delta: 'OTLP export failed; with delta temporality its values are lost',
} as const

/** Counts the exports and failures of an exporter, and logs the failures. */
class CountedExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter
  readonly #registry: MetricsRegistry
  readonly #producer: RegistryProducer
  readonly #logger: Logger
  readonly #failureMessage: string
  #busySeconds = 0
  #failures = 0
  #loggedMs = Number.NEGATIVE_INFINITY

  constructor(
    exporter: PushMetricExporter,
    registry: MetricsRegistry,
    producer: RegistryProducer,
    logger: Logger,
    failureMessage: string,
  ) {
    this.#exporter = exporter
    this.#registry = registry
    this.#producer = producer
    this.#logger = logger
    this.#failureMessage = failureMessage
    registry.counter('wombat_monitor_exports_total', { exporter: 'otlp' })
    registry.counter('wombat_monitor_export_failures_total', { exporter: 'otlp' })
    for (const part of ['collection', 'export']) registry.counter('wombat_monitor_busy_seconds_total', { part })
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#registry.incrementCounter('wombat_monitor_exports_total', 1, { exporter: 'otlp' })
    const { busySeconds } = this.#producer
    this.#registry.incrementCounter('wombat_monitor_busy_seconds_total', busySeconds - this.#busySeconds, { part: 'collection' })
    this.#busySeconds = busySeconds
    trackSelfTime(this.#registry, 'export', () =>
      this.#exporter.export(metrics, (result) => {
        if (result.code === ExportResultCode.SUCCESS) this.#succeeded()
        else this.#failed(result.error)
        // The SDK would also print every failure: it is counted and logged already.
        done({ code: ExportResultCode.SUCCESS })
      }),
    )
  }

  selectAggregationTemporality(instrumentType: InstrumentType): AggregationTemporality {
    return this.#exporter.selectAggregationTemporality?.(instrumentType) ?? AggregationTemporality.CUMULATIVE
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#logger.info({ exporter: 'otlp', failed: this.#failures }, 'OTLP export succeeded again')
    this.#failures = 0
    this.#loggedMs = Number.NEGATIVE_INFINITY
  }

  #failed(error: Error | undefined): void {
    this.#failures++
    this.#registry.incrementCounter('wombat_monitor_export_failures_total', 1, { exporter: 'otlp' })
    if (performance.now() - this.#loggedMs < minLogIntervalMs) return
    this.#loggedMs = performance.now()
    const reason = error?.message ?? 'unknown'
    this.#logger.warn({ exporter: 'otlp', failed: this.#failures, reason }, this.#failureMessage)
  }
}
