import type { Labels, MetricsRegistry } from '@wombat/instrumentation'
import type { SearchableHistory } from '../../history/history.ts'
import { type CatalogEntry, isDistribution, listMetrics, queryableNames } from '../../history/metric-catalog.ts'
import {
  type LabelMatchers,
  type QueryFunction,
  queryFunctions,
  type SeriesQuery,
  type Steps,
} from '../../history/series-query.ts'
import { aggregations } from '../../history/step-values.ts'
import type { TimeSlices } from '../../time/time-slices.ts'
import { suggest } from '../../validation/format-issue.ts'
import { oneOf, optional, type Schema, type Shape, text } from '../../validation/schema.ts'
import { type QueryRunner, RequestError } from '../query-runner.ts'
import { duration, moment, type ParametersOf, parseParameters } from './parameters.ts'

const maxMetrics = 24
const maxQuantiles = 10
/** The limit of Prometheus. */
const maxSteps = 11_000

/** The parameters of a request, each with all its values. */
export type RequestParameters = Readonly<Record<string, readonly string[]>>

const isQuantile = (value: number): boolean => value > 0 && value < 1

/** Parses the values of a parameter that may be given more than once, joined by commas. */
function many<Item>(description: string, max: number, parse: (text: string) => Item | undefined): Schema<readonly Item[]> {
  return {
    type: 'string[]',
    description,
    parse(given) {
      const items = given === undefined ? [] : String(given).split(',').map(parse)
      return items.length <= max && items.every((item) => item !== undefined) ? { value: items } : undefined
    },
  }
}

/** The parameters that may be repeated. */
const repeatable = {
  metric: many(`1 to ${maxMetrics} names of metrics`, maxMetrics, (name) => name || undefined),
  quantile: many(`up to ${maxQuantiles} numbers between 0 and 1`, maxQuantiles, (given) => {
    const value = Number(given)
    return isQuantile(value) ? value : undefined
  }),
}

/** The parameters of a function of series. */
export const functionParameters = {
  ...repeatable,
  function: optional(oneOf(queryFunctions)),
  window: optional(duration('a time such as 30s, 5m or 1h', 1)),
  by: optional(text('names of labels, separated by commas', 0)),
  aggregate: optional(oneOf(aggregations)),
}

/** The parameters of a range. */
export const rangeParameters = {
  start: moment(),
  end: optional(moment()),
  step: duration('a time such as 30s, 5m or 1h', 1),
  align: optional(oneOf(['true', 'false'])),
}

/** A parsed request: its own parameters, and those that select labels. */
export interface ParsedRequest<Parameters extends Shape> {
  readonly parameters: ParametersOf<Parameters>
  readonly where: LabelMatchers
}

/**
 * Parses the parameters of a request with label matchers such as `label.store=orders`.
 *
 * @throws RequestError with the first problem.
 */
export function parseRequest<Parameters extends Shape>(shape: Parameters, given: RequestParameters): ParsedRequest<Parameters> {
  const where = new Map<string, ReadonlySet<string>>()
  const others: Record<string, string> = {}
  for (const [name, values] of Object.entries(given)) {
    if (name.startsWith('label.')) where.set(name.slice('label.'.length), new Set(values))
    else if (Object.hasOwn(repeatable, name)) others[name] = values.join(',')
    else if (values.length > 1) throw new RequestError(`${name} must be given once, got ${values.length} values`)
    else others[name] = values[0] ?? ''
  }
  const parsed = parseParameters(shape, others, ['label.NAME'])
  if ('error' in parsed) throw new RequestError(parsed.error)
  return { parameters: parsed.parameters, where }
}

/**
 * Returns the query of a request.
 *
 * @throws RequestError if a metric or a label is unknown, with the nearest one, or the parameters contradict each other.
 */
export async function toQuery(
  { parameters, where }: ParsedRequest<typeof functionParameters>,
  { history, registry }: QueryRunner,
  slices: TimeSlices,
): Promise<SeriesQuery> {
  const {
    metric: metricNames,
    function: name = 'value',
    window: windowMs,
    quantile: quantiles,
    by: labels,
    aggregate,
  } = parameters
  if (metricNames.length === 0) throw new RequestError('metric is missing: it must be the name of a metric')
  const by = labels?.split(',').filter((label) => label !== '')
  checkFunction(name, quantiles, by, aggregate)
  const metrics = [...new Set(metricNames)]
  const entries = findMetrics(metrics, name, history, registry)
  const asked = [...where.keys(), ...(by ?? []).filter((label) => label !== '__name__')]
  await checkLabels(asked, metrics, entries, name, history, slices)
  return { metrics, function: name, windowMs, quantiles, where, by, aggregation: aggregate ?? 'sum' }
}

function checkFunction(
  name: QueryFunction,
  quantiles: readonly number[],
  by: readonly string[] | undefined,
  aggregate: string | undefined,
): void {
  if (name === 'quantile') {
    if (quantiles.length === 0) throw new RequestError('quantile is missing: the function quantile needs it')
    if (aggregate !== undefined)
      throw new RequestError('aggregate must be left out with the function quantile: buckets are added up')
    if (by?.includes('le')) throw new RequestError('by must not have le with the function quantile: it needs the buckets')
    return
  }
  if (quantiles.length > 0) throw new RequestError(`quantile must be left out: it belongs to the function quantile, got ${name}`)
  if (aggregate !== undefined && by === undefined) {
    throw new RequestError('aggregate needs by, the labels that stay: by= combines all series into one')
  }
}

/** Returns the metric of each name. @throws RequestError if there is none. */
function findMetrics(
  names: readonly string[],
  queryFunction: QueryFunction,
  history: SearchableHistory,
  registry: MetricsRegistry,
): CatalogEntry[] {
  const entries = listMetrics(history, registry)
  const needsBuckets = queryFunction === 'quantile'
  const bySeries = new Map([...entries.values()].flatMap((entry) => entry.seriesNames.map((name) => [name, entry])))
  return names.map((name) => {
    const entry = entries.get(name)
    const found = needsBuckets ? entry : bySeries.get(name)
    if (found !== undefined && (!needsBuckets || isDistribution(found.kind))) return found
    if (entry !== undefined) {
      throw new RequestError(
        needsBuckets
          ? `${name} is a ${entry.kind}, which has no quantiles: use another function, or a histogram`
          : `${name} is a ${entry.kind}: use the function quantile, or its series ${entry.seriesNames.join(', ')}`,
      )
    }
    const ofSeries = bySeries.get(name)
    if (ofSeries !== undefined) throw new RequestError(`${name} is a series of ${ofSeries.name}: a quantile needs that name`)
    const nearest = suggest(name, [...queryableNames(entries, needsBuckets), ...entries.keys()])
    throw new RequestError(`there is no metric ${JSON.stringify(name)}${nearest || ': /api/v1/catalog has all'}`)
  })
}

/** @throws RequestError for the first label that none of the metrics has. */
async function checkLabels(
  asked: readonly string[],
  metrics: readonly string[],
  entries: readonly CatalogEntry[],
  queryFunction: QueryFunction,
  history: SearchableHistory,
  slices: TimeSlices,
): Promise<void> {
  const known = new Set(entries.flatMap(({ definition }) => definition?.attributes ?? []))
  const buckets = metrics.some((name, index) => name === `${entries[index]?.name}_bucket`)
  known.add('worker')
  if (buckets) known.add('le')
  if (asked.every((label) => known.has(label))) return
  const names = queryFunction === 'quantile' ? metrics.map((name) => `${name}_count`) : metrics
  for (const name of names) {
    for (const { labels } of history.select(name)) {
      addNames(known, labels)
      if (slices.isDue) await slices.pause()
    }
  }
  const unknown = asked.find((label) => !known.has(label))
  if (unknown === undefined) return
  const all = [...known]
  throw new RequestError(
    `${metrics.join(', ')}: there is no label ${JSON.stringify(unknown)}${suggest(unknown, all)}; the labels are ${all.join(', ')}`,
  )
}

function addNames(known: Set<string>, labels: Labels): void {
  for (const name in labels) known.add(name)
}

/** The steps of a range, and its end, which may lie after the last of them. */
export interface Range extends Steps {
  readonly endMs: number
}

/** Returns the steps of a range. @throws RequestError if there are none, or too many. */
export function toRange({ start, end, step: stepMs, align }: ParametersOf<typeof rangeParameters>, nowMs: number): Range {
  const endMs = end?.(nowMs) ?? nowMs
  const givenMs = start(nowMs)
  const startMs = align === 'true' ? Math.floor(givenMs / stepMs) * stepMs : givenMs
  const count = Math.floor((endMs - startMs) / stepMs) + 1
  if (count >= 1 && count <= maxSteps) return { startMs, endMs, stepMs, count }
  throw new RequestError(`the range from start to end must have 1 to ${maxSteps} steps, got ${Math.max(0, count)}`)
}
