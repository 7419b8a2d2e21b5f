import { type MetricKind, type MetricName, metrics } from '@wombat/instrumentation'
import type { ExpectedSeries } from './expected-series.ts'
import type { Sample } from './sample.ts'

/**
 * Of a page of ours a counter, a gauge and a histogram, a store's rather than the monitor's: what is true of one of its kind on the
 * way to Prometheus is true of all. Their numbers go on changing.
 */
export function parseSeries(samples: readonly Sample[]): ExpectedSeries[] {
  const ranked = [...samples].sort((a, b) => Number('store' in b.labels) - Number('store' in a.labels))
  return (['counter', 'gauge', 'histogram'] as const).flatMap((kind) => {
    const found = ranked.find(({ name }) => isOf(kind, name))
    return found === undefined ? [] : [toExpected(kind, found)]
  })
}

function isOf(kind: MetricKind, name: string): boolean {
  const metric = kind === 'histogram' ? metricCountedBy(name) : name
  return metric !== undefined && Object.hasOwn(metrics, metric) && metrics[metric as MetricName].kind === kind
}

function metricCountedBy(name: string): string | undefined {
  return name.endsWith('_count') ? name.slice(0, -'_count'.length) : undefined
}

function toExpected(kind: MetricKind, { name, labels }: Sample): ExpectedSeries {
  const end = kind === 'histogram' ? '_count' : ''
  // Without what routes may add, and so may have added otherwise.
  const stem = name.slice(0, name.length - end.length).replace(/(_seconds|_bytes)?(_total)?$/, '')
  return { name, labels, value: undefined, stem, end, isUnique: false }
}
