import { type MetricKind, type MetricName, metrics } from '@wombat/instrumentation'
import type { ExpectedSeries, Sample } from './series.ts'

const samplePattern = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(?<value>\S+)/
const labelPattern = /(?<key>[a-zA-Z_]\w*)\s*=\s*"(?<text>(?:[^"\\]|\\.)*)"/g

/** Returns the samples of a text in Prometheus' text format or OpenMetrics. Comments and lines that are not samples are skipped. */
export function parseExposition(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const { name, labels = '', value } = samplePattern.exec(line)?.groups ?? {}
    if (name === undefined || value === undefined) return []
    return [{ name, labels: parseLabels(labels), value: parseNumber(value) }]
  })
}

/** Returns a number from Prometheus' notation: `+Inf`, `NaN`, `1e-05`. */
export function parseNumber(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
}

/**
 * Returns one counter, one gauge and one histogram of a process's samples, those of a store first. A route treats all metrics of a
 * kind alike, so one of each is enough. Their values keep changing, so any value is expected.
 */
export function selectExpectedSeries(samples: readonly Sample[]): ExpectedSeries[] {
  const storesFirst = [...samples].sort((a, b) => Number('store' in b.labels) - Number('store' in a.labels))
  return (['counter', 'gauge', 'histogram'] as const).flatMap((kind) => {
    const sample = storesFirst.find(({ name }) => isOfKind(kind, name))
    return sample === undefined ? [] : [toExpectedSeries(kind, sample)]
  })
}

function isOfKind(kind: MetricKind, seriesName: string): boolean {
  if (kind === 'histogram' && !seriesName.endsWith('_count')) return false
  const metric = kind === 'histogram' ? seriesName.slice(0, -'_count'.length) : seriesName
  return Object.hasOwn(metrics, metric) && metrics[metric as MetricName].kind === kind
}

function toExpectedSeries(kind: MetricKind, { name, labels }: Sample): ExpectedSeries {
  const ending = kind === 'histogram' ? '_count' : ''
  // Without the suffixes that a route may add or drop.
  const stem = name.slice(0, name.length - ending.length).replace(/(_seconds|_bytes)?(_total)?$/, '')
  return { name, labels, value: undefined, stem, ending, hasUniqueValue: false }
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(labelPattern)].map(({ groups }) => [groups?.['key'] ?? '', unescapeLabel(groups?.['text'] ?? '')]),
  )
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter))
}
