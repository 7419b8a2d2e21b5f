import { computed } from '@preact/signals'
import { countMetric, errorMetric, latencyMetric, operations } from '../../data/operation-metrics.ts'
import { dividePoints, type PointSeries } from '../../data/range-points.ts'
import { storeIndex, storeNames, useStores } from '../../data/stores.ts'
import { lastWindow, type TimeWindow } from '../../data/time-range.ts'
import { useRange } from '../../data/use-range.ts'
import { formatDuration } from '../../format/durations.ts'

/** What the sparklines of the overview show. */
export const sparklineSpanMs = 15 * 60_000

/** What time the sparklines show, in words. */
export const trendsText = computed(() => {
  const { startMs, endMs } = lastWindow(sparklineSpanMs)
  const seconds = Math.round((endMs - startMs) / 1000)
  return `trends of ${formatDuration(seconds < 60 ? seconds : seconds - (seconds % 60))}`
})

/** How many stores are asked for in one request: a screen of cards is a few requests, and not one for each card. */
const groupSize = 20

type Points = PointSeries['points']

export interface StoreTrends extends TimeWindow {
  readonly operations: Points
  readonly p99: Points
  readonly errorShare: Points
}

/** Returns the trends of one store. The stores next to it by name are asked for in the same requests. */
export function useStoreTrends(store: string, isVisible: boolean): StoreTrends {
  const first = Math.floor(storeIndex(store) / groupSize) * groupSize
  const group = storeNames.value.slice(first, first + groupSize)
  // An operation that no store of the group has would only cost the server time.
  const existing = new Set(useStores().value?.stores.flatMap((one) => (group.includes(one.store) ? one.operations : [])))
  const asked = operations.filter((operation) => existing.has(operation))
  const common = { labels: { store: group }, by: ['store'] }
  const options = { spanMs: sparklineSpanMs }
  const isWanted = isVisible && asked.length > 0
  const rates = useRange(isWanted ? { ...common, metric: asked.map(countMetric), function: 'rate' } : undefined, options)
  const latencies = useRange(
    isWanted ? { ...common, metric: asked.map(latencyMetric), function: 'quantile', quantile: 0.99 } : undefined,
    options,
  )
  const errors = useRange(isWanted ? { ...common, metric: asked.map(errorMetric), function: 'rate' } : undefined, options)
  const pick = (series: readonly PointSeries[]): Points => series.find(({ labels }) => labels['store'] === store)?.points ?? []
  const { startMs, endMs, stepMs } = rates
  const operationPoints = pick(rates.series)
  return {
    startMs,
    endMs,
    stepMs,
    operations: operationPoints,
    p99: pick(latencies.series),
    errorShare: dividePoints(pick(errors.series), operationPoints),
  }
}
