import { histogramBuckets } from './histogram-buckets.ts'
import { clientOperationDuration, latencyBounds, type MetricDefinition, type MetricKind, metrics } from './semconv.ts'

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

/** Every metric that is known by name: the catalogue's from the start, others once they are declared. */
export class MetricDefinitions {
  readonly #byName = new Map<string, MetricDefinition>()

  constructor() {
    for (const definition of [...Object.values(metrics), clientOperationDuration]) this.#byName.set(definition.name, definition)
  }

  get(name: string): MetricDefinition | undefined {
    return this.#byName.get(name)
  }

  /**
   * Makes a metric known. Declaring the very same again changes nothing.
   *
   * @throws TypeError when the name is taken by a different metric, or would not survive the way to Prometheus.
   * @throws RangeError when the bounds cannot be counted apart.
   */
  declare(definition: MetricDefinition): void {
    const known = this.#byName.get(definition.name)
    if (known === undefined) {
      checkDefinition(definition)
      const { attributes, bounds } = definition
      const copy = {
        ...definition,
        attributes: Object.freeze([...attributes]),
        ...(bounds && { bounds: Object.freeze([...bounds]) }),
      }
      if (copy.kind === 'histogram' || copy.kind === 'summary') histogramBuckets(copy.bounds ?? latencyBounds)
      this.#byName.set(copy.name, Object.freeze(copy))
      return
    }
    const fields = ['kind', 'unit', 'description', 'attributes', 'bounds'] as const
    const differs = fields.find((field) => String(known[field]) !== String(definition[field]))
    if (differs === undefined) return
    const [had, got] = [JSON.stringify(known[differs]), JSON.stringify(definition[differs])]
    throw new TypeError(`metric ${known.name} is declared already with ${differs} ${had}, got ${got}: one name has one meaning`)
  }
}
