/** The four kinds. A summary is kept as a histogram and shown as quantiles; OpenTelemetry JS has no summary point. */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** What a metric is: said once, everything else (instruments, documentation, dashboards) is derived from it. */
export interface MetricDefinition {
  readonly name: string
  readonly kind: MetricKind
  /** UCUM: `s`, `By`, `1` (never on a gauge) or an annotation such as `{operation}`. */
  readonly unit: string
  /** One sentence: what a reader of a chart needs to know. */
  readonly description: string
  /** The label keys a series of this metric carries, in the order they are documented. */
  readonly attributes: readonly string[]
  /** Upper bounds of the explicit buckets, ascending. Histograms and summaries only. */
  readonly bounds?: readonly number[]
}

/** {1, 2.5, 5} x 10^-6 ... 10^1 s: they contain the bounds of OpenTelemetry's `db.client.operation.duration`. */
export const latencyBounds: readonly number[] = Object.freeze([
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
])

const namePattern = /^[a-z][a-z0-9_]*$/i
const annotationPattern = /^\{[a-z_]+\}$/i
const suffixOf: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/**
 * Refuses a definition whose name would come out differently by different routes (scrape, OTLP into Prometheus, Collector,
 * VictoriaMetrics): each of them adds unit and type suffixes by its own rules, and only a name that already has them stays.
 *
 * @throws TypeError saying which rule is broken, what was got and why it matters.
 */
export function checkDefinition(definition: MetricDefinition): void {
  const { name, kind, unit, description, attributes, bounds } = definition
  const refuse = (what: string): never => {
    throw new TypeError(`metric ${JSON.stringify(name)}: ${what}`)
  }
  if (typeof name !== 'string' || !namePattern.test(name) || name.includes('__') || name.length > 255) {
    refuse(
      'a name is letters, digits and single underscores, beginning with a letter, 255 at most: routes rewrite or drop anything else',
    )
  }
  if (!['counter', 'gauge', 'histogram', 'summary'].includes(kind)) {
    refuse(`kind must be counter, gauge, histogram or summary, got ${JSON.stringify(kind)}`)
  }
  if (typeof description !== 'string' || description === '') refuse('description must be a sentence: it becomes the HELP line')
  checkUnit(name, kind, unit, refuse)
  if (!Array.isArray(attributes)) refuse('attributes must list the label keys, an empty array where there are none')
  for (const key of attributes) checkAttributeKey(key, refuse)
  if (bounds !== undefined && kind !== 'histogram' && kind !== 'summary')
    refuse(`bounds belong to a histogram, this is a ${kind}`)
}

function checkUnit(name: string, kind: MetricKind, unit: string, refuse: (what: string) => never): void {
  const known = unit === 's' || unit === 'By' || unit === '1' || annotationPattern.test(unit)
  if (!known)
    refuse(
      `unit must be "s", "By", "1" or an annotation such as "{file}", got ${JSON.stringify(unit)}: others are renamed on the way`,
    )
  if (unit === '1' && kind === 'gauge')
    refuse('a gauge with unit "1" becomes ..._ratio behind a Collector: use an annotation such as "{file}"')
  const words = name.split('_')
  const isTotal = words.at(-1) === 'total'
  if (kind === 'counter' && !isTotal) refuse('the name of a counter ends in _total')
  if (kind !== 'counter' && isTotal) refuse(`only the name of a counter ends in _total, this is a ${kind}`)
  if (kind === 'counter' && words.slice(0, -1).includes('total'))
    refuse('a counter has "total" at its end only: OTLP routes drop every other one')
  const suffix = suffixOf[unit]
  if (suffix !== undefined && words.at(isTotal ? -2 : -1) !== suffix) {
    refuse(`with unit "${unit}" the name must end in _${suffix}${isTotal ? '_total' : ''}: routes add what is missing`)
  }
}

/** Label keys go to Prometheus as they are: no dots, no reserved names. */
export function checkAttributeKey(key: string, refuse: (what: string) => never): void {
  if (!namePattern.test(key) || key.startsWith('__'))
    refuse(`label key ${JSON.stringify(key)} must be letters, digits and underscores`)
  if (key === 'le' || key === 'quantile' || key === overflowLabel) refuse(`label key ${JSON.stringify(key)} is reserved`)
}

/** The one label of the series that takes what comes past a metric's limit of label sets. */
export const overflowLabel = 'otel_metric_overflow'
