import { type MetricName, metrics } from '@wombat/instrumentation'

/** Label matchers of a query: `{ store: 'orders' }`. */
export type Matchers = Readonly<Record<string, string>>

/**
 * A series selector. The name is the catalogue's, so that a renamed metric fails to compile here.
 *
 * @throws TypeError where the metric has no such label.
 */
export function selector(name: MetricName, matchers: Matchers = {}): string {
  return select(name, name, matchers)
}

/** Increase per second of a counter, by label, over a window such as `5m`. */
export function rate(name: MetricName, window: string, by: readonly string[] = ['store'], matchers: Matchers = {}): string {
  expectKind(name, 'counter')
  return `sum by (${by.join(', ')}) (rate(${selector(name, matchers)}[${window}]))`
}

/**
 * A quantile of a histogram by label over a window. Buckets are selected only inside `histogram_quantile`: their bounds are
 * written differently by different routes (`le="1"` and `le="1.0"`).
 */
export function quantile(
  q: number,
  name: MetricName,
  window: string,
  by: readonly string[] = ['store'],
  matchers: Matchers = {},
): string {
  expectKind(name, 'histogram')
  if (!(q > 0 && q < 1)) throw new RangeError(`a quantile lies between 0 and 1, got ${q}`)
  return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (rate(${select(name, `${name}_bucket`, matchers)}[${window}])))`
}

function select(metric: MetricName, series: string, matchers: Matchers): string {
  const entries = Object.entries(matchers)
  const { attributes } = metrics[metric]
  for (const [label] of entries) {
    if (!attributes.includes(label)) throw new TypeError(`${metric} has no label ${label}, only ${attributes.join(', ')}`)
  }
  return entries.length === 0
    ? series
    : `${series}{${entries.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`
}

function expectKind(name: MetricName, kind: string): void {
  if (metrics[name].kind !== kind) throw new TypeError(`${name} is a ${metrics[name].kind}, not a ${kind}`)
}
