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

/** Returns the operation that a metric is about; undefined if it is about none. */
export function operationOf(metric: string | undefined): string | undefined {
  return /^db_(.+)_(?:operations_total|latency_seconds|errors_total)$/.exec(metric ?? '')?.[1]
}
