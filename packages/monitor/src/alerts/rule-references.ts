import { type MetricDefinition, metrics } from '@wombat/instrumentation'
import { clientOperationDuration } from '@wombat/instrumentation/internal'
import { closest, distance } from 'fastest-levenshtein'
import { suggest } from '../validation/format-issue.ts'
import type { ConditionFields, ConditionName } from './conditions.ts'

/** The metrics of the catalog, by the names that they have in Prometheus. */
const catalog: ReadonlyMap<string, MetricDefinition> = new Map([
  ...Object.values(metrics).map((definition) => [definition.name, definition] as const),
  ['db_client_operation_duration_seconds', clientOperationDuration],
])

/** What errors contain: the values that were given, or only their types. */
export type Shown = 'values' | 'kinds'

/** Returns a key that was given, for an error: whole if it could be the name of a field. */
export function showKey(key: string, shown: Shown): string {
  return shown === 'values' || /^[A-Za-z_]\w{0,39}$/.test(key) ? key : 'a key that is no name'
}

/** A condition that may be incomplete. */
type GivenCondition = Partial<ConditionFields> & { readonly condition?: string }

/** What a condition reads. */
type Read = 'value' | 'counter' | 'histogram'

/**
 * Returns why a condition can match no series: an unknown metric of Wombat, a metric of the wrong kind, or a label that the metric does
 * not have. Metrics with other names may be those of the application, which are not known yet, unless the name is almost one of Wombat's.
 */
export function validateReferences(given: GivenCondition, shown: Shown): string[] {
  const read = readBy(given.condition)
  if (read === undefined) return []
  const { where, by } = given
  return (['metric', 'of'] as const).flatMap((field) => {
    const name = given[field]
    if (typeof name !== 'string') return []
    const found = findMetric(name)
    if (found === undefined) return validateUnknown(field, name, shown)
    const kindProblem = validateKind(field, name, found, read)
    if (kindProblem !== undefined) return [kindProblem]
    const known = [
      ...found.definition.attributes,
      ...(found.suffix === 'bucket' || read === 'histogram' ? ['le'] : []),
      'otel_metric_overflow',
    ]
    const isObject = typeof where === 'object' && where !== null
    return [
      ...(isObject ? Object.keys(where) : []).map((label) => ['where', label] as const),
      ...(Array.isArray(by) ? by : []).map((label) => ['by', label] as const),
    ].flatMap(([place, label]) =>
      known.includes(label)
        ? []
        : [
            `${place}: ${name} has no ${shown === 'values' ? `label ${label}` : 'such label'}${suggest(label, known) || `; its labels are ${describeLabels(found.definition)}`}`,
          ],
    )
  })
}

function describeLabels({ attributes }: MetricDefinition): string {
  return attributes.length === 0 ? 'none' : attributes.join(', ')
}

function readBy(condition: string | undefined): Read | undefined {
  const reads: Readonly<Partial<Record<ConditionName, Read>>> = {
    rate_above: 'counter',
    rate_below: 'counter',
    ratio_above: 'counter',
    ratio_below: 'counter',
    quantile_above: 'histogram',
    quantile_below: 'histogram',
  }
  return condition === undefined ? undefined : (reads[condition as ConditionName] ?? 'value')
}

interface FoundMetric {
  readonly definition: MetricDefinition
  /** The part of a histogram that the name means. */
  readonly suffix: 'bucket' | 'sum' | 'count' | undefined
}

function findMetric(name: string): FoundMetric | undefined {
  const definition = catalog.get(name)
  if (definition !== undefined) return { definition, suffix: undefined }
  const [, base = '', suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? []
  const histogram = catalog.get(base)
  return histogram !== undefined && isDistribution(histogram)
    ? { definition: histogram, suffix: suffix as FoundMetric['suffix'] }
    : undefined
}

function isDistribution({ kind }: MetricDefinition): boolean {
  return kind === 'histogram' || kind === 'summary'
}

function validateUnknown(field: string, name: string, shown: Shown): string[] {
  const names = [...catalog.keys()]
  const metric = shown === 'values' ? `metric ${name}` : 'such metric'
  // A name of the catalog with another word is a metric of the application, and not mistyped.
  if (names.some((known) => name.startsWith(`${known}_`))) return []
  if (/^(db|wombat)_/.test(name)) {
    const guess = suggest(name, names) || '; metrics of your own in rules must not start with db_ or wombat_'
    return [`${field}: the catalog has no ${metric}${guess}`]
  }
  const nearest = closest(name, names)
  return distance(name, nearest) <= 2 ? [`${field}: there is no ${metric}: did you mean ${nearest}?`] : []
}

function validateKind(field: string, name: string, { definition, suffix }: FoundMetric, read: Read): string | undefined {
  const { kind } = definition
  if (read === 'histogram') {
    if (suffix === undefined && isDistribution(definition)) return undefined
    return `${field}: a quantile needs a histogram, and ${name} is ${suffix === undefined ? `a ${kind}` : 'a part of one'}${suffix === undefined ? '' : `: use ${definition.name}`}`
  }
  if (suffix !== undefined) return undefined
  if (isDistribution(definition)) {
    return `${field}: ${name} is a ${kind}: use quantile_above or quantile_below, or one of its series ${name}_count and ${name}_sum`
  }
  return read === 'counter' && kind === 'gauge' ? `${field}: a rate needs a counter, and ${name} is a gauge` : undefined
}
