import type { Labels } from '@wombat/instrumentation'
import type { Point } from '../collection/snapshot.ts'

/** One time series as in Prometheus: a histogram is several, one for each bucket (label `le`), its sum and its count. */
export interface HistorySeries {
  readonly name: string
  readonly labels: Labels
  /** Whether it only grows, except for resets to 0: required for `rate`. */
  readonly isCounter: boolean
}

/** The values of many series at one point in time, without an object for each. */
export class SampleColumns {
  readonly series: HistorySeries[] = []
  readonly values: number[] = []

  add(series: HistorySeries, value: number): void {
    this.series.push(series)
    this.values.push(value)
  }

  clear(): void {
    this.series.length = 0
    this.values.length = 0
  }
}

/** The value of a series at one point in time. */
export interface Sample {
  readonly series: HistorySeries
  readonly value: number
}

/**
 * The series of each set of attributes, by metric. Most sets are the same objects in every snapshot, so that the labels of a series are
 * created once and not with each sample.
 */
const seriesByAttributes = new WeakMap<Point['attributes'], Map<string, readonly HistorySeries[]>>()

/** Returns the samples of a point of a snapshot: one for a counter or gauge, several for a histogram. */
export function toSamples(point: Point): Sample[] {
  let byMetric = seriesByAttributes.get(point.attributes)
  if (byMetric === undefined) {
    byMetric = new Map()
    seriesByAttributes.set(point.attributes, byMetric)
  }
  // Exponential buckets move with their values.
  const isFixed = 'value' in point || point.bounds.length > 0
  let series = isFixed ? byMetric.get(point.metric) : undefined
  if (series === undefined || series.length !== seriesCount(point)) {
    series = createSeries(point)
    byMetric.set(point.metric, series)
  }
  if ('value' in point) return [{ series: series[0] as HistorySeries, value: point.value }]
  let cumulative = 0
  const buckets = point.counts.map((count, index): Sample => {
    cumulative += count
    return { series: series[index] as HistorySeries, value: cumulative }
  })
  const [sum, count] = series.slice(-2) as [HistorySeries, HistorySeries]
  return [...buckets, { series: sum, value: point.sum }, { series: count, value: point.count }]
}

function seriesCount(point: Point): number {
  return 'value' in point ? 1 : point.counts.length + 2
}

function createSeries(point: Point): HistorySeries[] {
  const { metric } = point
  const labels = toLabels(point.attributes)
  if ('value' in point) return [{ name: metric, labels, isCounter: point.kind === 'counter' }]
  // Exponential buckets have no bounds.
  return createHistogramSeries(metric, labels, point.bounds, point.counts.length)
}

/** Returns the series of a histogram: one for each bucket, by ascending bound, its sum and its count. */
export function createHistogramSeries(
  metric: string,
  labels: Labels,
  bounds: readonly number[],
  buckets = bounds.length + 1,
): HistorySeries[] {
  const total = (suffix: string): HistorySeries => ({ name: `${metric}_${suffix}`, labels, isCounter: true })
  const ofBuckets = Array.from({ length: buckets }, (_, index): HistorySeries => {
    return { name: `${metric}_bucket`, labels: { ...labels, le: String(bounds[index] ?? '+Inf') }, isCounter: true }
  })
  return [...ofBuckets, total('sum'), total('count')]
}

/** Converts attributes to labels as Prometheus does: every value becomes a string. */
function toLabels(attributes: Point['attributes']): Labels {
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(attributes)) labels[key] = typeof value === 'string' ? value : JSON.stringify(value)
  return labels
}

/** Returns whether a series has all of these labels. As in Prometheus, a missing label equals the empty string. */
export function matchesLabels(labels: Labels, matchers: Labels): boolean {
  for (const name in matchers) if ((labels[name] ?? '') !== matchers[name]) return false
  return true
}

/** Returns labels without those that are empty: to Prometheus, an empty label is none. */
export function withoutEmptyLabels(labels: Labels = {}): Labels {
  for (const name in labels) {
    if (labels[name] === '') return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
  }
  return labels
}
