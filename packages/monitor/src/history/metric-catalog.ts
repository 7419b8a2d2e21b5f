import { type MetricDefinition, type MetricKind, type MetricsRegistry, metrics } from '@wombat/instrumentation'
import type { SearchableHistory } from './history.ts'
import { bucketSeries } from './queries.ts'

/** One metric: of the catalog, declared in the registry, or only found in the history. */
export interface CatalogEntry {
  readonly name: string
  readonly kind: MetricKind
  /** Undefined if only its series are known, as of the metrics of the application. */
  readonly definition: MetricDefinition | undefined
  /** The names of its series: of a histogram its buckets, sum and count. */
  readonly seriesNames: readonly string[]
}

/** Returns every metric of the catalog and of the history, by name. */
export function listMetrics(history: SearchableHistory, registry: MetricsRegistry): Map<string, CatalogEntry> {
  const entries = new Map<string, CatalogEntry>()
  for (const definition of Object.values(metrics)) entries.set(definition.name, defined(definition))
  const names = new Set(history.names())
  for (const name of names) {
    const entry = findEntry(name, names, history, registry)
    if (!entries.has(entry.name)) entries.set(entry.name, entry)
  }
  return entries
}

/** Returns the name of the metric of each name of a series. */
export function metricNames(entries: ReadonlyMap<string, CatalogEntry>): Map<string, string> {
  return new Map([...entries.values()].flatMap(({ name, seriesNames }) => seriesNames.map((series) => [series, name])))
}

/** Returns the names that a query of this kind may ask for: distributions for a quantile, else series. */
export function queryableNames(entries: ReadonlyMap<string, CatalogEntry>, isQuantile: boolean): string[] {
  return [...entries.values()].flatMap((entry) => {
    if (!isQuantile) return entry.seriesNames
    return isDistribution(entry.kind) ? [entry.name] : []
  })
}

/** Returns the series by which the series of a metric are counted: of a histogram, that of the count. */
export function mainSeries({ name, kind }: CatalogEntry): string {
  return isDistribution(kind) ? `${name}_count` : name
}

export function isDistribution(kind: MetricKind): boolean {
  return kind === 'histogram' || kind === 'summary'
}

const suffix = /_(?:bucket|sum|count)$/

function findEntry(
  name: string,
  names: ReadonlySet<string>,
  history: SearchableHistory,
  registry: MetricsRegistry,
): CatalogEntry {
  const own = registry.definition(name)
  if (own !== undefined) return defined(own)
  const family = name.replace(suffix, '')
  const definition = registry.definition(family)
  if (family !== name && definition !== undefined && isDistribution(definition.kind)) return defined(definition)
  if (family !== name && distributionSeries(family).every((one) => names.has(one))) {
    return { name: family, kind: 'histogram', definition: undefined, seriesNames: distributionSeries(family) }
  }
  const isCounter = history.select(name)[0]?.isCounter === true
  return { name, kind: isCounter ? 'counter' : 'gauge', definition: undefined, seriesNames: [name] }
}

function defined(definition: MetricDefinition): CatalogEntry {
  const { name, kind } = definition
  return { name, kind, definition, seriesNames: isDistribution(kind) ? distributionSeries(name) : [name] }
}

function distributionSeries(name: string): string[] {
  return [bucketSeries(name), `${name}_sum`, `${name}_count`]
}
