import { checkDefinition, latencyBounds, type MetricDefinition } from './definition.ts'
import { histogramLayout } from './histogram-layout.ts'
import { clientOperationDuration, metrics } from './semconv.ts'

/** Every metric that is known by name: the catalogue's from the start, others once they are declared. */
export class Definitions {
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
      if (copy.kind === 'histogram' || copy.kind === 'summary') histogramLayout(copy.bounds ?? latencyBounds)
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
