import { Counter } from './counter.ts'
import { Gauge } from './gauge.ts'
import type { HistogramSnapshot } from './histogram-snapshot.ts'
import type { Labels } from './labels.ts'
import type { MetricDefinition } from './semconv.ts'
import type { Series } from './series.ts'

/** The value of a histogram, in the unit of its metric. */
export interface HistogramValue {
  /** Cumulative buckets: `count` values were at most `le`. The last `le` is Infinity. */
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>
  readonly sum: number
  readonly count: number
}

/** The value of a summary, in the unit of its metric. */
export interface SummaryValue {
  /** P50, P95 and P99; empty if no value was recorded. */
  readonly quantiles: ReadonlyArray<{ readonly quantile: number; readonly value: number }>
  readonly sum: number
  readonly count: number
}

/** What every `Metric` has, whatever its kind. */
export interface MetricBase {
  readonly name: string
  readonly labels: Labels
  /** When the value was read, in Unix milliseconds. */
  readonly timestamp: number
}

/** The value of one series at one moment: an entry of `MetricsRegistry.getAllMetrics()`. */
export type Metric = MetricBase &
  (
    | { readonly type: 'counter' | 'gauge'; readonly value: number }
    | { readonly type: 'histogram'; readonly value: HistogramValue }
    | { readonly type: 'summary'; readonly value: SummaryValue }
  )

/** The quantiles of a summary: P50, P95 and P99. */
export const summaryQuantiles: readonly number[] = Object.freeze([0.5, 0.95, 0.99])

/** Returns P50, P95 and P99 with sum and count. There are no quantiles if no value was recorded. */
export function summarize(snapshot: HistogramSnapshot): SummaryValue {
  const quantiles = summaryQuantiles.flatMap((quantile) => {
    const value = snapshot.quantile(quantile)
    return value === undefined ? [] : [{ quantile, value }]
  })
  return { quantiles, sum: snapshot.sum, count: snapshot.count }
}

/** Returns cumulative buckets as in Prometheus, with sum and count. */
function toHistogramValue(snapshot: HistogramSnapshot): HistogramValue {
  let count = 0
  const buckets = snapshot.bucketCounts().map((inBucket, index) => {
    count += inBucket
    return { le: snapshot.buckets.bounds[index] ?? Number.POSITIVE_INFINITY, count }
  })
  return { buckets, sum: snapshot.sum, count: snapshot.count }
}

/** Reads a series. Returns `undefined` for a gauge that has no value now. */
export function readMetric(
  { name, kind }: MetricDefinition,
  { labels, instrument }: Series,
  timestamp: number,
): Metric | undefined {
  const base = { name, labels, timestamp }
  if (instrument instanceof Counter) return { ...base, type: 'counter', value: instrument.value }
  if (instrument instanceof Gauge)
    return instrument.value === undefined ? undefined : { ...base, type: 'gauge', value: instrument.value }
  const snapshot = instrument.snapshot()
  return kind === 'summary'
    ? { ...base, type: 'summary', value: summarize(snapshot) }
    : { ...base, type: 'histogram', value: toHistogramValue(snapshot) }
}
