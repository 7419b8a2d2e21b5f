import { type MetricName, metrics } from '@wombat/instrumentation'

/** Label matchers of a query: `{ store: 'orders' }`, or by a regular expression of the whole value: `{ store: { matches: 'orders|carts' } }`. */
export type Matchers = Readonly<Record<string, string | { readonly matches: string }>>

/** Labels that no metric has and a route gives: who was scraped, or who sent it. By one route or another, each may be missing. */
export const targetLabels = ['job', 'instance', 'service_name', 'service_instance_id'] as const

/** What is done to each series before they are added up. */
export type Each = (series: string) => string

const asItIs: Each = (series) => series

/**
 * A series selector. The name is the catalogue's, so that a renamed metric fails to compile here.
 *
 * @throws TypeError where the metric has no such label.
 */
export function selector(name: MetricName, matchers: Matchers = {}): string {
  return select(name, name, matchers)
}

/** Increase per second of a counter, by label, over a window such as `5m`. */
export function rate(
  name: MetricName,
  window: string,
  by: readonly string[] = storeMatcher(name),
  matchers: Matchers = {},
  each: Each = asItIs,
): string {
  expectKind(name, 'counter')
  expectLabels(name, by)
  return `sum by (${by.join(', ')}) (${each(`rate(${selector(name, matchers)}[${window}])`)})`
}

/** What a gauge shows now, of its series with the same labels the sum, the greatest or the least. */
export function aggregate(
  operator: 'sum' | 'max' | 'min',
  name: MetricName,
  by: readonly string[] = storeMatcher(name),
  matchers: Matchers = {},
  each: Each = asItIs,
): string {
  expectKind(name, 'gauge')
  expectLabels(name, by)
  return `${operator} by (${by.join(', ')}) (${each(selector(name, matchers))})`
}

/**
 * A quantile of a histogram by label over a window. Buckets are selected only inside `histogram_quantile`: their bounds are
 * written differently by different routes (`le="1"` and `le="1.0"`).
 */
export function quantile(
  q: number,
  name: MetricName,
  window: string,
  by: readonly string[] = storeMatcher(name),
  matchers: Matchers = {},
  each: Each = asItIs,
): string {
  expectKind(name, 'histogram')
  expectLabels(name, by)
  if (!(q > 0 && q < 1)) throw new RangeError(`a quantile lies between 0 and 1, got ${q}`)
  const buckets = `rate(${select(name, `${name}_bucket`, matchers)}[${window}])`
  return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${each(buckets)}))`
}

/** What is added up by unless said otherwise: the store, where the metric is one's. */
function storeMatcher(name: MetricName): readonly string[] {
  return metrics[name].attributes.filter((label) => label === 'store')
}

/** Label matchers as PromQL writes them; nothing where there are none. */
export function labelMatchers(matchers: Matchers): string {
  const entries = Object.entries(matchers)
  return entries.length === 0 ? '' : `{${entries.map(([label, value]) => `${label}${matcher(value)}`).join(',')}}`
}

function matcher(value: Matchers[string]): string {
  return typeof value === 'string' ? `=${JSON.stringify(value)}` : `=~${JSON.stringify(value.matches)}`
}

/** A time as PromQL writes it, in the largest unit that divides it: `5m`. */
export function duration(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0 && milliseconds >= each) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}

function select(metric: MetricName, series: string, matchers: Matchers): string {
  expectLabels(metric, Object.keys(matchers))
  return `${series}${labelMatchers(matchers)}`
}

function expectKind(name: MetricName, kind: string): void {
  if (metrics[name].kind !== kind) throw new TypeError(`${name} is a ${metrics[name].kind}, not a ${kind}`)
}

function expectLabels(name: MetricName, labels: readonly string[]): void {
  const { attributes } = metrics[name]
  const known: readonly string[] = [...attributes, ...targetLabels]
  for (const label of labels) {
    if (!known.includes(label)) throw new TypeError(`${name} has no label ${label}, only ${attributes.join(', ')}`)
  }
}
