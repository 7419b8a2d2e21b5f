import type { CatalogMetric, QueryFunction } from '../../api/types.ts'
import type { RangeQuery } from '../../data/use-range.ts'

/** What is chosen, as the address has it. */
export interface ExploreChoice {
  /** The name of a metric or of one of the series of a histogram. */
  readonly metric: string
  readonly function: QueryFunction
  /** Undefined: as long as the step wants it. */
  readonly window: string | undefined
  /** Only for the function `quantile`. */
  readonly quantiles: readonly number[]
  /** Any of the values, by label. */
  readonly labels: Readonly<Record<string, readonly string[]>>
  /** Undefined: every series for itself. */
  readonly by: readonly string[] | undefined
  readonly aggregate: Aggregate | undefined
  readonly chart: ChartKind
}

export const aggregates = ['sum', 'avg', 'max', 'min'] as const
export type Aggregate = (typeof aggregates)[number]

export const chartKinds = ['lines', 'stacked', 'logarithmic', 'heat-map'] as const
export type ChartKind = (typeof chartKinds)[number]

/** What may be asked of a metric: its whole distribution, one of the series of a histogram, or its only series. */
export type Part = 'distribution' | 'bucket' | 'sum' | 'count' | 'series'

export interface QueriedMetric {
  /** As the catalog describes it. */
  readonly metric: CatalogMetric
  readonly part: Part
}

const functions: Readonly<Record<CatalogMetric['kind'], readonly QueryFunction[]>> = {
  counter: ['rate', 'increase', 'value'],
  gauge: ['value', 'min', 'avg', 'max'],
  histogram: ['quantile'],
  summary: [],
}
const defaultQuantiles: readonly number[] = [0.5, 0.95, 0.99]

const labelPrefix = 'label.'

/** Returns the metric that a query is about, if the catalog has it: `NAME_count` is about the histogram `NAME`. */
export function findMetric(catalog: readonly CatalogMetric[], name: string): QueriedMetric | undefined {
  const metric = catalog.find((one) => one.name === name)
  if (metric !== undefined) return { metric, part: isDistribution(metric) ? 'distribution' : 'series' }
  const [, family, part] = /^(.+)_(bucket|sum|count)$/.exec(name) ?? []
  const distribution = catalog.find((one) => one.name === family && isDistribution(one))
  return distribution && { metric: distribution, part: part as Part }
}

function isDistribution({ kind }: CatalogMetric): boolean {
  return kind === 'histogram' || kind === 'summary'
}

/** Returns the name to ask for if a reader chooses a metric. A summary has no buckets, so only its count and sum can be asked for. */
export function queryName({ name, kind }: CatalogMetric): string {
  return kind === 'summary' ? `${name}_count` : name
}

/** Returns the functions that make sense, the default first. Without a metric that is known, `value`: the server judges. */
export function functionsOf(queried: QueriedMetric | undefined): readonly QueryFunction[] {
  if (queried === undefined) return ['value']
  const { metric, part } = queried
  return part === 'bucket' || part === 'sum' || part === 'count' ? functions.counter : functions[metric.kind]
}

/** Returns the labels that a query may use. */
export function labelsOf({ metric, part }: QueriedMetric): readonly string[] {
  return part === 'bucket' ? [...metric.labels, 'le'] : metric.labels
}

/** Returns the UCUM unit of the values before a function is applied. */
export function metricUnit({ metric, part }: QueriedMetric): string {
  return part === 'bucket' || part === 'count' ? '1' : (metric.unit ?? '')
}

/** Reads what the address has chosen of a metric. What the page does not offer is kept, so that the server says what is wrong with it. */
export function readChoice(
  parameters: Readonly<Record<string, string>>,
  metric: string,
  queried: QueriedMetric | undefined,
): ExploreChoice {
  const name = (parameters['function'] ?? functionsOf(queried)[0] ?? 'value') as QueryFunction
  const labels = Object.entries(parameters).flatMap(([parameter, value]) =>
    parameter.startsWith(labelPrefix) ? [[parameter.slice(labelPrefix.length), splitValues(value)] as const] : [],
  )
  const store = parameters['store']
  // The store of the page goes before, so that the selector at its top always has an effect; a metric of the process has no stores.
  const hasStore = queried === undefined || labelsOf(queried).includes('store')
  return {
    metric,
    function: name,
    window: parameters['window'],
    quantiles: name === 'quantile' ? (parameters['quantile']?.split(',').map(Number) ?? defaultQuantiles) : [],
    labels: { ...Object.fromEntries(labels), ...(store !== undefined && hasStore && { store: [store] }) },
    by: parameters['by']?.split(',').filter((label) => label !== ''),
    aggregate: parameters['aggregate'] as Aggregate | undefined,
    chart: chartKinds.find((kind) => kind === parameters['chart']) ?? (name === 'quantile' ? 'logarithmic' : 'lines'),
  }
}

/** Returns the query of a choice. */
export function toRangeQuery({ metric, function: name, window, quantiles, labels, by, aggregate }: ExploreChoice): RangeQuery {
  return {
    metric,
    function: name,
    labels,
    by,
    ...(window !== undefined && { window }),
    ...(name === 'quantile' ? { quantile: quantiles } : { aggregate: by === undefined ? undefined : aggregate }),
  }
}

/** The parameters of the address for the labels that results keep. An empty one would be left out, so that a comma stands for no labels. */
export function joinBy(by: readonly string[] | undefined): string | undefined {
  return by?.length === 0 ? ',' : by?.join(',')
}

/** Returns the values of a label as a parameter of the address; a comma in a value is escaped. Undefined if there are none. */
export function joinValues(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined
  return values.map((value) => value.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
}

/** Returns the values of a label from a parameter of the address. */
export function splitValues(text: string): readonly string[] {
  return text.split(',').map((value) => value.replaceAll('%2C', ',').replaceAll('%25', '%'))
}

/** Returns the parameters to change if values of a label are chosen. One store is the store of the page, as on every other view. */
export function chooseValues(label: string, values: readonly string[]): Readonly<Record<string, string | undefined>> {
  const parameter = `${labelPrefix}${label}`
  if (label !== 'store') return { [parameter]: joinValues(values) }
  const isOne = values.length === 1
  return { store: isOne ? values[0] : undefined, [parameter]: isOne ? undefined : joinValues(values) }
}

/** Returns the parameters to change if another metric is chosen: what makes no sense for it is removed. */
export function chooseMetric(
  name: string,
  next: QueriedMetric | undefined,
  parameters: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
  const offered: readonly string[] = functionsOf(next)
  const labels: readonly string[] = next === undefined ? [] : labelsOf(next)
  const by = parameters['by']?.split(',').filter((label) => labels.includes(label))
  const isKept = parameters['function'] !== undefined && offered.includes(parameters['function'])
  const filters = Object.keys(parameters).filter((one) => one.startsWith(labelPrefix))
  const isOtherWindow = !isKept && offered[0] === 'value'
  return {
    ...Object.fromEntries(
      filters.filter((one) => !labels.includes(one.slice(labelPrefix.length))).map((one) => [one, undefined]),
    ),
    metric: name,
    function: isKept ? parameters['function'] : undefined,
    by: by === undefined || by.length === 0 ? undefined : joinBy(by),
    ...(isOtherWindow && { window: undefined }),
    ...(!isKept && { aggregate: undefined, chart: undefined, quantile: undefined }),
  }
}
