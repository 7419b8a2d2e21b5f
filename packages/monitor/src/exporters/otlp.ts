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

/** Where and how to send OTLP over HTTP. What is left out comes from OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_...), else from its defaults. */
export interface OtlpOptions {
  /** The whole address, `http://127.0.0.1:4318/v1/metrics` for example. */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocol?: 'http/protobuf' | 'http/json'
  readonly compression?: 'gzip' | 'none'
  /** How long one export may take, its retries included. */
  readonly timeoutMs?: number
  readonly intervalMs?: number
  readonly temporality?: 'cumulative' | 'delta' | 'lowmemory'
  readonly histograms?: 'explicit' | 'exponential'
  /** How many points one request carries at most (default: all in one): a Collector may refuse one that is too large. */
  readonly batchSize?: number
}

/** The options, all decided. */
export interface OtlpSettings extends Omit<OtlpOptions, 'temporality'> {
  /** At most the interval. */
  readonly timeoutMs: number
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly intervalMs: number
  readonly temporality: 'cumulative' | 'delta'
  readonly histograms: 'explicit' | 'exponential'
}

/** A reader that sends the registry over OTLP every interval; failures are counted, and logged without flooding. */
export function otlpReader(registry: MetricsRegistry, settings: OtlpSettings, logger: Logger): PeriodicExportingMetricReader {
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
  const producer = new RegistryProducer(registry, { temporality, histograms })
  return new PeriodicExportingMetricReader({
    exporter: new CountedExporter(exporter, registry, producer, logger, failureMessages[temporality]),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
    ...(batchSize !== undefined && { maxExportBatchSize: batchSize }),
    metricProducers: [producer],
  })
}

/** How often a failing exporter is logged again while it goes on failing. */
const remindEveryMs = 60_000

const failureMessages = {
  cumulative: 'OTLP export failed; totals are not lost, the next one carries them',
  delta: 'OTLP export failed; with delta temporality, what it carried is lost',
} as const

/** Passes on to an exporter and counts what becomes of it. */
class CountedExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter
  readonly #registry: MetricsRegistry
  readonly #producer: RegistryProducer
  readonly #logger: Logger
  readonly #failureMessage: string
  #busySeconds = 0
  #failures = 0
  #saidMs = Number.NEGATIVE_INFINITY

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
        // The failure is counted and said; passing it on would have the SDK print it every time, too.
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
    if (this.#failures > 0) this.#logger.info({ exporter: 'otlp', failed: this.#failures }, 'OTLP export works again')
    this.#failures = 0
    this.#saidMs = Number.NEGATIVE_INFINITY
  }

  #failed(error: Error | undefined): void {
    this.#failures++
    this.#registry.incrementCounter('wombat_monitor_export_failures_total', 1, { exporter: 'otlp' })
    if (performance.now() - this.#saidMs < remindEveryMs) return
    this.#saidMs = performance.now()
    const reason = error?.message ?? 'unknown'
    this.#logger.warn({ exporter: 'otlp', failed: this.#failures, reason }, this.#failureMessage)
  }
}
