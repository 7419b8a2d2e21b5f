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
import { type PausableWork, TimeSlices } from '../time/time-slices.ts'
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

/** Points that are created without a pause: some ten microseconds. */
const batchLength = 8

/** What a histogram was computed from: its fine buckets and its exemplars, which OpenTelemetry's SDK does not have. */
interface Source {
  readonly snapshot: HistogramSnapshot
}

type HistogramBuckets = HistogramSnapshot['buckets']

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
  #longestSliceSeconds = 0
  /** Resolves when the collection in progress has ended: with delta temporality, each needs the values of the one before. */
  #last: Promise<unknown> = Promise.resolve()
  #lastValues = new Map<Series, number | HistogramSnapshot>()
  /** Those of the collection in progress: a series that is gone leaves nothing behind. */
  #nextValues = new Map<Series, number | HistogramSnapshot>()
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

  /** Returns for how many seconds a collection held the event loop at once, at most, since the last call. */
  takeLongestSlice(): number {
    const seconds = this.#longestSliceSeconds
    this.#longestSliceSeconds = 0
    return seconds
  }

  /** Reads another registry after the collection in progress, which contains the values of the one before. */
  follow(registry: MetricsRegistry): void {
    this.#last = this.#last.then(() => this.#follow(registry))
  }

  #follow(registry: MetricsRegistry): void {
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

  /**
   * Returns the metrics. Long collections are done in slices, so that the event loop runs in between: each point is consistent, and has the
   * value of the moment at which it was read; all have the time at which the collection began.
   */
  collect(): Promise<CollectionResult> {
    const result = this.#last.then(() => this.#collect())
    this.#last = result.catch(() => {})
    return result
  }

  async #collect(): Promise<CollectionResult> {
    await this.#registry.collectors.collect()
    const onSlice = (seconds: number): void => {
      this.#busySeconds += seconds
      this.#longestSliceSeconds = Math.max(this.#longestSliceSeconds, seconds)
    }
    const slices = new TimeSlices({ pause: 'turn', onSlice })
    try {
      const metrics = await slices.run(this.#createMetrics())
      return { resourceMetrics: { resource: emptyResource, scopeMetrics: [{ scope: { name: scopeName }, metrics }] }, errors: [] }
    } finally {
      slices.end()
    }
  }

  *#createMetrics(): PausableWork<OwnMetricData[]> {
    const nowMs = this.#startTimes.update()
    this.#lastMs &&= Math.min(this.#lastMs, nowMs)
    // What an unfinished collection has read was not exported.
    this.#nextValues = new Map()
    const metrics: OwnMetricData[] = []
    for (const family of this.#registry.families()) {
      if (!isExported(family.definition.name, this.#semconv)) continue
      const metric = yield* this.#createMetric(family, nowMs)
      if (metric.dataPoints.length > 0) metrics.push(metric)
    }
    this.#lastMs = nowMs
    this.#lastValues = this.#nextValues
    return metrics
  }

  *#createMetric({ definition, series }: MetricFamily, nowMs: number): PausableWork<OwnMetricData> {
    const { name, unit, description, kind } = definition
    const descriptor: MetricDescriptor = { name, unit, description, valueType: doubleValueType }
    const endTime = millisToHrTime(nowMs)
    const temporality = this.#isDelta ? temporalities.delta : temporalities.cumulative
    const startTime = (one: Series): HrTime => this.#startTime(one, nowMs)
    function* createPoints<T>(readValue: (one: Series) => T | undefined): PausableWork<DataPoint<T>[]> {
      const points: DataPoint<T>[] = []
      // Where stores come and go faster than they are read, there would be no end.
      let left = series.size
      for (const one of series.values()) {
        if (left-- <= 0) break
        const startedAt = startTime(one)
        const value = readValue(one)
        if (value !== undefined) points.push({ startTime: startedAt, endTime, attributes: one.labels, value })
        if (points.length % batchLength === 0) yield
      }
      return points
    }
    if (kind === 'counter') {
      const dataPoints = yield* createPoints((one) => this.#readCounter(one))
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
      const dataPoints = yield* createPoints(({ instrument }) => ('value' in instrument ? instrument.value : undefined))
      const aggregationTemporality = temporalities.cumulative
      return { kind, descriptor, dataPointType: dataPointTypes.gauge, aggregationTemporality, dataPoints }
    }
    if (this.#isExponential) {
      const dataPoints = yield* createPoints((one) => exponentialHistogram(this.#readHistogram(one)))
      return {
        kind,
        descriptor,
        dataPointType: dataPointTypes.exponentialHistogram,
        aggregationTemporality: temporality,
        dataPoints,
      }
    }
    const dataPoints = yield* createPoints((one) => explicitHistogram(this.#readHistogram(one)))
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
    this.#nextValues.set(series, current)
    return typeof previous === 'number' ? current - previous : current
  }

  #readHistogram(series: Series): HistogramSnapshot | undefined {
    if (!('snapshot' in series.instrument)) return undefined
    const current = series.instrument.snapshot()
    if (!this.#isDelta) return current
    const previous = this.#lastValues.get(series)
    this.#nextValues.set(series, current)
    return previous instanceof HistogramSnapshot ? current.since(previous) : current
  }
}

function explicitHistogram(snapshot: HistogramSnapshot | undefined): FineHistogram | undefined {
  if (snapshot === undefined) return undefined
  const buckets = { boundaries: boundariesOf(snapshot.buckets), counts: snapshot.bucketCounts() }
  return { buckets, ...totals(snapshot), snapshot }
}

/** The bounds of each layout as OpenTelemetry has them: one list for all points. */
const boundaries = new WeakMap<HistogramBuckets, number[]>()

function boundariesOf(buckets: HistogramBuckets): number[] {
  let known = boundaries.get(buckets)
  if (known === undefined) {
    known = [...buckets.bounds]
    boundaries.set(buckets, known)
  }
  return known
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
