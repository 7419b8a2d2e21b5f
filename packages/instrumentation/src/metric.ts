import { CounterCell, GaugeCell } from './cell.ts'
import type { MetricDefinition } from './definition.ts'
import type { HistogramReading } from './histogram-reading.ts'
import type { Labels } from './labels.ts'
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
export function summaryOf(reading: HistogramReading): SummaryValue {
  const quantiles = summaryQuantiles.flatMap((quantile) => {
    const value = reading.quantile(quantile)
    return value === undefined ? [] : [{ quantile, value }]
  })
  return { quantiles, sum: reading.sum, count: reading.count }
}

/** Cumulative buckets as Prometheus counts them, with sum and count. */
export function histogramOf(reading: HistogramReading): HistogramValue {
  let count = 0
  const buckets = reading.buckets().map((inBucket, index) => {
    count += inBucket
    return { le: reading.layout.bounds[index] ?? Number.POSITIVE_INFINITY, count }
  })
  return { buckets, sum: reading.sum, count: reading.count }
}

/** What a series is now; undefined for a gauge that nobody knows. */
export function metricOf({ name, kind }: MetricDefinition, { labels, cell }: Series, timestamp: number): Metric | undefined {
  const base = { name, labels, timestamp }
  if (cell instanceof CounterCell) return { ...base, type: 'counter', value: cell.value }
  if (cell instanceof GaugeCell) return cell.value === undefined ? undefined : { ...base, type: 'gauge', value: cell.value }
  const reading = cell.read()
  return kind === 'summary'
    ? { ...base, type: 'summary', value: summaryOf(reading) }
    : { ...base, type: 'histogram', value: histogramOf(reading) }
}
