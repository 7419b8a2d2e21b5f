import type { RangeQuery } from '../../data/use-range.ts'

/** A query of one metric. Its window is known, unless its function is `value`. */
export type PromQlQuery = RangeQuery & { readonly metric: string }

/** Functions over a window, as PromQL calls them. */
const windowFunctions: Readonly<Record<string, string>> = {
  rate: 'rate',
  increase: 'increase',
  min: 'min_over_time',
  max: 'max_over_time',
  avg: 'avg_over_time',
}

/** Returns the PromQL expression with the same results in Prometheus. Of several quantiles, each has its own label `quantile`. */
export function formatPromQl(query: PromQlQuery): string {
  if (query.function !== 'quantile') return aggregateSeries(query, applyFunction(query))
  const quantiles = [query.quantile ?? []].flat()
  const expressions = quantiles.map((quantile) => formatQuantile(quantile, query))
  if (expressions.length === 1) return expressions.join('')
  return expressions
    .map((expression, index) => `label_replace(${expression}, "quantile", "${quantiles[index]}", "", "")`)
    .join('\nor\n')
}

/** Returns PromQL for how many values fell into each bucket of a histogram in each step. In Prometheus, buckets are cumulative. */
export function formatBucketsPromQl({ metric, labels }: PromQlQuery, step: string): string {
  return `sum by (le) (increase(${selector(`${metric}_bucket`, labels)}[${step}]))`
}

function formatQuantile(quantile: number, { metric, labels, by, window }: PromQlQuery): string {
  const rates = `rate(${selector(`${metric}_bucket`, labels)}[${window}])`
  return `histogram_quantile(${quantile}, ${by === undefined ? rates : `sum ${grouping([...keptLabels(by), 'le'])}(${rates})`})`
}

function applyFunction({ metric, labels, function: name = 'value', window }: PromQlQuery): string {
  const series = selector(metric, labels)
  return name === 'value' ? series : `${windowFunctions[name] ?? name}(${series}[${window}])`
}

function aggregateSeries({ by, aggregate = 'sum' }: PromQlQuery, expression: string): string {
  if (by === undefined) return expression
  const labels = keptLabels(by)
  return labels.length === 0 ? `${aggregate}(${expression})` : `${aggregate} ${grouping(labels)}(${expression})`
}

/** Functions drop the name of the metric, and there is only one. */
function keptLabels(by: readonly string[]): readonly string[] {
  return by.filter((label) => label !== '__name__')
}

function grouping(labels: readonly string[]): string {
  return `by (${labels.map(labelName).join(', ')}) `
}

function selector(name: string, labels: RangeQuery['labels'] = {}): string {
  const matchers = Object.entries(labels).flatMap(([label, values]) => {
    if (values === undefined) return []
    return [`${labelName(label)}${matcher(label, typeof values === 'string' ? [values] : values)}`]
  })
  // Prometheus 3 wants other names in quotes, within the braces.
  if (!/^[A-Za-z_:][\w:]*$/.test(name)) return `{${[quote(name), ...matchers].join(',')}}`
  return matchers.length === 0 ? name : `${name}{${matchers.join(',')}}`
}

function labelName(label: string): string {
  return /^[A-Za-z_]\w*$/.test(label) ? label : quote(label)
}

function matcher(label: string, values: readonly string[]): string {
  const spellings = label === 'le' ? [...new Set(values.flatMap(boundSpellings))] : values
  if (spellings.length === 1) return `=${quote(spellings[0] ?? '')}`
  return `=~${quote(spellings.map((value) => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|'))}`
}

/** Returns the ways in which a bound of a bucket may be written: Prometheus 3 stores `1.0` for `1`, and Go writes `1e-05`. */
function boundSpellings(text: string): readonly string[] {
  const bound = Number(text)
  if (!Number.isFinite(bound)) return [text]
  const go = bound !== 0 && Math.abs(bound) < 1e-4 ? bound.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(bound)
  return [...new Set([text, go, ...(Number.isInteger(bound) ? [`${bound}.0`] : [])])]
}

/** Strings of PromQL have the escapes of Go, which has those of JSON. */
function quote(text: string): string {
  return JSON.stringify(text)
}
