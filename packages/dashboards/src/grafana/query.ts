import { type MetricName, type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { aggregate, type Matchers, quantile, rate, type SeriesTransform, selector } from '../promql.ts'
import { rateInterval, scopeFilters } from './template-variables.ts'
import { grafanaRateUnit, grafanaUnit, share } from './units.ts'

/** A query, with what it is made of: description, unit and reasons for silence follow from that. */
export interface Query {
  readonly text: string
  readonly metrics: readonly MetricName[]
  readonly unit: string
  /** Whether it has to be put in parentheses within another. */
  readonly isCompound?: boolean
}

export interface Selection {
  /** Default: the store, where the metric is one's. */
  readonly by?: readonly string[] | undefined
  readonly where?: Matchers
  readonly each?: SeriesTransform
}

/** Increase per second of a counter. */
export function perSecond(name: MetricName, { by, where, each }: Selection = {}): Query {
  return {
    text: rate(name, rateInterval, by, { ...scopeFilters(name), ...where }, each),
    metrics: [name],
    unit: grafanaRateUnit(name),
  }
}

/** What a gauge shows: of several processes the sum, the greatest or the least. */
export function gauge(operator: 'sum' | 'max' | 'min', name: MetricName, { by, where, each }: Selection = {}): Query {
  return {
    text: aggregate(operator, name, by, { ...scopeFilters(name), ...where }, each),
    metrics: [name],
    unit: grafanaUnit(name),
  }
}

/**
 * What share one gauge is of another: of several processes the greatest or the least. Each is divided by its own: the space that is
 * left to one is no part of what the volume of another has.
 */
export function shareOf(
  operator: 'max' | 'min',
  part: MetricName,
  whole: MetricName,
  { by, where, each }: Selection = {},
): Query {
  const divided: SeriesTransform = (series) => {
    const quotient = `${series} / ${selector(whole, { ...scopeFilters(whole), ...where })}`
    return each === undefined ? quotient : each(quotient)
  }
  return { ...gauge(operator, part, { by, ...(where && { where }), each: divided }), metrics: [part, whole], unit: share }
}

/** A quantile of a histogram. */
export function latency(q: number, name: MetricName, { by, where, each }: Selection = {}): Query {
  return {
    text: quantile(q, name, rateInterval, by, { ...scopeFilters(name), ...where }, each),
    metrics: [name],
    unit: grafanaUnit(name),
  }
}

export function over(part: Query, whole: Query, unit: string = share): Query {
  return combined('/', [part, whole], unit)
}

export function plus(...parts: readonly Query[]): Query {
  return combined('+', parts)
}

/** The first of these that is there, for each set of labels. */
export function or(...queries: readonly Query[]): Query {
  return combined('or', queries)
}

/** A query's series for which the other query has one, too. */
export function and(query: Query, other: Query): Query {
  return combined('and', [query, other])
}

/** A query's series for which the other query has none. */
export function unless(query: Query, other: Query): Query {
  return combined('unless', [query, other])
}

/** Only where it is more than 0: what is divided by it is not infinite, and what is well takes no place among the worst. */
export function aboveZero(query: Query): Query {
  return { ...query, text: `(${query.text}) > 0`, isCompound: true }
}

/** The same in another unit: the share that busy seconds are of time, for example. */
export function withUnit(unit: string, query: Query): Query {
  return { ...query, unit }
}

export function mapExpression(query: Query, wrap: (text: string) => string): Query {
  return { ...query, text: wrap(query.text), isCompound: false }
}

/** One query for every operation, told apart by a label `operation`: what a store does not do is left out. */
export function everyOperation(queryOf: (metrics: ReturnType<typeof operationMetrics>, operation: Operation) => Query): Query {
  return or(
    ...operations.map((operation) =>
      mapExpression(
        queryOf(operationMetrics(operation), operation),
        (text) => `label_replace(${text}, "operation", "${operation}", "", "")`,
      ),
    ),
  )
}

/** All of a query's series added up, or the greatest of them. */
export function sumOf(operator: 'sum' | 'max', by: readonly string[], query: Query): Query {
  return mapExpression(query, (text) => `${operator} by (${by.join(', ')}) (${text})`)
}

function combined(operator: string, queries: readonly Query[], unit: string = queries[0]?.unit ?? ''): Query {
  const operands = queries.map(({ text, isCompound }) => (isCompound ? `(${text})` : text))
  return {
    text: operands.join(` ${operator} `),
    metrics: [...new Set(queries.flatMap(({ metrics }) => metrics))],
    unit,
    isCompound: queries.length > 1,
  }
}
