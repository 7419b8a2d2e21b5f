import { type HrTime, ValueType } from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type MetricDescriptor,
  type MetricProducer,
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

export interface RegistryProducerOptions {
  /** Whether points count from the start or since the last collection (default cumulative). The SDK does not tell a producer its reader's choice. */
  readonly temporality?: 'cumulative' | 'delta'
  /** How histograms travel (default explicit buckets). */
  readonly histograms?: 'explicit' | 'exponential'
  /** Under which names operations leave the process (default: the registry's own choice). */
  readonly semconv?: Semconv
}

/** An explicit histogram as every reader knows it and, beside it, the fine bins it comes from. */
export interface FineHistogram extends Histogram {
  readonly snapshot: HistogramSnapshot
}

/** A metric of ours says of itself what it was declared as: OpenTelemetry has no word for a summary. */
export type OwnMetricData = MetricData & { readonly kind: MetricKind }

/**
 * A registry as a MetricProducer: hand it to any reader's `metricProducers`. Every number is read where it lies when the
 * reader collects, so any number of readers costs the store nothing. With delta temporality a producer remembers what it
 * gave, and belongs to one reader.
 */
export class RegistryProducer implements MetricProducer {
  readonly #registry: MetricsRegistry
  readonly #delta: boolean
  readonly #exponential: boolean
  readonly #semconv: Semconv
  #busySeconds = 0
  readonly #given = new Map<Series, number | HistogramSnapshot>()
  #lastMs: number | undefined

  constructor(
    registry: MetricsRegistry,
    { temporality = 'cumulative', histograms = 'explicit', semconv = registry.semconv }: RegistryProducerOptions = {},
  ) {
    this.#registry = registry
    this.#delta = temporality === 'delta'
    this.#exponential = histograms === 'exponential'
    this.#semconv = semconv
  }

  /** For how long it has kept the event loop. It does not count that among the metrics itself: snapshot must not change them. */
  get busySeconds(): number {
    return this.#busySeconds
  }

  async collect(): Promise<CollectionResult> {
    await this.#registry.collectors.collect()
    const startMs = performance.now()
    const metrics = this.#metrics()
    this.#busySeconds += (performance.now() - startMs) / 1000
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: scopeName }, metrics }] }, errors: [] }
  }

  #metrics(): OwnMetricData[] {
    const nowMs = Date.now()
    const metrics: OwnMetricData[] = []
    for (const family of this.#registry.families()) {
      if (!isExported(family.definition.name, this.#semconv)) continue
      const metric = this.#metric(family, nowMs)
      if (metric.dataPoints.length > 0) metrics.push(metric)
    }
    this.#lastMs = nowMs
    return metrics
  }

  #metric({ definition, series }: MetricFamily, nowMs: number): OwnMetricData {
    const { name, unit, description, kind } = definition
    const descriptor: MetricDescriptor = { name, unit, description, valueType: ValueType.DOUBLE }
    const endTime = millisToHrTime(nowMs)
    const temporality = this.#delta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE
    const points = <T>(pick: (one: Series) => T | undefined): DataPoint<T>[] => {
      const found: DataPoint<T>[] = []
      for (const one of series.values()) {
        const startTime = this.#startOf(one)
        const value = pick(one)
        if (value !== undefined) found.push({ startTime, endTime, attributes: one.labels, value })
      }
      return found
    }
    if (kind === 'counter') {
      const dataPoints = points((one) => this.#counted(one))
      return {
        kind,
        descriptor,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        aggregationTemporality: temporality,
        dataPoints,
      }
    }
    if (kind === 'gauge') {
      const dataPoints = points(({ instrument }) => ('value' in instrument ? instrument.value : undefined))
      const aggregationTemporality = AggregationTemporality.CUMULATIVE
      return { kind, descriptor, dataPointType: DataPointType.GAUGE, aggregationTemporality, dataPoints }
    }
    if (this.#exponential) {
      const dataPoints = points((one) => exponentialHistogram(this.#read(one)))
      return {
        kind,
        descriptor,
        dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
        aggregationTemporality: temporality,
        dataPoints,
      }
    }
    const dataPoints = points((one) => explicitHistogram(this.#read(one)))
    return { kind, descriptor, dataPointType: DataPointType.HISTOGRAM, aggregationTemporality: temporality, dataPoints }
  }

  #startOf(series: Series): HrTime {
    const continues = this.#delta && this.#lastMs !== undefined && this.#given.has(series)
    return millisToHrTime(continues ? (this.#lastMs as number) : series.startMs)
  }

  #counted(series: Series): number | undefined {
    if (!('value' in series.instrument) || series.instrument.value === undefined) return undefined
    const now = series.instrument.value
    if (!this.#delta) return now
    const before = this.#given.get(series)
    this.#given.set(series, now)
    return typeof before === 'number' ? now - before : now
  }

  #read(series: Series): HistogramSnapshot | undefined {
    if (!('snapshot' in series.instrument)) return undefined
    const now = series.instrument.snapshot()
    if (!this.#delta) return now
    const before = this.#given.get(series)
    this.#given.set(series, now)
    return before instanceof HistogramSnapshot ? now.since(before) : now
  }
}

function explicitHistogram(snapshot: HistogramSnapshot | undefined): FineHistogram | undefined {
  if (snapshot === undefined) return undefined
  const buckets = { boundaries: [...snapshot.buckets.bounds], counts: snapshot.bucketCounts() }
  return { buckets, ...totals(snapshot), snapshot }
}

function exponentialHistogram(snapshot: HistogramSnapshot | undefined): ExponentialHistogram | undefined {
  if (snapshot === undefined) return undefined
  const { scale, zeroCount, offset, counts } = snapshot.exponential()
  const negative = { offset: 0, bucketCounts: [] }
  return { scale, zeroCount, positive: { offset, bucketCounts: counts }, negative, ...totals(snapshot) }
}

function totals({ count, sum, min, max }: HistogramSnapshot): { count: number; sum: number; min?: number; max?: number } {
  return { count, sum, ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}
