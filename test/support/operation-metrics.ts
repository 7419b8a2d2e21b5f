const counters = [
  'db_get_operations_total',
  'db_get_errors_total',
  'db_set_operations_total',
  'db_set_errors_total',
  'db_delete_operations_total',
  'db_delete_errors_total',
  'db_batch_operations_total',
  'db_batch_errors_total',
  'db_batch_entries_total',
  'db_scan_operations_total',
  'db_scan_errors_total',
  'db_scan_entries_total',
  'db_clear_operations_total',
  'db_clear_errors_total',
  'db_has_operations_total',
  'db_has_errors_total',
  'db_get_many_operations_total',
  'db_get_many_errors_total',
  'db_errors_total',
  'db_abandoned_iterators_total',
]

const gauges = [
  'db_queue_depth',
  'db_oldest_operation_age_seconds',
  'db_open_iterators',
  'db_oldest_iterator_age_seconds',
  'db_store_info',
]

const histograms = [
  'db_get_latency_seconds',
  'db_set_latency_seconds',
  'db_delete_latency_seconds',
  'db_batch_latency_seconds',
  'db_scan_latency_seconds',
  'db_clear_latency_seconds',
  'db_has_latency_seconds',
  'db_get_many_latency_seconds',
]

/**
 * Every Prometheus name of the metrics of a LevelDB store's operations. Written by hand: a list derived from the catalog would
 * change with it, and dashboards and rules depend on the names.
 */
export const operationMetrics: readonly string[] = [
  ...counters,
  ...gauges,
  ...histograms.flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
]
