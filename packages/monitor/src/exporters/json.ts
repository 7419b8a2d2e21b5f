import type { Attributes } from '@opentelemetry/api'
import type { Semconv } from '@wombat/instrumentation'
import { isExported, summaryQuantiles } from '@wombat/instrumentation/internal'
import type { HistogramPoint, Point, Snapshot } from '../collection/snapshot.ts'

interface JsonBase {
  readonly name: string
  readonly unit: string
  readonly labels: Attributes
  /** Unix time in milliseconds at which it was read. */
  readonly timestamp: number
}

export interface JsonNumber extends JsonBase {
  readonly type: 'counter' | 'gauge'
  readonly value: number
}

export interface JsonDistribution extends JsonBase {
  readonly type: 'histogram' | 'summary'
  readonly count: number
  readonly sum: number
  readonly min?: number
  readonly max?: number
  /** P50, P95 and P99 of all values since the start; none before the first value. */
  readonly quantiles: ReadonlyArray<{ readonly quantile: number; readonly value: number }>
  /** Cumulative: how many values were at most `le`. Not for summaries. */
  readonly buckets?: ReadonlyArray<{ readonly le: number | '+Inf'; readonly count: number }>
}

/** One metric with one set of labels. */
export type JsonMetric = JsonNumber | JsonDistribution

/** The metrics of a snapshot. An application's gauge that is NaN or infinite is left out: JSON would say null. */
export function jsonMetrics(snapshot: Snapshot, semconv: Semconv): JsonMetric[] {
  return snapshot.points
    .filter((point) => isExported(point.metric, semconv) && (!('value' in point) || Number.isFinite(point.value)))
    .map((point) => jsonMetric(point, snapshot.timeMs))
}

function jsonMetric(point: Point, timestamp: number): JsonMetric {
  const { metric: name, unit, attributes: labels } = point
  if ('value' in point) {
    return { name, type: point.kind, unit, labels, value: point.value, timestamp }
  }
  const { count, sum, min, max } = point
  return {
    name,
    type: point.kind,
    unit,
    labels,
    count,
    sum,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    quantiles: quantiles(point),
    ...(point.kind === 'histogram' && { buckets: cumulative(point) }),
    timestamp,
  }
}

function quantiles({ snapshot }: HistogramPoint): Array<{ quantile: number; value: number }> {
  return summaryQuantiles.flatMap((quantile) => {
    const value = snapshot?.quantile(quantile)
    return value === undefined ? [] : [{ quantile, value }]
  })
}

function cumulative({ bounds, counts }: HistogramPoint): Array<{ le: number | '+Inf'; count: number }> {
  let count = 0
  return counts.map((inBucket, index) => {
    count += inBucket
    return { le: bounds[index] ?? '+Inf', count }
  })
}
