import { worstHealth } from '../health-status.ts'
import {
  aggregateBy,
  divide,
  errorRatio,
  gauge,
  histogramQuantile,
  perOperation,
  perSecond,
  type Query,
  type Selection,
  withUnit,
} from '../query.ts'
import { ratioUnit } from '../units.ts'

/**
 * Copies `service_instance_id` into the label `instance`, so that tables have one column for it on every route. The label with dots is
 * VictoriaMetrics' default; every backend accepts it as the source of `label_replace`.
 */
export const withInstance = (series: string): string =>
  ['service_instance_id', 'service.instance.id'].reduce(
    (expr, label) => `label_replace(${expr}, "instance", "$1", "${label}", "(.+)")`,
    series,
  )

/** The labels of a store of one process. */
export const storeLabels = ['instance', 'store']

/** Groups by store and process. */
export const byStore: Selection = { by: storeLabels, transform: withInstance }

/** Groups by process. */
export const byProcess: Selection = { by: ['instance'], transform: withInstance }

/** Returns the highest P99 latency among the operations. */
export const latencyP99 = (by: readonly string[]): Query =>
  aggregateBy(
    'max',
    by,
    perOperation((metrics) => histogramQuantile(0.99, metrics.latency, byStore)),
  )

/** Share of operations that fail, by store. */
export const storeErrorRatio = errorRatio(storeLabels, withInstance)

/** Share of the time with write stalls. A stall is counted when it ends; while it lasts, only {@link stallAge} shows it. */
export const stallTime = withUnit(ratioUnit, perSecond('db_write_stall_seconds_total', byStore))

/** Age of the current write stall. */
export const stallAge = gauge('max', 'db_write_stall_active_seconds', byStore)

/** Age of the oldest operation in flight. */
export const oldestOperation = gauge('max', 'db_oldest_operation_age_seconds', byStore)

/** Share of the volume that is free. */
export const freeDiskRatio = divide(
  gauge('min', 'db_disk_available_bytes', byStore),
  gauge('min', 'db_disk_capacity_bytes', byStore),
)

/** Worst status of each health check, by store. */
export const checkHealth = worstHealth([...storeLabels, 'check'], withInstance)
