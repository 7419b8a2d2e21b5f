import type { Labels } from '@wombat/instrumentation'
import type { Point } from '../collection/snapshot.ts'

/** One time series as in Prometheus: a histogram is several, one for each bucket (label `le`), its sum and its count. */
export interface HistorySeries {
  readonly name: string
  readonly labels: Labels
  /** Whether it only grows, except for resets to 0: required for `rate`. */
  readonly isCounter: boolean
}

/** The value of a series at one point in time. */
export interface Sample {
  readonly series: HistorySeries
  readonly value: number
}

/** Returns the samples of a point of a snapshot: one for a counter or gauge, several for a histogram. */
export function toSamples(point: Point): Sample[] {
  const labels = toLabels(point.attributes)
  if ('value' in point)
    return [{ series: { name: point.metric, labels, isCounter: point.kind === 'counter' }, value: point.value }]
  let cumulative = 0
  const buckets = point.counts.map((count, index): Sample => {
    cumulative += count
    const le = String(point.bounds[index] ?? '+Inf')
    return { series: { name: `${point.metric}_bucket`, labels: { ...labels, le }, isCounter: true }, value: cumulative }
  })
  return [
    ...buckets,
    { series: { name: `${point.metric}_sum`, labels, isCounter: true }, value: point.sum },
    { series: { name: `${point.metric}_count`, labels, isCounter: true }, value: point.count },
  ]
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
