import type { Attributes } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import {
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { HistogramSnapshot, MetricKind } from '@wombat/instrumentation'

interface PointBase {
  readonly metric: string
  readonly unit: string
  readonly description: string
  readonly attributes: Attributes
  /** Unix time in milliseconds from which it counts. */
  readonly startMs: number
}

export interface NumberPoint extends PointBase {
  readonly kind: 'counter' | 'gauge'
  readonly value: number
}

export interface HistogramPoint extends PointBase {
  readonly kind: 'histogram' | 'summary'
  readonly count: number
  readonly sum: number
  readonly min: number | undefined
  readonly max: number | undefined
  /** Upper bounds of the explicit buckets, ascending; empty where the reader was given exponential ones. */
  readonly bounds: readonly number[]
  /** Counts of the buckets, not cumulative: one for each bound and one above the last. */
  readonly counts: readonly number[]
  /** The fine bins behind it, where it is a metric of ours. */
  readonly snapshot: HistogramSnapshot | undefined
}

/** One series at one moment. */
export type Point = NumberPoint | HistogramPoint

/** All metrics of one moment: what every format, and everything that judges, reads from. */
export class Snapshot {
  /** Unix time in milliseconds. */
  readonly timeMs: number
  readonly resourceMetrics: ResourceMetrics
  /** What went wrong while collecting: points may be missing or old. */
  readonly errors: readonly unknown[]
  #points: readonly Point[] | undefined

  constructor(resourceMetrics: ResourceMetrics, timeMs: number, errors: readonly unknown[] = []) {
    this.resourceMetrics = resourceMetrics
    this.timeMs = timeMs
    this.errors = errors
  }

  get points(): readonly Point[] {
    this.#points ??= this.resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(readPoints))
    return this.#points
  }
}

function readPoints(metric: MetricData): Point[] {
  const { name, unit, description } = metric.descriptor
  const declared = (metric as { kind?: MetricKind }).kind
  return metric.dataPoints.map(({ attributes, startTime, value }): Point => {
    const base = { metric: name, unit, description, attributes, startMs: hrTimeToMilliseconds(startTime) }
    if (typeof value === 'number') {
      const counts = metric.dataPointType === DataPointType.SUM && metric.isMonotonic
      return { ...base, kind: counts ? 'counter' : 'gauge', value }
    }
    return { ...base, kind: declared === 'summary' ? 'summary' : 'histogram', ...distributionOf(value) }
  })
}

function distributionOf(value: Histogram | ExponentialHistogram) {
  const { count, sum = 0, min, max } = value
  const { boundaries = [], counts = [] } = 'buckets' in value ? value.buckets : {}
  const { snapshot } = value as { snapshot?: HistogramSnapshot }
  return { count, sum, min, max, bounds: boundaries, counts, snapshot }
}
