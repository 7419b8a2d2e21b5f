import { type MetricName, metrics } from '@wombat/instrumentation'

/**
 * The matcher of the bucket that ends at a bound, in every spelling that a route may give it: `le="1"` comes over OTLP, `le="1.0"`
 * from a scrape by Prometheus 3, `le="1e-05"` and `le="0.00001"` alike.
 *
 * @throws RangeError where no bucket of the histogram ends there: what lies within a bucket cannot be told.
 */
export function bucketMatcher(name: MetricName, seconds: number): string {
  const { bounds = [] } = metrics[name]
  if (!bounds.includes(seconds)) {
    throw new RangeError(
      `${name} has no bucket that ends at ${seconds}: how many were faster cannot be told; there are ${bounds.join(', ')}`,
    )
  }
  const [first = '', ...others] = spellings(seconds)
  if (others.length === 0) return `le="${first}"`
  return `le=~"${[first, ...others].map((text) => text.replaceAll('.', '\\\\.').replaceAll('+', '\\\\+')).join('|')}"`
}

/** As JavaScript writes it, as Go does (Prometheus, the Collector), with the decimal that Prometheus 3 adds, and without an exponent. */
function spellings(bound: number): string[] {
  const javaScript = String(bound)
  const go = bound < 1e-4 ? bound.toExponential().replace(/e-(\d)$/, 'e-0$1') : javaScript
  const plain = bound < 1e-4 ? bound.toFixed(20).replace(/0+$/, '') : javaScript
  return [...new Set([javaScript, go, plain, ...(Number.isInteger(bound) ? [`${bound}.0`] : [])])]
}
