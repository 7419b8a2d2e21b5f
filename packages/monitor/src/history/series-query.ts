import { type Labels, latencyBounds, type MetricName, metrics } from '@wombat/instrumentation'
import { clientOperationDuration, isCatalogMetric, seriesKey } from '@wombat/instrumentation/internal'
import type { TimeSlices } from '../time/time-slices.ts'
import type { History } from './history.ts'
import { type Bucket, histogramQuantile, increase, rate } from './indicators.ts'
import { bucketSeries, defaultWindowMs, pickLabels } from './queries.ts'
import type { HistorySeries } from './series.ts'
import { type Aggregation, StepAccumulator, type StepValues } from './step-values.ts'

/** Functions that a query may apply to a series, each as in PromQL. `value` is the series itself. */
export const queryFunctions = ['value', 'rate', 'increase', 'quantile', 'min', 'max', 'avg'] as const

/** Function that a query applies. */
export type QueryFunction = (typeof queryFunctions)[number]

/** The values that a label may have, by label. As in Prometheus, a missing label equals the empty string. */
export type LabelMatchers = ReadonlyMap<string, ReadonlySet<string>>

/** Applies one function to the series of some metrics. */
export interface SeriesQuery {
  readonly metrics: readonly string[]
  readonly function: QueryFunction
  /** Window of every function except `value`, in milliseconds (default five minutes). */
  readonly windowMs?: number | undefined
  /** For the function `quantile`: numbers between 0 and 1. Each is a series of the answer. */
  readonly quantiles?: readonly number[]
  /** Only series whose labels match (default: all). */
  readonly where?: LabelMatchers
  /**
   * Combines the series of all metrics that share these labels, as PromQL's `sum by (…)` does: the buckets of a quantile, or else the results
   * of the function. The label `__name__` keeps the metrics apart. Default: every series stays as it is.
   */
  readonly by?: readonly string[] | undefined
  /** How results are combined (default `sum`). */
  readonly aggregation?: Aggregation
}

/** The times at which a query is evaluated: the Unix time of the first, the milliseconds between two, and their number. */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

/** Series that become one series of the answer or, of a quantile, one for each quantile. */
export interface SeriesGroup {
  /** Undefined if several metrics may be combined. */
  readonly metric: string | undefined
  readonly labels: Labels
  readonly series: HistorySeries[]
}

/** One series of the answer. */
export interface SeriesResult {
  readonly metric: string | undefined
  readonly labels: Labels
  readonly quantile: number | undefined
  readonly values: StepValues
}

/** Returns the series that a query reads: of the quantile of a histogram, one series for each bucket. Their order is that of the metrics. */
export async function selectSeries(history: History, query: SeriesQuery, slices: TimeSlices): Promise<HistorySeries[]> {
  const { metrics, function: name, where = new Map<string, Set<string>>() } = query
  const { store: stores, ...others } = Object.fromEntries(where)
  const rest = Object.entries(others)
  const selected: HistorySeries[] = []
  for (const metric of metrics) {
    for (const store of stores ?? [undefined]) {
      const all = history.select(name === 'quantile' ? bucketSeries(metric) : metric, store === undefined ? {} : { store })
      for (const series of all) {
        if (rest.every(([label, values]) => values.has(series.labels[label] ?? ''))) selected.push(series)
        if (slices.isDue) await slices.pause()
      }
    }
  }
  return selected
}

/** The buckets of histograms that are complete, and how many histograms are not. */
export interface CompleteHistograms {
  readonly buckets: readonly HistorySeries[]
  readonly incomplete: number
}

/**
 * Leaves out the histograms of which the history does not have every bucket: where its memory does not suffice, it keeps some series only,
 * and a quantile of the rest would be wrong.
 */
export async function completeHistograms(all: readonly HistorySeries[], slices: TimeSlices): Promise<CompleteHistograms> {
  const histograms = new Map<string, HistorySeries[]>()
  const bucketCounts = new Map<string, number>()
  for (const series of all) {
    if (slices.isDue) await slices.pause()
    const { le: _, ...labels } = series.labels
    const key = `${series.name}\u0000${seriesKey(labels)}`
    const buckets = histograms.get(key) ?? []
    histograms.set(key, buckets)
    buckets.push(series)
    bucketCounts.set(series.name, Math.max(buckets.length, bucketCounts.get(series.name) ?? 0))
  }
  const expected = ({ name }: HistorySeries): number => catalogBucketCount(metricOf(name, true)) ?? bucketCounts.get(name) ?? 0
  const complete = [...histograms.values()].filter(([first, ...rest]) => {
    return first !== undefined && rest.length + 1 >= expected(first)
  })
  return { buckets: complete.flat(), incomplete: histograms.size - complete.length }
}

/** Returns how many buckets a histogram of the catalog has; undefined if the metric is none. */
function catalogBucketCount(metric: string): number | undefined {
  if (!isCatalogMetric(metric)) return undefined
  const { kind, bounds = latencyBounds } =
    metric === clientOperationDuration.name ? clientOperationDuration : metrics[metric as MetricName]
  return kind === 'histogram' || kind === 'summary' ? bounds.length + 1 : undefined
}

/**
 * Groups the series of a query by the series of the answer that they become.
 *
 * @throws QueryError if histograms are to be added up whose buckets differ.
 */
export async function groupSeries(
  { function: name, by }: SeriesQuery,
  all: readonly HistorySeries[],
  slices: TimeSlices,
): Promise<SeriesGroup[]> {
  const isQuantile = name === 'quantile'
  const keepsMetrics = by === undefined || by.includes('__name__')
  const groups = new Map<string, SeriesGroup>()
  for (const series of all) {
    if (slices.isDue) await slices.pause()
    const { le: _, ...withoutBound } = series.labels
    const labels = by === undefined ? (isQuantile ? withoutBound : series.labels) : pickLabels(series.labels, by)
    const metric = keepsMetrics ? metricOf(series.name, isQuantile) : undefined
    const key = `${metric ?? ''}\u0000${seriesKey(labels)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { metric, labels, series: [series] })
    else group.series.push(series)
  }
  if (isQuantile && !keepsMetrics) for (const group of groups.values()) checkBuckets(group)
  return [...groups.values()]
}

/** A query that has no meaning. The message has the reason and what to do. */
export class QueryError extends Error {}

/** @throws QueryError if the histograms of several metrics have different buckets: their sums would not be those of one histogram. */
function checkBuckets({ series }: SeriesGroup): void {
  const boundsOf = new Map<string, Set<string>>()
  for (const one of series) {
    const bounds = boundsOf.get(one.name) ?? new Set()
    boundsOf.set(one.name, bounds)
    bounds.add(one.labels['le'] ?? '')
  }
  const [first, ...others] = [...boundsOf].map(([name, bounds]) => ({ name, key: [...bounds].sort().join() }))
  const other = others.find(({ key }) => key !== first?.key)
  if (first === undefined || other === undefined) return
  const names = [first, other].map(({ name }) => name.slice(0, -bucketSeries('').length))
  throw new QueryError(
    `${names.join(' and ')} have different buckets, so no quantile of their sum is known: add __name__ to by, or ask for one of them`,
  )
}

function metricOf(name: string, isQuantile: boolean): string {
  return isQuantile ? name.slice(0, -bucketSeries('').length) : name
}

/** Evaluates a query for groups of series, at each step. Pauses between any two reads of a series, so that it never blocks for long. */
export async function evaluateGroups(
  history: History,
  query: SeriesQuery,
  groups: readonly SeriesGroup[],
  steps: Steps,
  slices: TimeSlices,
): Promise<SeriesResult[]> {
  const read = reader(history, query)
  const results: SeriesResult[] = []
  for (const { metric, labels, series } of groups) {
    if (query.function === 'quantile') {
      const buckets = await combineBuckets(series, read, steps, slices)
      for (const quantile of query.quantiles ?? []) {
        const values = await quantiles(quantile, buckets, steps.count, slices)
        results.push({ metric, labels, quantile, values })
      }
    } else {
      const values = await combineSteps(series, read, steps, slices, query.aggregation)
      results.push({ metric, labels, quantile: undefined, values })
    }
  }
  return results
}

/** Reads a series at a time; undefined if it has no value. */
export type ReadSeries = (series: HistorySeries, timeMs: number) => number | undefined

/** The sum of the buckets of some histograms that have the same bound, at each step. */
export interface BucketSteps {
  readonly le: number
  readonly counts: StepValues
}

/** Adds up the buckets that have the same bound, at each step. */
export async function combineBuckets(
  buckets: readonly HistorySeries[],
  read: ReadSeries,
  steps: Steps,
  slices: TimeSlices,
): Promise<BucketSteps[]> {
  const sums: BucketSteps[] = []
  for (const [le, series] of Map.groupBy(buckets, boundOf))
    sums.push({ le, counts: await combineSteps(series, read, steps, slices) })
  return sums
}

/** Combines what series are at each step. */
async function combineSteps(
  series: readonly HistorySeries[],
  read: ReadSeries,
  { startMs, stepMs, count }: Steps,
  slices: TimeSlices,
  aggregation?: Aggregation,
): Promise<StepValues> {
  const accumulator = new StepAccumulator(count, aggregation)
  for (const one of series) {
    for (let index = 0; index < count; index++) {
      if (slices.isDue) await slices.pause()
      const value = read(one, startMs + index * stepMs)
      if (value !== undefined) accumulator.add(index, value)
    }
  }
  return accumulator.values()
}

function boundOf({ labels: { le } }: HistorySeries): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
}

/** Returns a function that reads what the function of a query is at a time, of one series. */
function reader(history: History, query: SeriesQuery): ReadSeries {
  const { function: name, windowMs = defaultWindowMs } = query
  switch (name) {
    case 'value':
      return (series, timeMs) => history.at(series, timeMs)
    case 'rate':
    case 'quantile':
      return (series, timeMs) => rate(history.window(series, timeMs - windowMs, timeMs), windowMs, timeMs)
    case 'increase':
      return (series, timeMs) => increase(history.window(series, timeMs - windowMs, timeMs), windowMs, timeMs)
    case 'min':
    case 'max':
    case 'avg':
      return (series, timeMs) => history.window(series, timeMs - windowMs, timeMs)?.[name]
  }
}

async function quantiles(
  quantile: number,
  buckets: readonly BucketSteps[],
  count: number,
  slices: TimeSlices,
): Promise<StepValues> {
  const accumulator = new StepAccumulator(count)
  for (let index = 0; index < count; index++) {
    if (slices.isDue) await slices.pause()
    const known: Bucket[] = []
    for (const { le, counts } of buckets) {
      const value = counts.at(index)
      if (value !== undefined) known.push({ le, count: value })
    }
    const value = histogramQuantile(quantile, known)
    if (value !== undefined) accumulator.add(index, value)
  }
  return accumulator.values()
}
