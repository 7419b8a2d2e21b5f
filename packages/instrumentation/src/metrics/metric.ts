import { Counter } from './counter.ts'
import { Gauge } from './gauge.ts'
import type { HistogramSnapshot } from './histogram-snapshot.ts'
import type { Labels } from './labels.ts'
import type { MetricDefinition } from './semconv.ts'
import type { Series } from './series.ts'

export interface HistogramValue {
  /** Cumulative counts: how many values were at most `le`; the last bound is Infinity. */
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>
  readonly sum: number
  readonly count: number
}

export interface SummaryValue {
  readonly quantiles: ReadonlyArray<{ readonly quantile: number; readonly value: number }>
  readonly sum: number
  readonly count: number
}

interface MetricBase {
  readonly name: string
  readonly labels: Labels
  /** Unix time in milliseconds at which it was read. */
  readonly timestamp: number
}

/** One metric as read at one moment. */
export type Metric = MetricBase &
  (
    | { readonly type: 'counter' | 'gauge'; readonly value: number }
    | { readonly type: 'histogram'; readonly value: HistogramValue }
    | { readonly type: 'summary'; readonly value: SummaryValue }
  )

/** The quantiles a summary shows: P50, P95 and P99. */
export const summaryQuantiles: readonly number[] = Object.freeze([0.5, 0.95, 0.99])

/** P50, P95 and P99 with sum and count. Without any value there are no quantiles. */
export function summarize(reading: HistogramSnapshot): SummaryValue {
  const quantiles = summaryQuantiles.flatMap((quantile) => {
    const value = reading.quantile(quantile)
    return value === undefined ? [] : [{ quantile, value }]
  })
  return { quantiles, sum: reading.sum, count: reading.count }
}

/** Cumulative buckets as Prometheus counts them, with sum and count. */
export function toHistogramValue(reading: HistogramSnapshot): HistogramValue {
  let count = 0
  const buckets = reading.bucketCounts().map((inBucket, index) => {
    count += inBucket
    return { le: reading.buckets.bounds[index] ?? Number.POSITIVE_INFINITY, count }
  })
  return { buckets, sum: reading.sum, count: reading.count }
}

/** What a series is now; undefined for a gauge that nobody knows. */
export function readMetric(
  { name, kind }: MetricDefinition,
  { labels, instrument }: Series,
  timestamp: number,
): Metric | undefined {
  const base = { name, labels, timestamp }
  if (instrument instanceof Counter) return { ...base, type: 'counter', value: instrument.value }
  if (instrument instanceof Gauge)
    return instrument.value === undefined ? undefined : { ...base, type: 'gauge', value: instrument.value }
  const reading = instrument.snapshot()
  return kind === 'summary'
    ? { ...base, type: 'summary', value: summarize(reading) }
    : { ...base, type: 'histogram', value: toHistogramValue(reading) }
}
