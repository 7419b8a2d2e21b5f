import type { Labels } from '@wombat/instrumentation'
import type { Point } from '../collection/snapshot.ts'

/** One plain series, as Prometheus knows it: a histogram is its buckets (label `le`), its sum and its count. */
export interface HistorySeries {
  readonly name: string
  readonly labels: Labels
  /** Whether it only grows, but for restarts: what `rate` is for. */
  readonly isCounter: boolean
}

/** A series with what it was at one moment. */
export interface Sample {
  readonly series: HistorySeries
  readonly value: number
}

/** The plain series behind a point, and their values now. */
export function samplesOf(point: Point): Sample[] {
  const labels = textLabels(point.attributes)
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

/** Attributes as Prometheus has labels: every value is text. */
function textLabels(attributes: Point['attributes']): Labels {
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(attributes)) labels[key] = typeof value === 'string' ? value : JSON.stringify(value)
  return labels
}

/** Whether a series has all these labels. */
export function matches(labels: Labels, wanted: Labels): boolean {
  for (const key in wanted) if ((labels[key] ?? '') !== wanted[key]) return false
  return true
}
