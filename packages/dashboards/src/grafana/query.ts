import { type MetricName, type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { aggregate, anyQuantile, type Matchers, rate, type SeriesTransform, selector } from '../promql.ts'
import { rateInterval, scopeMatchers } from './template-variables.ts'
import { grafanaRateUnit, grafanaUnit, ratioUnit } from './units.ts'

/** A PromQL query with its metrics and unit, from which a panel derives its description, unit and no-value text. */
export interface Query {
  readonly expr: string
  readonly metrics: readonly MetricName[]
  readonly unit: string
  /** Whether the expression needs parentheses inside another one. */
  readonly isCompound?: boolean
}

/** Grouping and filters of a query. */
export interface Selection {
  /** Labels to group by (default: `store` if the metric has it). */
  readonly by?: readonly string[] | undefined
  readonly where?: Matchers
  /** Applied to each series before aggregation. */
  readonly transform?: SeriesTransform | undefined
}

/** Returns a counter's increase per second. */
export function perSecond(name: MetricName, { by, where, transform }: Selection = {}): Query {
  return {
    expr: rate(name, rateInterval, by, { ...scopeMatchers(name), ...where }, transform),
    metrics: [name],
    unit: grafanaRateUnit(name),
  }
}

/** Returns a gauge, aggregated over processes. */
export function gauge(operator: 'sum' | 'max' | 'min', name: MetricName, { by, where, transform }: Selection = {}): Query {
  return {
    expr: aggregate(operator, name, by, { ...scopeMatchers(name), ...where }, transform),
    metrics: [name],
    unit: grafanaUnit(name),
  }
}

/**
 * Returns the ratio of two gauges, aggregated over processes. Each process's ratio is computed first: the free space of one volume is
 * not part of the capacity of another.
 */
export function gaugeRatio(
  operator: 'max' | 'min',
  part: MetricName,
  whole: MetricName,
  { by, where, transform }: Selection = {},
): Query {
  const divideSeries: SeriesTransform = (series) => {
    const ratio = `${series} / ${selector(whole, { ...scopeMatchers(whole), ...where })}`
    return transform === undefined ? ratio : transform(ratio)
  }
  return {
    ...gauge(operator, part, { by, ...(where && { where }), transform: divideSeries }),
    metrics: [part, whole],
    unit: ratioUnit,
  }
}

/** Returns the `q` quantile (0 to 1) of a histogram. */
export function histogramQuantile(q: number, name: MetricName, { by, where, transform }: Selection = {}): Query {
  return {
    expr: anyQuantile(q, name, rateInterval, by, { ...scopeMatchers(name), ...where }, transform),
    metrics: [name],
    unit: grafanaUnit(name),
    isCompound: true,
  }
}

/** Returns `dividend / divisor`. */
export function divide(dividend: Query, divisor: Query, unit: string = ratioUnit): Query {
  return combine('/', [dividend, divisor], unit)
}

/** Returns the sum of queries. */
export function add(...queries: readonly Query[]): Query {
  return combine('+', queries)
}

/** Returns PromQL's `or`: for each label set, the first query that has it. */
export function or(...queries: readonly Query[]): Query {
  return combine('or', queries)
}

/** Returns PromQL's `and`: the series of `query` that `other` has, too. */
export function and(query: Query, other: Query): Query {
  return combine('and', [query, other])
}

/** Returns PromQL's `unless`: the series of `query` that `other` does not have. */
export function unless(query: Query, other: Query): Query {
  return combine('unless', [query, other])
}

/** Keeps values above 0, as divisors (no infinite ratios) and for lists of problems (healthy series are left out). */
export function aboveZero(query: Query): Query {
  return { ...query, expr: `(${query.expr}) > 0`, isCompound: true }
}

/** Returns the query with another unit: busy seconds per second are a share of the time. */
export function withUnit(unit: string, query: Query): Query {
  return { ...query, unit }
}

/** Returns the query with its expression replaced by a self-contained one. */
export function mapExpression(query: Query, transform: (expr: string) => string): Query {
  return { ...query, expr: transform(query.expr), isCompound: false }
}

/** Returns one query over all operations, with a label `operation`. Operations that a store does not have are left out. */
export function perOperation(createQuery: (metrics: ReturnType<typeof operationMetrics>, operation: Operation) => Query): Query {
  return or(
    ...operations.map((operation) =>
      mapExpression(
        createQuery(operationMetrics(operation), operation),
        (expr) => `label_replace(${expr}, "operation", "${operation}", "", "")`,
      ),
    ),
  )
}

/** Aggregates the series of a query. */
export function aggregateBy(operator: 'sum' | 'max', by: readonly string[], query: Query): Query {
  return mapExpression(query, (expr) => `${operator} by (${by.join(', ')}) (${expr})`)
}

/** Returns operations per second, of all types together. */
export function operationRate(by: readonly string[], transform?: SeriesTransform): Query {
  return aggregateBy(
    'sum',
    by,
    perOperation(({ operations }) => perSecond(operations, { by, transform })),
  )
}

/** Returns the share of operations that fail, of all types together. */
export function errorRatio(by: readonly string[], transform?: SeriesTransform): Query {
  const errors = perOperation((metrics) => perSecond(metrics.errors, { by, transform }))
  return divide(aggregateBy('sum', by, errors), operationRate(by, transform))
}

/** Returns the number of alerts that fire in the processes; 0 only if a process evaluates alert rules. */
export function firingAlerts(): Query {
  const evaluations = perSecond('wombat_monitor_alert_evaluations_total', { by: [] })
  const firing = gauge('sum', 'db_alerts', { by: [], where: { state: 'firing' } })
  return or(
    firing,
    mapExpression(evaluations, (expr) => `((${expr} > 0) * 0)`),
  )
}

function combine(operator: string, queries: readonly Query[], unit: string = queries[0]?.unit ?? ''): Query {
  const operands = queries.map(({ expr, isCompound }) => (isCompound ? `(${expr})` : expr))
  return {
    expr: operands.join(` ${operator} `),
    metrics: [...new Set(queries.flatMap(({ metrics }) => metrics))],
    unit,
    isCompound: queries.length > 1,
  }
}
