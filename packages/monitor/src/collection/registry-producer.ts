import type { HrTime } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type {
  CollectionResult,
  DataPoint,
  ExponentialHistogram,
  Histogram,
  MetricData,
  MetricDescriptor,
  MetricProducer,
} from '@opentelemetry/sdk-metrics'
import {
  type MetricFamily,
  type MetricKind,
  type MetricsRegistry,
  type Semconv,
  type Series,
  scopeName,
} from '@wombat/instrumentation'
import { HistogramSnapshot, isExported } from '@wombat/instrumentation/internal'
import { type Clock, SystemClock } from '../time/clock.ts'
import { dataPointTypes, doubleValueType, millisToHrTime, temporalities } from './otel-data.ts'
import { StartTimes } from './start-times.ts'

/** Options of `RegistryProducer`. */
export interface RegistryProducerOptions {
  /**
   * Whether points count from the start or since the last collection. Set it like the reader's: the SDK does not pass it on.
   *
   * @defaultValue `"cumulative"`
   */
  readonly temporality?: 'cumulative' | 'delta'
  /**
   * The buckets of histograms.
   *
   * @defaultValue `"explicit"`
   */
  readonly histograms?: 'explicit' | 'exponential'
  /**
   * The names under which operations are exported.
   *
   * @defaultValue the registry's own choice
   */
  readonly semconv?: Semconv
  /**
   * Dates the points.
   *
   * @defaultValue a `SystemClock` of its own
   */
  readonly clock?: Clock
}

/** The reader adds the metrics of a producer to those of its own resource. */
const emptyResource: Resource = {
  attributes: {},
  merge: (other) => other ?? emptyResource,
  getRawAttributes: () => [],
}

/** What a histogram was computed from: its fine buckets and its exemplars, which OpenTelemetry's SDK does not have. */
interface Source {
  readonly snapshot: HistogramSnapshot
}

/** An explicit histogram together with the fine buckets that it was computed from. */
export type FineHistogram = Histogram & Source

/** An exponential histogram together with the fine buckets that it was computed from. */
export type FineExponentialHistogram = ExponentialHistogram & Source

/** A metric with its declared kind: OpenTelemetry has no kind for a summary. */
export type OwnMetricData = MetricData & { readonly kind: MetricKind }

/**
 * Provides the metrics of a registry to any OpenTelemetry reader, as one of its `metricProducers`. Values are read when the reader
 * collects, so that the number of readers does not affect the stores. With delta temporality a producer keeps the last values, and
 * must belong to one reader only.
 *
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { MetricsRegistry } from '@wombat/instrumentation'
 * import { RegistryProducer } from '@wombat/monitor'
 *
 * const registry = new MetricsRegistry()
 * registry.incrementCounter('db_get_operations_total', 2, { store: 'orders' })
 *
 * const producer = new RegistryProducer(registry)
 * const { resourceMetrics } = await producer.collect()
 * const [{ metrics }] = resourceMetrics.scopeMetrics
 * const gets = metrics.find(({ descriptor }) => descriptor.name === 'db_get_operations_total')
 * assert.equal(gets.dataPoints[0].value, 2)
 * ```
 */
export class RegistryProducer implements MetricProducer {
  #registry: MetricsRegistry
  readonly #isDelta: boolean
  readonly #isExponential: boolean
  readonly #semconv: Semconv
  readonly #startTimes: StartTimes
  #busySeconds = 0
  readonly #lastValues = new Map<Series, number | HistogramSnapshot>()
  #lastMs: number | undefined

  constructor(
    registry: MetricsRegistry,
    {
      temporality = 'cumulative',
      histograms = 'explicit',
      semconv = registry.semconv,
      clock = new SystemClock(),
    }: RegistryProducerOptions = {},
  ) {
    this.#startTimes = new StartTimes(clock)
    this.#registry = registry
    this.#isDelta = temporality === 'delta'
    this.#isExponential = histograms === 'exponential'
    this.#semconv = semconv
  }

  /** Seconds that the event loop was busy with collections. They are not a metric here: reading must not change the metrics. */
  get busySeconds(): number {
    return this.#busySeconds
  }

  /** Reads another registry from now on, which contains the values of the one before. */
  follow(registry: MetricsRegistry): void {
    const known = new Map([...this.#registry.families()].map((family) => [family.definition.name, family.series]))
    for (const { definition, series } of this.#isDelta ? registry.families() : []) {
      for (const [key, one] of series) {
        const before = known.get(definition.name)?.get(key)
        const value = before === undefined ? undefined : this.#lastValues.get(before)
        if (value !== undefined) this.#lastValues.set(one, value)
        if (before !== undefined) this.#lastValues.delete(before)
      }
    }
    this.#registry = registry
  }

  async collect(): Promise<CollectionResult> {
    await this.#registry.collectors.collect()
    const startMs = performance.now()
    const metrics = this.#createMetrics()
    this.#busySeconds += (performance.now() - startMs) / 1000
    return { resourceMetrics: { resource: emptyResource, scopeMetrics: [{ scope: { name: scopeName }, metrics }] }, errors: [] }
  }

  #createMetrics(): OwnMetricData[] {
    const nowMs = this.#startTimes.update()
    this.#lastMs &&= Math.min(this.#lastMs, nowMs)
    const metrics: OwnMetricData[] = []
    for (const family of this.#registry.families()) {
      if (!isExported(family.definition.name, this.#semconv)) continue
      const metric = this.#createMetric(family, nowMs)
      if (metric.dataPoints.length > 0) metrics.push(metric)
    }
    this.#lastMs = nowMs
    return metrics
  }

  #createMetric({ definition, series }: MetricFamily, nowMs: number): OwnMetricData {
    const { name, unit, description, kind } = definition
    const descriptor: MetricDescriptor = { name, unit, description, valueType: doubleValueType }
    const endTime = millisToHrTime(nowMs)
    const temporality = this.#isDelta ? temporalities.delta : temporalities.cumulative
    const createPoints = <T>(readValue: (one: Series) => T | undefined): DataPoint<T>[] => {
      const points: DataPoint<T>[] = []
      for (const one of series.values()) {
        const startTime = this.#startTime(one, nowMs)
        const value = readValue(one)
        if (value !== undefined) points.push({ startTime, endTime, attributes: one.labels, value })
      }
      return points
    }
    if (kind === 'counter') {
      const dataPoints = createPoints((one) => this.#readCounter(one))
      return {
        kind,
        descriptor,
        dataPointType: dataPointTypes.sum,
        isMonotonic: true,
        aggregationTemporality: temporality,
        dataPoints,
      }
    }
    if (kind === 'gauge') {
      const dataPoints = createPoints(({ instrument }) => ('value' in instrument ? instrument.value : undefined))
      const aggregationTemporality = temporalities.cumulative
      return { kind, descriptor, dataPointType: dataPointTypes.gauge, aggregationTemporality, dataPoints }
    }
    if (this.#isExponential) {
      const dataPoints = createPoints((one) => exponentialHistogram(this.#readHistogram(one)))
      return {
        kind,
        descriptor,
        dataPointType: dataPointTypes.exponentialHistogram,
        aggregationTemporality: temporality,
        dataPoints,
      }
    }
    const dataPoints = createPoints((one) => explicitHistogram(this.#readHistogram(one)))
    return { kind, descriptor, dataPointType: dataPointTypes.histogram, aggregationTemporality: temporality, dataPoints }
  }

  #startTime(series: Series, nowMs: number): HrTime {
    const continues = this.#isDelta && this.#lastMs !== undefined && this.#lastValues.has(series)
    return millisToHrTime(continues ? Math.min(this.#lastMs as number, nowMs) : this.#startTimes.toUnixMs(series.startMs))
  }

  #readCounter(series: Series): number | undefined {
    if (!('value' in series.instrument) || series.instrument.value === undefined) return undefined
    const current = series.instrument.value
    if (!this.#isDelta) return current
    const previous = this.#lastValues.get(series)
    this.#lastValues.set(series, current)
    return typeof previous === 'number' ? current - previous : current
  }

  #readHistogram(series: Series): HistogramSnapshot | undefined {
    if (!('snapshot' in series.instrument)) return undefined
    const current = series.instrument.snapshot()
    if (!this.#isDelta) return current
    const previous = this.#lastValues.get(series)
    this.#lastValues.set(series, current)
    return previous instanceof HistogramSnapshot ? current.since(previous) : current
  }
}

function explicitHistogram(snapshot: HistogramSnapshot | undefined): FineHistogram | undefined {
  if (snapshot === undefined) return undefined
  const buckets = { boundaries: [...snapshot.buckets.bounds], counts: snapshot.bucketCounts() }
  return { buckets, ...totals(snapshot), snapshot }
}

function exponentialHistogram(snapshot: HistogramSnapshot | undefined): FineExponentialHistogram | undefined {
  if (snapshot === undefined) return undefined
  const { scale, zeroCount, offset, counts } = snapshot.exponential()
  const negative = { offset: 0, bucketCounts: [] }
  return { scale, zeroCount, positive: { offset, bucketCounts: counts }, negative, ...totals(snapshot), snapshot }
}

function totals({ count, sum, min, max }: HistogramSnapshot): { count: number; sum: number; min?: number; max?: number } {
  return { count, sum, ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}
