import type { Attributes } from '@opentelemetry/api'
import type { Exemplar, Semconv } from '@wombat/instrumentation'
import { isExported, summaryQuantiles } from '@wombat/instrumentation/internal'
import type { HistogramPoint, Point, Snapshot } from '../collection/snapshot.ts'
import { RecentHistograms } from './recent-histograms.ts'

interface JsonBase {
  readonly name: string
  readonly unit: string
  readonly labels: Attributes
  /** Unix time of the snapshot in milliseconds. */
  readonly timestamp: number
}

/** A number as JSON: those that JSON cannot express are texts, as in Prometheus' HTTP API. */
export type JsonValue = number | 'NaN' | '+Inf' | '-Inf'

/** The value of a counter or a gauge. */
export interface JsonNumber extends JsonBase {
  readonly type: 'counter' | 'gauge'
  readonly value: JsonValue
}

/** One quantile: 0.99 is the 99th percentile. */
export interface JsonQuantile {
  readonly quantile: number
  readonly value: number
}

/** The distribution of a histogram or a summary. */
export interface JsonDistribution extends JsonBase {
  readonly type: 'histogram' | 'summary'
  readonly count: number
  readonly sum: JsonValue
  readonly min?: JsonValue
  readonly max?: JsonValue
  /** P50, P95 and P99 of the last one to two intervals of the history (`historyIntervalMs`); empty if there is no value in it. */
  readonly quantiles: readonly JsonQuantile[]
  /** P50, P95 and P99 of all values since the start; empty if there is no value. */
  readonly quantilesSinceStart: readonly JsonQuantile[]
  /** Cumulative buckets: the number of values up to `le`. Summaries have none. */
  readonly buckets?: ReadonlyArray<{ readonly le: number | '+Inf'; readonly count: number }>
  /** Values with the traces that they belong to: the last one of each bucket. Left out if there are none. */
  readonly exemplars?: readonly Exemplar[]
}

/** One series of a metric. */
export type JsonMetric = JsonNumber | JsonDistribution

/**
 * Returns the metrics of a snapshot.
 *
 * @param recent the histograms of the last interval (default: of all time since the start).
 */
export function jsonMetrics(
  snapshot: Snapshot,
  semconv: Semconv,
  recent: RecentHistograms = new RecentHistograms(),
): JsonMetric[] {
  return [...eachJsonMetric(snapshot, semconv, recent)]
}

/** Yields the metrics of a snapshot one by one: there may be very many. */
export function* eachJsonMetric(snapshot: Snapshot, semconv: Semconv, recent: RecentHistograms): Generator<JsonMetric> {
  for (const point of snapshot.eachPoint())
    if (isExported(point.metric, semconv)) yield jsonMetric(point, snapshot.timeMs, recent)
}

/** Returns a number as JSON. */
export function toJsonValue(value: number): JsonValue {
  if (Number.isFinite(value)) return value
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

function jsonMetric(point: Point, timestamp: number, recent: RecentHistograms): JsonMetric {
  const { metric: name, unit, attributes: labels } = point
  if ('value' in point) {
    return { name, type: point.kind, unit, labels, value: toJsonValue(point.value), timestamp }
  }
  const { count, sum, min, max } = point
  return {
    name,
    type: point.kind,
    unit,
    labels,
    count,
    sum: toJsonValue(sum),
    ...(min !== undefined && { min: toJsonValue(min) }),
    ...(max !== undefined && { max: toJsonValue(max) }),
    quantiles: quantiles(recent.recent(point)),
    quantilesSinceStart: quantiles(point.snapshot),
    ...(point.kind === 'histogram' && { buckets: cumulativeBuckets(point) }),
    ...(point.snapshot !== undefined && point.snapshot.exemplars.length > 0 && { exemplars: point.snapshot.exemplars }),
    timestamp,
  }
}

function quantiles(snapshot: HistogramPoint['snapshot']): JsonQuantile[] {
  return summaryQuantiles.flatMap((quantile) => {
    const value = snapshot?.quantile(quantile)
    return value === undefined ? [] : [{ quantile, value }]
  })
}

function cumulativeBuckets({ bounds, counts }: HistogramPoint): Array<{ le: number | '+Inf'; count: number }> {
  let count = 0
  return counts.map((bucketCount, index) => {
    count += bucketCount
    return { le: bounds[index] ?? '+Inf', count }
  })
}
