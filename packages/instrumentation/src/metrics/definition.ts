import { histogramBuckets } from './histogram-buckets.ts'
import {
  clientOperationDuration,
  gaugeAggregations,
  latencyBounds,
  type MetricDefinition,
  type MetricKind,
  metrics,
} from './semconv.ts'

const namePattern = /^[a-z][a-z0-9_]*$/i
const annotationPattern = /^\{[a-z_]+\}$/i
const suffixByUnit: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/** The only label of the series that aggregates all label sets above the cardinality limit. */
export const overflowLabel = 'otel_metric_overflow'

/** Names of series that Prometheus adds to every scrape, and of those that its rules and exporters write. */
export const reservedNames = /^(up|ALERTS|ALERTS_FOR_STATE|target_info|otel_scope_info|scrape_.*)$/

/** Labels that a scrape or a route of OTLP sets: they would overwrite these, or be renamed. */
const reservedLabels = /^(le|quantile|job|instance|otel_scope_.*|service_.*|otel_metric_overflow)$/

type Fail = (message: string) => never

/**
 * Throws if a metric's name would differ between routes (scrape, OTLP into Prometheus, Collector, VictoriaMetrics). Each
 * route appends unit and type suffixes by its own rules; only a name that already has them stays the same.
 *
 * @throws TypeError that names the broken rule, the value and the reason for the rule.
 */
export function checkDefinition(definition: MetricDefinition): void {
  const { name, kind, unit, description, attributes, bounds, aggregation } = definition
  const fail: Fail = (message) => {
    throw new TypeError(`metric ${JSON.stringify(name)}: ${message}`)
  }
  if (typeof name !== 'string' || !namePattern.test(name) || name.includes('__') || name.length > 255) {
    fail(
      'the name must be 1 to 255 letters, digits and single underscores, and start with a letter: exporters rewrite or drop other names',
    )
  }
  if (!['counter', 'gauge', 'histogram', 'summary'].includes(kind)) {
    fail(`kind must be counter, gauge, histogram or summary, got ${JSON.stringify(kind)}`)
  }
  if (typeof description !== 'string' || description === '') {
    fail(`description must be a non-empty string, got ${JSON.stringify(description)}: it becomes the HELP line in Prometheus`)
  }
  checkUnit(name, kind, unit, fail)
  if (!Array.isArray(attributes)) fail('attributes must be an array of label keys, empty if the metric has no labels')
  for (const key of attributes) checkLabelKey(key, fail)
  if (reservedNames.test(name)) fail('the name is reserved: Prometheus and its exporters write series with this name themselves')
  if (bounds !== undefined && kind !== 'histogram' && kind !== 'summary')
    fail(`only a histogram or a summary has bounds, this is a ${kind}`)
  if (aggregation === undefined) return
  if (kind !== 'gauge') fail(`only a gauge has an aggregation, this is a ${kind}: its values are added up always`)
  if (!gaugeAggregations.includes(aggregation)) {
    fail(`aggregation must be one of ${gaugeAggregations.join(', ')}, got ${JSON.stringify(aggregation)}`)
  }
}

function checkUnit(name: string, kind: MetricKind, unit: string, fail: Fail): void {
  const isKnown = unit === 's' || unit === 'By' || unit === '1' || annotationPattern.test(unit)
  if (!isKnown)
    fail(
      `unit must be "s", "By", "1" or an annotation such as "{file}", got ${JSON.stringify(unit)}: exporters rename other units`,
    )
  if (unit === '1' && kind === 'gauge')
    fail('a gauge must not have unit "1", because a Collector renames it to ..._ratio: use an annotation such as "{file}"')
  const words = name.split('_')
  const isTotal = words.at(-1) === 'total'
  if (kind === 'counter' && !isTotal) fail('the name of a counter must end in _total')
  if (kind !== 'counter' && isTotal) fail(`only the name of a counter may end in _total, this is a ${kind}`)
  if (kind === 'counter' && words.slice(0, -1).includes('total'))
    fail('the name of a counter must have "total" only at its end: OTLP routes drop every other "total"')
  const suffix = suffixByUnit[unit]
  if (suffix !== undefined && words.at(isTotal ? -2 : -1) !== suffix) {
    fail(`with unit "${unit}" the name must end in _${suffix}${isTotal ? '_total' : ''}: exporters add a missing suffix`)
  }
}

/** Label keys reach Prometheus unchanged: no dots, no reserved names. */
function checkLabelKey(key: string, fail: Fail): void {
  if (!namePattern.test(key) || key.startsWith('__'))
    fail(`label key ${JSON.stringify(key)} must be letters, digits and underscores, and start with a letter`)
  if (key.includes('__')) fail(`label key ${JSON.stringify(key)} must have single underscores only: exporters merge them`)
  if (reservedLabels.test(key))
    fail(`label key ${JSON.stringify(key)} is reserved: Prometheus, OpenTelemetry or an exporter sets it; use another key`)
}

/** The metrics of one registry by name: the catalog, and the metrics that were declared. */
export class MetricDefinitions {
  readonly #byName = new Map<string, MetricDefinition>()
  /** The metric of each name that exporters write for one, in lower case: OpenTelemetry does not tell names apart by case. */
  readonly #byWrittenName = new Map<string, string>()

  constructor() {
    for (const definition of [...Object.values(metrics), clientOperationDuration]) this.#add(definition)
  }

  /** Returns the definition of a metric, `undefined` if it is not declared. */
  get(name: string): MetricDefinition | undefined {
    return this.#byName.get(name)
  }

  /**
   * Adds a metric. Declaring an equal definition again changes nothing.
   *
   * @throws TypeError if the name has another definition, or would differ between routes (see `checkDefinition`).
   * @throws RangeError if the bounds are invalid (see `histogramBuckets`).
   */
  declare(definition: MetricDefinition): void {
    const known = this.#byName.get(definition.name)
    if (known === undefined) {
      checkDefinition(definition)
      this.#checkSeriesNames(definition)
      const { attributes, bounds } = definition
      const copy = {
        ...definition,
        attributes: Object.freeze([...attributes]),
        ...(bounds && { bounds: Object.freeze([...bounds]) }),
      }
      if (copy.kind === 'histogram' || copy.kind === 'summary') histogramBuckets(copy.bounds ?? latencyBounds)
      this.#add(Object.freeze(copy))
      return
    }
    const fields = ['kind', 'unit', 'description', 'attributes', 'bounds', 'aggregation'] as const
    const changed = fields.find((field) => String(known[field]) !== String(definition[field]))
    if (changed === undefined) return
    const [existing, got] = [JSON.stringify(known[changed]), JSON.stringify(definition[changed])]
    throw new TypeError(`metric ${known.name} is already declared with ${changed} ${existing}, got ${got}: use another name`)
  }

  #add(definition: MetricDefinition): void {
    this.#byName.set(definition.name, definition)
    for (const name of writtenNames(definition)) this.#byWrittenName.set(name, definition.name)
  }

  /** @throws TypeError if an exporter would write series of this metric and of another one under the same name. */
  #checkSeriesNames(definition: MetricDefinition): void {
    for (const name of writtenNames(definition)) {
      const other = this.#byWrittenName.get(name)
      if (other === undefined) continue
      throw new TypeError(
        `metric ${JSON.stringify(definition.name)}: exporters write ${name} for this metric and for ${other}: use another name`,
      )
    }
  }
}

/** Returns the names under which exporters write a metric, in lower case: those of its series, and of its family in OpenMetrics. */
function writtenNames({ name, kind }: MetricDefinition): string[] {
  const lower = name.toLowerCase()
  if (kind === 'gauge') return [lower]
  const family = lower.replace(/_total$/, '')
  const suffixes = kind === 'counter' ? ['', '_total', '_created'] : ['', '_bucket', '_count', '_sum', '_created', '_info']
  return suffixes.map((suffix) => `${family}${suffix}`)
}
