import type { Attributes } from '@opentelemetry/api'
import type { ExponentialHistogram, Histogram, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { HistogramSnapshot, MetricKind } from '@wombat/instrumentation'
import { dataPointTypes, hrTimeToMillis } from './otel-data.ts'
import { type PrometheusMetrics, toPrometheusMetrics } from './prometheus-metrics.ts'

interface PointBase {
  /** Name of the metric. */
  readonly metric: string
  readonly unit: string
  readonly description: string
  readonly attributes: Attributes
  /** Unix time in milliseconds at which counting started. */
  readonly startMs: number
}

/** The value of a counter or a gauge. */
export interface NumberPoint extends PointBase {
  readonly kind: 'counter' | 'gauge'
  readonly value: number
}

/** The distribution of a histogram or a summary. */
export interface HistogramPoint extends PointBase {
  readonly kind: 'histogram' | 'summary'
  readonly count: number
  readonly sum: number
  readonly min: number | undefined
  readonly max: number | undefined
  /** Upper bounds of the explicit buckets, ascending; empty if the buckets are exponential. */
  readonly bounds: readonly number[]
  /** Counts of the buckets, not cumulative: one for each bound, and one for values above the last bound. */
  readonly counts: readonly number[]
  /** The fine buckets of a Wombat metric; undefined for the application's own metrics. */
  readonly snapshot: HistogramSnapshot | undefined
}

/** The value of one series at one time. */
export type Point = NumberPoint | HistogramPoint

/** All metrics at one time. Every exporter, the history, the alerts and the health checks read from snapshots. */
export class Snapshot {
  /** Unix time in milliseconds. */
  readonly timeMs: number
  readonly resourceMetrics: ResourceMetrics
  /** Errors of the collection. If there are any, points may be missing or old. */
  readonly errors: readonly unknown[]
  /** Most metrics are the same objects under both kinds of names. */
  readonly #pointsOf = new Map<MetricData, readonly Point[]>()
  #points: readonly Point[] | undefined
  #prometheus: PrometheusMetrics | undefined

  constructor(resourceMetrics: ResourceMetrics, timeMs: number, errors: readonly unknown[] = []) {
    this.resourceMetrics = resourceMetrics
    this.timeMs = timeMs
    this.errors = errors
  }

  /** All points of all metrics. */
  get points(): readonly Point[] {
    this.#points ??= this.#readPoints(this.resourceMetrics)
    return this.#points
  }

  /** @internal Yields all points of all metrics one by one: there may be very many. */
  *eachPoint(): Generator<Point> {
    if (this.#points !== undefined) yield* this.#points
    else {
      for (const { metrics } of this.resourceMetrics.scopeMetrics)
        for (const metric of metrics) yield* eachPoint(metric, this.timeMs)
    }
  }

  /** All metrics under the names and labels that they have in Prometheus, and what had to be left out. */
  get prometheus(): PrometheusMetrics {
    this.#prometheus ??= toPrometheusMetrics(this.resourceMetrics)
    return this.#prometheus
  }

  /** All points under the names and labels that they have in Prometheus. */
  get prometheusPoints(): Point[] {
    return this.#readPoints(this.prometheus.resourceMetrics)
  }

  #readPoints({ scopeMetrics }: ResourceMetrics): Point[] {
    return scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap((metric) => {
        const points = this.#pointsOf.get(metric) ?? [...eachPoint(metric, this.timeMs)]
        this.#pointsOf.set(metric, points)
        return points
      }),
    )
  }
}

/** Yields the points of a metric. */
export function* eachPoint(metric: MetricData, timeMs: number): Generator<Point> {
  const { name, unit, description } = metric.descriptor
  const declared = (metric as { kind?: MetricKind }).kind
  for (const { attributes, startTime, value } of metric.dataPoints) {
    // A clock that was set back since: nothing starts after its end.
    const base = { metric: name, unit, description, attributes, startMs: Math.min(hrTimeToMillis(startTime), timeMs) }
    if (typeof value === 'number') {
      const counts = metric.dataPointType === dataPointTypes.sum && metric.isMonotonic
      yield { ...base, kind: counts ? 'counter' : 'gauge', value }
    } else yield { ...base, kind: declared === 'summary' ? 'summary' : 'histogram', ...readDistribution(value) }
  }
}

function readDistribution(value: Histogram | ExponentialHistogram) {
  const { count, sum = 0, min, max } = value
  const { boundaries = [], counts = [] } = 'buckets' in value ? value.buckets : {}
  const { snapshot } = value as { snapshot?: HistogramSnapshot }
  return { count, sum, min, max, bounds: boundaries, counts, snapshot }
}
