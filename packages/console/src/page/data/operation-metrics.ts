import type { Labels } from '../api/types.ts'
import type { RangeQuery } from './use-range.ts'

/** The operations that stores have, in the order in which they are shown. */
export const operations = ['get', 'set', 'delete', 'batch', 'scan', 'has', 'get_many', 'clear'] as const

/** Returns the metric that counts an operation. */
export function countMetric(operation: string): string {
  return `db_${operation}_operations_total`
}

/** Returns the metric of the latency of an operation. */
export function latencyMetric(operation: string): string {
  return `db_${operation}_latency_seconds`
}

/** Returns the metric that counts the failures of an operation. */
export function errorMetric(operation: string): string {
  return `db_${operation}_errors_total`
}

/** Returns the operation that the metric of a series is about; undefined if it is about none. */
export function operationIn({ metric, labels }: { readonly metric?: string; readonly labels: Labels }): string | undefined {
  return /^db_(.+)_(?:operations_total|latency_seconds|errors_total)$/.exec(metric ?? labels['__name__'] ?? '')?.[1]
}

/** Returns the query for the rate of each operation. */
export function ratesByOperation(shown: readonly string[], store: string | undefined): RangeQuery {
  return { metric: shown.map(countMetric), function: 'rate', labels: { store }, by: ['__name__'] }
}
