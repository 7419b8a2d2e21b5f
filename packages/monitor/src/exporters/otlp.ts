import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http'
import { CompressionAlgorithm, createOtlpNetworkExportDelegate } from '@opentelemetry/otlp-exporter-base'
import { convertLegacyHttpOptions, createOtlpHttpExporterMetrics } from '@opentelemetry/otlp-exporter-base/node-http'
import { JsonMetricsSerializer, MetricsExporterMetricsHelper, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import {
  AggregationTemporality,
  type InstrumentType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { RegistryProducer } from '../collection/registry-producer.ts'
import { addSelfTime, selfTimeSlices } from '../collection/self-metrics.ts'
import type { Logger } from '../logger.ts'
import { RegistrySource } from '../processes/registry-source.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { type SerializeMetrics, withJsonAdditions, withProtobufAdditions } from './otlp-additions.ts'
import { joinJsonRequests, joinProtobufRequests, splitMetrics } from './otlp-parts.ts'
import { OtlpTransport } from './otlp-transport.ts'

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
   * Maximum duration of one export in milliseconds, from its start to the last byte of the answer, with its retries; never more than the
   * interval. Environment:
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

/**
 * Creates a reader that exports the registry over OTLP every interval. Failures are counted, and logged at most once a minute.
 *
 * @param registry where exports are counted.
 * @param whole the registry that is exported (default: the same).
 */
export function otlpReader(
  registry: MetricsRegistry,
  settings: OtlpSettings,
  logger: Logger,
  clock: Clock = new SystemClock(),
  whole: RegistrySource = new RegistrySource(registry),
): PeriodicExportingMetricReader {
  const { url, headers, protocol, compression, timeoutMs, intervalMs, temporality, histograms, batchSize } = settings
  const config = {
    ...(url !== undefined && { url }),
    ...(headers !== undefined && { headers: { ...headers } }),
    timeoutMillis: timeoutMs,
    ...(compression !== undefined && {
      compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    }),
    temporalityPreference: temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  }
  const answers = new Answers(protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer)
  const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf'
  const httpOptions = convertLegacyHttpOptions(config, 'METRICS', 'v1/metrics', { 'Content-Type': contentType })
  const { url: endpoint } = httpOptions
  const metrics = createOtlpHttpExporterMetrics('otlp_http_metric_exporter', MetricsExporterMetricsHelper, endpoint, undefined)
  const transport = new OtlpTransport(httpOptions)
  const delegate = createOtlpNetworkExportDelegate(httpOptions, answers.serializer, metrics, transport)
  const exporter = new OTLPMetricExporterBase(delegate, config)
  const producer = new RegistryProducer(whole.current, { temporality, histograms, clock })
  whole.onChange((current) => producer.follow(current))
  return new OtlpReader(transport, {
    exporter: new CountedExporter(exporter, answers, registry, producer, logger, failureMessages[temporality]),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
    ...(batchSize !== undefined && { maxExportBatchSize: batchSize }),
    metricProducers: [producer],
  })
}

/** A reader whose last export does not wait long for a receiver that fails. */
class OtlpReader extends PeriodicExportingMetricReader {
  readonly #transport: OtlpTransport

  constructor(transport: OtlpTransport, options: ConstructorParameters<typeof PeriodicExportingMetricReader>[0]) {
    super(options)
    this.#transport = transport
  }

  protected override onShutdown(): Promise<void> {
    this.#transport.hurry()
    return super.onShutdown()
  }
}

/** Minimum time between two log lines of an exporter that keeps failing. */
const minLogIntervalMs = 60_000

const failureMessages = {
  cumulative: 'OTLP export failed; the next export carries the same totals',
  delta: 'OTLP export failed; with delta temporality its values are lost',
} as const

type Serializer = typeof JsonMetricsSerializer | typeof ProtobufMetricsSerializer

/** What a receiver said in its answer to a request that it accepted. */
interface Answer {
  readonly rejectedPoints: number
  readonly message: string
  /** Why this is not the answer of an OTLP receiver. */
  readonly problem: string | undefined
}

const complete: Answer = { rejectedPoints: 0, message: '', problem: undefined }

/**
 * Reads the answers of the receiver, which the exporter itself only passes to OpenTelemetry's `diag`: a receiver may reject some of
 * the points, and a proxy may answer in its place.
 */
class Answers {
  /** The serializer for the exporter. */
  readonly serializer: Serializer
  readonly #serialize: SerializeMetrics
  readonly #join: (requests: readonly Uint8Array[]) => Uint8Array
  /** Requests that are written already. */
  readonly #prepared = new WeakMap<ResourceMetrics, Uint8Array>()
  #answer = complete

  constructor(serializer: Serializer) {
    const isJson = serializer === JsonMetricsSerializer
    const serialize: SerializeMetrics = (metrics) => serializer.serializeRequest(metrics)
    this.#serialize = isJson ? withJsonAdditions(serialize) : withProtobufAdditions(serialize)
    this.#join = isJson ? joinJsonRequests : joinProtobufRequests
    this.serializer = {
      serializeRequest: (metrics: ResourceMetrics) => this.#prepared.get(metrics) ?? this.#serialize(metrics),
      deserializeResponse: (body: Uint8Array) => {
        this.#read(serializer, body)
        // With the response, the exporter would print it on `diag`, too.
        return {}
      },
    }
  }

  /** Writes a request in slices, before the exporter asks for it: the serializer itself cannot pause. */
  async prepare(metrics: ResourceMetrics, slices: TimeSlices): Promise<void> {
    const requests: Uint8Array[] = []
    for (const part of splitMetrics(metrics)) {
      const request = this.#serialize(part)
      // The serializer is asked again, and the export fails as it would have.
      if (request === undefined) return
      requests.push(request)
      await slices.yieldIfDue()
    }
    this.#prepared.set(metrics, this.#join(requests))
  }

  /** Returns the answers since the last call, as one. */
  take(): Answer {
    const answer = this.#answer
    this.#answer = complete
    return answer
  }

  #read(serializer: Serializer, body: Uint8Array): void {
    try {
      const [first = 0] = body
      // Neither JSON nor protobuf starts with it.
      if (first === lessThan) throw new TypeError('HTML')
      // Some receivers answer in JSON, whatever the request was.
      const { partialSuccess } = (first === leftBrace ? JsonMetricsSerializer : serializer).deserializeResponse(body) ?? {}
      const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0)
      this.#answer = {
        ...this.#answer,
        rejectedPoints: this.#answer.rejectedPoints + rejected,
        message: partialSuccess?.errorMessage ?? this.#answer.message,
      }
    } catch {
      const start = Buffer.from(body.subarray(0, 40))
        .toString('latin1')
        .replace(/[^ -~]/g, '.')
      this.#answer = { ...this.#answer, problem: `the answer is not that of an OTLP receiver: ${JSON.stringify(start)}` }
    }
  }
}

const lessThan = 0x3c
const leftBrace = 0x7b

/** Counts the exports and failures of an exporter, and logs the failures. */
class CountedExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter
  readonly #answers: Answers
  readonly #registry: MetricsRegistry
  readonly #producer: RegistryProducer
  readonly #logger: Logger
  readonly #failureMessage: string
  #busySeconds = 0
  #failures = 0
  #loggedMs = Number.NEGATIVE_INFINITY
  #rejectionLoggedMs = Number.NEGATIVE_INFINITY
  /** Exports that are not counted yet. */
  readonly #pending = new Set<Promise<void>>()

  constructor(
    exporter: PushMetricExporter,
    answers: Answers,
    registry: MetricsRegistry,
    producer: RegistryProducer,
    logger: Logger,
    failureMessage: string,
  ) {
    this.#exporter = exporter
    this.#answers = answers
    this.#registry = registry
    this.#producer = producer
    this.#logger = logger
    this.#failureMessage = failureMessage
    registry.counter('wombat_monitor_exports_total', { exporter: 'otlp' })
    registry.counter('wombat_monitor_export_failures_total', { exporter: 'otlp' })
    registry.counter('wombat_monitor_rejected_points_total', { exporter: 'otlp' })
    for (const part of ['collection', 'export']) registry.counter('wombat_monitor_busy_seconds_total', { part })
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#registry.incrementCounter('wombat_monitor_exports_total', 1, { exporter: 'otlp' })
    const { busySeconds } = this.#producer
    addSelfTime(this.#registry, 'collection', busySeconds - this.#busySeconds, this.#producer.takeLongestSlice())
    this.#busySeconds = busySeconds
    const counted = this.#export(metrics).then((error) => {
      this.#pending.delete(counted)
      const answer = this.#answers.take()
      if (error !== undefined) this.#failed(error)
      else if (answer.problem !== undefined) this.#failed(new Error(answer.problem))
      else this.#succeeded(answer)
      // The SDK would also print every failure: it is counted and logged already.
      done({ code: ExportResultCode.SUCCESS })
    })
    this.#pending.add(counted)
  }

  /** Returns why an export failed; undefined if it succeeded. */
  async #export(metrics: ResourceMetrics): Promise<Error | undefined> {
    const slices = selfTimeSlices(this.#registry, 'export', { pause: 'turn' })
    try {
      await this.#answers.prepare(metrics, slices)
      const exported = new Promise<ExportResult>((resolve) => this.#exporter.export(metrics, resolve))
      slices.end()
      const { code, error } = await exported
      return code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('unknown'))
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      slices.end()
    }
  }

  selectAggregationTemporality(instrumentType: InstrumentType): AggregationTemporality {
    return this.#exporter.selectAggregationTemporality?.(instrumentType) ?? AggregationTemporality.CUMULATIVE
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush()
    await Promise.all(this.#pending)
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  #succeeded({ rejectedPoints, message }: Answer): void {
    this.#registry.incrementCounter('wombat_monitor_rejected_points_total', rejectedPoints, { exporter: 'otlp' })
    if ((rejectedPoints > 0 || message !== '') && performance.now() - this.#rejectionLoggedMs >= minLogIntervalMs) {
      this.#rejectionLoggedMs = performance.now()
      const fields = { exporter: 'otlp', rejectedPoints, reason: message }
      this.#logger.warn(fields, 'the OTLP receiver did not accept all points; further rejections are only counted for a minute')
    }
    if (this.#failures > 0) this.#logger.info({ exporter: 'otlp', failed: this.#failures }, 'OTLP export succeeded again')
    this.#failures = 0
    this.#loggedMs = Number.NEGATIVE_INFINITY
  }

  #failed({ message: reason }: Error): void {
    this.#failures++
    this.#registry.incrementCounter('wombat_monitor_export_failures_total', 1, { exporter: 'otlp' })
    if (performance.now() - this.#loggedMs < minLogIntervalMs) return
    this.#loggedMs = performance.now()
    this.#logger.warn({ exporter: 'otlp', failed: this.#failures, reason }, this.#failureMessage)
  }
}
