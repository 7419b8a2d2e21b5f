import type { Labels } from '@wombat/instrumentation'
import type { History } from '../history/history.ts'
import {
  bucketRates,
  bucketSeries,
  defaultWindowMs,
  divide,
  forecasts,
  instantValues,
  type LabeledValue,
  quantiles,
  rates,
  sumBy,
} from '../history/queries.ts'
import { withoutEmptyLabels } from '../history/series.ts'
import type { PausableWork } from '../time/time-slices.ts'
import { finite, integer, listOf, optional, recordOf, type Schema, type Shape, schemaOf, text } from '../validation/schema.ts'

/** All fields of all conditions. The table of conditions names the fields of each. */
export interface ConditionFields {
  /** Metric that the condition reads. */
  readonly metric: string
  /** Metric that `metric` is divided by. */
  readonly of: string
  /** Only series that have all of these labels (default: all series). */
  readonly where?: Labels
  /** Adds up series that share these labels before the comparison (default: compares each series). */
  readonly by?: readonly string[]
  /** Window of a rate, quantile or forecast, in milliseconds (default five minutes). */
  readonly windowMs?: number
  /** Quantile, between 0 and 1: 0.99 is the 99th percentile. */
  readonly quantile: number
  /** How far ahead the forecast looks, in milliseconds. */
  readonly aheadMs: number
  /** Threshold in the unit of the metric. The comparison is strict, as in PromQL. */
  readonly threshold: number
}

type FieldName = keyof ConditionFields

/** Whether a condition holds above its threshold, below it, or if no series has a value. */
export type ConditionDirection = 'above' | 'below' | 'absent'

/** Schema of names of metrics, labels and rules. */
export const nameSchema = (description: string) => text(description, 1, /^[A-Za-z_][A-Za-z0-9_]*$/)
const metric = nameSchema("a metric's name")

/** Validates each field. The description completes the sentence "FIELD must be ...". */
const fieldSchemas: Readonly<Record<FieldName, Schema<unknown>>> = {
  metric,
  of: metric,
  where: optional(recordOf(nameSchema('a label name'), text('a text', 0), 'an object of label values')),
  by: optional(listOf(nameSchema('a label name'), 'a list of label names')),
  windowMs: optional(integer(1000, 31 * 86_400_000, 'a whole number of milliseconds from 1000 to 31 days')),
  quantile: schemaOf(
    'number',
    'a number between 0 and 1',
    (value): value is number => typeof value === 'number' && value > 0 && value < 1,
  ),
  aheadMs: integer(1000, Number.MAX_SAFE_INTEGER, 'a whole number of milliseconds from 1000'),
  threshold: finite(),
}

/** What a condition compares with its threshold. */
interface Quantity<Fields extends FieldName> {
  readonly description: string
  readonly fields: readonly Fields[]
  /** Returns the name of the series that the quantity reads (default: the metric). */
  series?(metric: string): string
  /** Returns the compared values. Pure: the same history and time give the same values. May pause between two series. */
  evaluate(condition: Pick<ConditionFields, Fields>, history: History, nowMs: number): PausableWork<readonly LabeledValue[]>
}

/** One row of the table of conditions. */
interface ConditionDefinition<Fields extends FieldName = FieldName> extends Quantity<Fields> {
  readonly direction: ConditionDirection
}

function defineQuantity<const Fields extends FieldName>(quantity: Quantity<Fields>): Quantity<Fields> {
  return quantity
}

function above<Fields extends FieldName>(quantity: Quantity<Fields>): ConditionDefinition<Fields | 'threshold'> {
  return { ...quantity, fields: [...quantity.fields, 'threshold'], direction: 'above' }
}

function below<Fields extends FieldName>(quantity: Quantity<Fields>): ConditionDefinition<Fields | 'threshold'> {
  return { ...quantity, fields: [...quantity.fields, 'threshold'], direction: 'below' }
}

function absent<Fields extends FieldName>(quantity: Quantity<Fields>): ConditionDefinition<Fields> {
  return { ...quantity, direction: 'absent' }
}

const newestValue = defineQuantity({
  description: 'The newest value of each series.',
  fields: ['metric', 'where'],
  evaluate: (selector, history, nowMs) => instantValues(history, selector, nowMs),
})

const rate = defineQuantity({
  description: 'The increase per second of each counter. With `by`, counters that share these labels are added up.',
  fields: ['metric', 'where', 'by', 'windowMs'],
  *evaluate({ metric, where, by, windowMs = defaultWindowMs }, history, nowMs) {
    return yield* sumBy(yield* rates(history, { metric, where }, windowMs, nowMs), by)
  },
})

const ratio = defineQuantity({
  description: 'The rate of `metric` divided by the rate of `of`, for equal labels. With `by`, both are added up first.',
  fields: ['metric', 'of', 'where', 'by', 'windowMs'],
  *evaluate({ metric, of, where, by, windowMs = defaultWindowMs }, history, nowMs) {
    const dividends = yield* sumBy(yield* rates(history, { metric, where }, windowMs, nowMs), by)
    const divisors = yield* sumBy(yield* rates(history, { metric: of, where }, windowMs, nowMs), by)
    return yield* divide(dividends, divisors)
  },
})

const share = defineQuantity({
  description: 'The newest value of `metric` divided by that of `of`, for equal labels. With `by`, both are added up first.',
  fields: ['metric', 'of', 'where', 'by'],
  *evaluate({ metric, of, where, by }, history, nowMs) {
    const dividends = yield* sumBy(yield* instantValues(history, { metric, where }, nowMs), by)
    const divisors = yield* sumBy(yield* instantValues(history, { metric: of, where }, nowMs), by)
    return yield* divide(dividends, divisors)
  },
})

const quantile = defineQuantity({
  description: 'A quantile of each histogram over the window. With `by`, histograms that share these labels are added up.',
  fields: ['metric', 'quantile', 'where', 'by', 'windowMs'],
  series: bucketSeries,
  *evaluate({ metric, quantile, where, by, windowMs = defaultWindowMs }, history, nowMs) {
    const buckets = yield* bucketRates(history, { metric, where }, windowMs, nowMs)
    return yield* quantiles(yield* sumBy(buckets, by && [...by, 'le']), quantile)
  },
})

const forecast = defineQuantity({
  description: 'The value of each gauge `aheadMs` from now, if it continues as in the window.',
  fields: ['metric', 'where', 'windowMs', 'aheadMs'],
  evaluate: ({ metric, where, windowMs = defaultWindowMs, aheadMs }, history, nowMs) =>
    forecasts(history, { metric, where }, windowMs, nowMs, aheadMs / 1000),
})

/**
 * Every alert condition, one row each. The types of rules, their validation, error texts and evaluation derive from this table.
 * A row needs one more entry: its PromQL, in `rules/alert-rules.ts` of `@wombat/dashboards`, which fails to compile without it.
 */
const conditions = {
  metric_above: above(newestValue),
  metric_below: below(newestValue),
  metric_absent: absent({
    description: 'No series has a value.',
    fields: ['metric', 'where'],
    *evaluate({ metric, where }, history, nowMs) {
      const values = yield* instantValues(history, { metric, where }, nowMs)
      return values.length > 0 ? [] : [{ labels: withoutEmptyLabels(where), value: 1 }]
    },
  }),
  rate_above: above(rate),
  rate_below: below(rate),
  ratio_above: above(ratio),
  ratio_below: below(ratio),
  share_above: above(share),
  share_below: below(share),
  quantile_above: above(quantile),
  quantile_below: below(quantile),
  forecast_above: above(forecast),
  forecast_below: below(forecast),
} satisfies Readonly<Record<string, ConditionDefinition>>

/** Name of a condition, such as `rate_above`. */
export type ConditionName = keyof typeof conditions

/** Names of all conditions. */
export const conditionNames = Object.keys(conditions) as readonly ConditionName[]

/** A condition with its fields: the series of a metric, and the threshold that their values are compared with. */
export type Condition<Name extends ConditionName = ConditionName> = {
  [Each in Name]: { readonly condition: Each } & Pick<ConditionFields, (typeof conditions)[Each]['fields'][number]>
}[Name]

/** A condition that compares with a threshold: any except `metric_absent`. */
export type ThresholdCondition = Extract<Condition, { readonly threshold: number }>

/** A condition as documentation shows it. */
export interface DocumentedCondition {
  readonly condition: ConditionName
  /** What it compares with the threshold. */
  readonly description: string
  readonly direction: ConditionDirection
  readonly fields: ReadonlyArray<keyof ConditionFields>
}

/** Returns every condition with what it compares and the fields it has, for documentation. */
export function conditionTable(): DocumentedCondition[] {
  return conditionNames.map((condition) => {
    const { description, direction, fields }: ConditionDefinition = conditions[condition]
    return { condition, description, direction, fields }
  })
}

/** Returns whether the condition holds above its threshold, below it, or if no series has a value. */
export function conditionDirection({ condition }: Pick<Condition, 'condition'>): ConditionDirection {
  return conditions[condition].direction
}

/** Returns the name of the series that a condition reads: for a quantile, the buckets of the histogram. */
export function conditionSeries({ condition, metric }: Condition): string {
  const { series }: ConditionDefinition = conditions[condition]
  return series?.(metric) ?? metric
}

/** Returns how far back a condition looks, in milliseconds; 0 if it reads the newest values. */
export function conditionWindowMs(condition: Condition): number {
  const { fields }: ConditionDefinition = conditions[condition.condition]
  const { windowMs = defaultWindowMs }: Partial<ConditionFields> = condition
  return fields.includes('windowMs') ? windowMs : 0
}

/** Returns the schema of each field of a condition, `condition` itself left out; undefined if no condition has this name. */
export function conditionShape(name: unknown): Shape | undefined {
  const conditionName = conditionNames.find((condition) => condition === name)
  return conditionName && Object.fromEntries(conditions[conditionName].fields.map((field) => [field, fieldSchemas[field]]))
}

/** Returns the values that a condition compares, at `nowMs`. NaN values are left out: a comparison with NaN is never true. */
export function* evaluateCondition(condition: Condition, history: History, nowMs: number): PausableWork<LabeledValue[]> {
  const definition: ConditionDefinition = conditions[condition.condition]
  const fields: Partial<ConditionFields> = condition
  // A definition reads only its own fields, and a condition has all fields of its definition.
  const values = yield* definition.evaluate(fields as ConditionFields, history, nowMs)
  return values.filter(({ value }) => !Number.isNaN(value))
}

/** Returns whether a value is past a threshold in the direction of the condition: strictly, as PromQL's `>` and `<`. */
export function isBreached(condition: ThresholdCondition, value: number, threshold: number): boolean {
  return conditionDirection(condition) === 'above' ? value > threshold : value < threshold
}

/** Returns the values for which a condition holds, at `nowMs`. */
export function* breachedValues(condition: Condition, history: History, nowMs: number): PausableWork<LabeledValue[]> {
  const values = yield* evaluateCondition(condition, history, nowMs)
  if (!('threshold' in condition)) return values
  return values.filter(({ value }) => isBreached(condition, value, condition.threshold))
}

/** Returns whether no series that the condition reads has a value: PromQL's `absent`. */
export function* isAbsent(condition: Condition, history: History, nowMs: number): PausableWork<boolean> {
  const selector = { metric: conditionSeries(condition), where: condition.where }
  return (yield* instantValues(history, selector, nowMs)).length === 0
}
