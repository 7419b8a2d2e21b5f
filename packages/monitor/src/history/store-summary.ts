import { type Labels, type MetricName, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { TimeSlices } from '../time/time-slices.ts'
import type { SearchableHistory } from './history.ts'
import { histogramQuantile, rate } from './indicators.ts'
import { bucketSeries } from './queries.ts'
import type { HistorySeries } from './series.ts'
import { completeHistograms } from './series-query.ts'

/** What the history knows of one store now. Unknown numbers are undefined. */
export interface StoreSummary {
  /** The labels of `db_store_info`; undefined if the store is not open. */
  readonly info: Labels | undefined
  readonly operationsPerSecond: number | undefined
  readonly errorsPerSecond: number | undefined
  /** Failed operations per operation. */
  readonly errorShare: number | undefined
  /** The 99th percentile of the durations of all operations. */
  readonly p99Seconds: number | undefined
  readonly queueDepth: number | undefined
  readonly oldestOperationSeconds: number | undefined
  readonly sizeBytes: number | undefined
  readonly memoryBytes: number | undefined
  /** Look-ups that a cache answered: the store itself or, if it is none, its block cache. */
  readonly hitRatio: number | undefined
  /** The operations that it has. */
  readonly operations: readonly string[]
  /** The metrics that have a series of it now. */
  readonly metrics: readonly string[]
}

/** The period of the numbers of a store. */
export interface SummaryPeriod {
  readonly nowMs: number
  readonly windowMs: number
}

const operationNames = operations.map((operation) => ({ operation, ...operationMetrics(operation) }))

/**
 * Returns what the history knows of a store now.
 *
 * @param metricOf the metric of each name of a series.
 */
export async function summarizeStore(
  history: SearchableHistory,
  store: string,
  { nowMs, windowMs }: SummaryPeriod,
  metricOf: ReadonlyMap<string, string>,
  slices: TimeSlices,
): Promise<StoreSummary> {
  const byName = new Map<string, HistorySeries[]>()
  for (const series of history.currentSeries(store)) {
    const sameName = byName.get(series.name)
    if (sameName === undefined) byName.set(series.name, [series])
    else sameName.push(series)
    if (slices.isDue) await slices.pause()
  }
  const named = (name: string): readonly HistorySeries[] => byName.get(name) ?? []
  const perSecond = (name: string): number | undefined => {
    return sumKnown(named(name).map((series) => knownRate(history, series, { nowMs, windowMs })))
  }
  const current = (name: MetricName): number[] => named(name).flatMap((series) => history.at(series, nowMs) ?? [])
  const sumNow = (name: MetricName): number | undefined => sumKnown(current(name))
  const ages = current('db_oldest_operation_age_seconds')
  const own = operationNames.filter((names) => byName.has(names.operations))
  const rates = own.map((names) => ({ ...names, perSecond: perSecond(names.operations) }))
  const operationsPerSecond = sumKnown(rates.map((one) => one.perSecond))
  const errorsPerSecond = sumKnown(own.map(({ errors }) => perSecond(errors)))
  const latencies = rates.flatMap((one) => ((one.perSecond ?? 0) > 0 ? [one.latency] : []))
  return {
    info: named('db_store_info').find((series) => history.at(series, nowMs) === 1)?.labels,
    operationsPerSecond,
    errorsPerSecond,
    errorShare: ratio(errorsPerSecond, operationsPerSecond),
    p99Seconds: await quantile(
      latencies.flatMap((name) => named(bucketSeries(name))),
      0.99,
      history,
      { nowMs, windowMs },
      slices,
    ),
    queueDepth: sumNow('db_queue_depth'),
    oldestOperationSeconds: ages.length === 0 ? undefined : Math.max(...ages),
    sizeBytes: sumNow('db_total_disk_bytes') ?? sumNow('db_sstable_bytes'),
    memoryBytes: sumNow('db_total_memory_bytes') ?? sumKnown([sumNow('db_cache_bytes'), sumNow('db_memtable_bytes')]),
    hitRatio:
      share(perSecond('db_get_hits_total'), perSecond('db_get_misses_total')) ??
      share(perSecond('db_cache_hits_total'), perSecond('db_cache_misses_total')),
    operations: own.map(({ operation }) => operation),
    metrics: [...new Set([...byName.keys()].map((name) => metricOf.get(name) ?? name))].sort(),
  }
}

/**
 * Returns the increase of a counter per second. If it is younger than the window, the time that it is known counts: PromQL's `rate` divides
 * by the whole window.
 */
function knownRate(history: SearchableHistory, series: HistorySeries, { nowMs, windowMs }: SummaryPeriod): number | undefined {
  const window = history.window(series, nowMs - windowMs, nowMs)
  if (window === undefined) return undefined
  const isYoung = history.at(series, nowMs - windowMs) === undefined
  return rate(window, isYoung ? Math.max(1, nowMs - window.firstMs) : windowMs, nowMs)
}

/** Returns a quantile over the sum of histograms that have the same buckets. Those of which a bucket is missing are left out. */
async function quantile(
  buckets: readonly HistorySeries[],
  wanted: number,
  history: SearchableHistory,
  { nowMs, windowMs }: SummaryPeriod,
  slices: TimeSlices,
): Promise<number | undefined> {
  const counts = new Map<string, number>()
  const complete = await completeHistograms(buckets, slices)
  for (const series of complete.buckets) {
    if (slices.isDue) await slices.pause()
    const { le = '' } = series.labels
    const count = rate(history.window(series, nowMs - windowMs, nowMs), windowMs, nowMs)
    if (count !== undefined) counts.set(le, (counts.get(le) ?? 0) + count)
  }
  const cumulative = [...counts].map(([le, count]) => ({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count }))
  return histogramQuantile(wanted, cumulative)
}

/** Returns the sum of the values that are known; undefined if none is. */
function sumKnown(values: ReadonlyArray<number | undefined>): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value)
}

function share(part: number | undefined, rest: number | undefined): number | undefined {
  return part === undefined || rest === undefined ? undefined : ratio(part, part + rest)
}

function ratio(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || divisor === undefined || divisor === 0 ? undefined : dividend / divisor
}
