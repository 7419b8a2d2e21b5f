import { type MetricName, metrics } from '@wombat/instrumentation'

/**
 * Label matchers of a query: an exact value, `{ store: 'orders' }`, or a regular expression that must match the whole value,
 * `{ store: { matches: 'orders|carts' } }`.
 */
export type Matchers = Readonly<Record<string, string | { readonly matches: string }>>

/**
 * Labels that identify the process. No metric has them; the scrape or the OTLP receiver adds them, and which of them depends on the
 * route.
 */
export const targetLabels = ['job', 'instance', 'service_name', 'service_instance_id'] as const

/** Changes the expression of the single series before they are aggregated, for example `(series) => 'abs(' + series + ')'`. */
export type SeriesTransform = (series: string) => string

const identity: SeriesTransform = (series) => series

/**
 * Returns a PromQL series selector. A metric name that the metric catalog does not have fails to compile.
 *
 * @throws TypeError if the metric does not have one of the labels.
 * @example
 * ```js
 * import { selector } from '@wombat/dashboards'
 *
 * console.log(selector('db_level_files', { store: 'orders', level: '0' })) // db_level_files{store="orders",level="0"}
 * ```
 */
export function selector(name: MetricName, matchers: Matchers = {}): string {
  return selectSeries(name, name, matchers)
}

/**
 * Returns PromQL for a counter's increase per second over a window such as `5m`, summed by `by` (default: `store` if the metric has
 * that label).
 *
 * @throws TypeError if the metric is not a counter or does not have one of the labels.
 * @example
 * ```js
 * import { rate } from '@wombat/dashboards'
 *
 * console.log(rate('db_get_operations_total', '5m')) // sum by (store) (rate(db_get_operations_total[5m]))
 * ```
 */
export function rate(
  name: MetricName,
  window: string,
  by: readonly string[] = defaultGrouping(name),
  matchers: Matchers = {},
  transform: SeriesTransform = identity,
): string {
  assertKind(name, 'counter')
  assertLabels(name, by)
  return `sum by (${by.join(', ')}) (${transform(`rate(${selector(name, matchers)}[${window}])`)})`
}

/**
 * Returns PromQL for the current value of a gauge, aggregated by `by` (default: `store` if the metric has that label).
 *
 * @throws TypeError if the metric is not a gauge or does not have one of the labels.
 */
export function aggregate(
  operator: 'sum' | 'max' | 'min',
  name: MetricName,
  by: readonly string[] = defaultGrouping(name),
  matchers: Matchers = {},
  transform: SeriesTransform = identity,
): string {
  assertKind(name, 'gauge')
  assertLabels(name, by)
  return `${operator} by (${by.join(', ')}) (${transform(selector(name, matchers))})`
}

/**
 * Returns PromQL for the `q` quantile (0 to 1, both excluded) of a histogram over a window such as `5m`, aggregated by `by` (default:
 * `store` if the metric has that label). Buckets are selected only inside `histogram_quantile`, because routes spell their bounds
 * differently (`le="1"` and `le="1.0"`).
 *
 * @throws TypeError if the metric is not a histogram or does not have one of the labels.
 * @throws RangeError if `q` is out of range.
 * @example
 * ```js
 * import { quantile } from '@wombat/dashboards'
 *
 * // histogram_quantile(0.99, sum by (store, le) (rate(db_get_latency_seconds_bucket[5m])))
 * console.log(quantile(0.99, 'db_get_latency_seconds', '5m'))
 * ```
 */
export function quantile(
  q: number,
  name: MetricName,
  window: string,
  by: readonly string[] = defaultGrouping(name),
  matchers: Matchers = {},
  transform: SeriesTransform = identity,
): string {
  assertKind(name, 'histogram')
  assertLabels(name, by)
  if (!(q > 0 && q < 1)) throw new RangeError(`q must be between 0 and 1, both excluded, got ${q}`)
  const buckets = `rate(${selectSeries(name, `${name}_bucket`, matchers)}[${window}])`
  return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${transform(buckets)}))`
}

/**
 * Returns PromQL for a quantile as `quantile` does, of the native histogram if there is one, and else of the buckets. So it works whichever
 * of them Prometheus stores, and in a Prometheus that stores both it is as exact as can be.
 *
 * @throws TypeError and RangeError as `quantile` does.
 */
export function anyQuantile(
  ...[q, name, window, by = defaultGrouping(name), matchers, transform = identity]: Parameters<typeof quantile>
): string {
  const ofBuckets = quantile(q, name, window, by, matchers, transform)
  const native = transform(`rate(${selectSeries(name, name, matchers ?? {})}[${window}])`)
  return `histogram_quantile(${q}, sum by (${by.join(', ')}) (${native})) or ${ofBuckets}`
}

/** Returns label matchers in PromQL, with braces; an empty string if there are none. */
export function labelMatchers(matchers: Matchers): string {
  const entries = Object.entries(matchers)
  return entries.length === 0 ? '' : `{${entries.map(([label, value]) => `${label}${labelMatcher(value)}`).join(',')}}`
}

/**
 * Returns the PromQL matcher (without braces) of the histogram bucket with this upper bound, in every spelling that a route may
 * produce: OTLP gives `le="1"` and a scrape by Prometheus 3 `le="1.0"`; `le="1e-05"` and `le="0.00001"` are the same bound.
 *
 * @throws RangeError if the histogram has no such bound: how many values are below it is unknown.
 */
export function bucketMatcher(name: MetricName, upperBound: number): string {
  const { bounds = [] } = metrics[name]
  if (!bounds.includes(upperBound)) {
    throw new RangeError(`${name} has no bucket with the upper bound ${upperBound}; its bounds are ${bounds.join(', ')}`)
  }
  const [first = '', ...others] = boundSpellings(upperBound)
  if (others.length === 0) return `le="${first}"`
  return `le=~"${[first, ...others].map((text) => text.replaceAll('.', '\\\\.').replaceAll('+', '\\\\+')).join('|')}"`
}

/** Returns a duration as PromQL writes it, in the largest unit that divides it: `5m`. */
export function formatDuration(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0 && milliseconds >= each) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}

function defaultGrouping(name: MetricName): readonly string[] {
  return metrics[name].attributes.filter((label) => label === 'store')
}

function labelMatcher(value: Matchers[string]): string {
  return typeof value === 'string' ? `=${JSON.stringify(value)}` : `=~${JSON.stringify(value.matches)}`
}

/** As JavaScript writes it, as Go does (Prometheus, the Collector), without an exponent, and with the decimal that Prometheus 3 adds. */
function boundSpellings(bound: number): string[] {
  const javaScript = String(bound)
  const go = bound < 1e-4 ? bound.toExponential().replace(/e-(\d)$/, 'e-0$1') : javaScript
  const plain = bound < 1e-4 ? bound.toFixed(20).replace(/0+$/, '') : javaScript
  return [...new Set([javaScript, go, plain, ...(Number.isInteger(bound) ? [`${bound}.0`] : [])])]
}

function selectSeries(metric: MetricName, series: string, matchers: Matchers): string {
  assertLabels(metric, Object.keys(matchers))
  return `${series}${labelMatchers(matchers)}`
}

function assertKind(name: MetricName, kind: string): void {
  if (metrics[name].kind !== kind) throw new TypeError(`${name} is a ${metrics[name].kind}, not a ${kind}`)
}

function assertLabels(name: MetricName, labels: readonly string[]): void {
  const { attributes } = metrics[name]
  const knownLabels: readonly string[] = [...attributes, ...targetLabels]
  for (const label of labels) {
    if (!knownLabels.includes(label)) throw new TypeError(`${name} has no label ${label}, only ${attributes.join(', ')}`)
  }
}
