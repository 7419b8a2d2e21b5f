import { metrics, operations, storeAdapters } from '@wombat/instrumentation'
import { operationMetrics, readControlGroupMemory } from '@wombat/instrumentation/internal'
import type { RoutedQuery } from './panel-query.ts'

/** Metrics that every measured store has, whatever its engine. */
const engineIndependentMetrics: readonly string[] = [
  'db_errors_total',
  'db_batch_entries_total',
  'db_scan_entries_total',
  'db_queue_depth',
  'db_oldest_operation_age_seconds',
  'db_slow_operations_total',
  'db_open_iterators',
  'db_oldest_iterator_age_seconds',
  'db_abandoned_iterators_total',
  'db_store_info',
  'db_health_status',
  'db_health_changes_total',
  'db_health_check_duration_seconds',
  'db_alerts',
  ...operations.flatMap((operation) => Object.values(operationMetrics(operation))),
]

/** Metrics that not every machine has, with a check for this machine. */
const machineMetrics: ReadonlyArray<{
  readonly metric: string
  readonly why: string
  readonly isMissing: () => Promise<boolean>
}> = [
  {
    metric: 'wombat_process_group_memory_bytes',
    why: 'this process is not in a control group',
    isMissing: async () => (await readControlGroupMemory()) === undefined,
  },
]

/** Metrics that exist only where an option is on, and words of the empty panel that say so. */
const optionalMetrics: Readonly<Record<string, string>> = {
  db_sublevel_operations_total: 'bySublevel',
  db_sublevel_errors_total: 'bySublevel',
  db_sublevel_operation_seconds_total: 'bySublevel',
  wombat_monitor_login_failures_total: 'authToken',
  wombat_monitor_tls_certificate_remaining_seconds: 'option tls',
  wombat_monitor_tls_handshake_failures_total: 'option tls',
  wombat_monitor_reload_failures_total: 'option tls',
  wombat_monitor_unmeasured_modules: 'found automatically',
  wombat_monitor_workers: 'only one process',
  wombat_monitor_workers_ended_total: 'only one process',
  wombat_monitor_workers_refused_total: 'only one process',
}

/** The reason why a query may have no result: the engines, the machine, an option, or an event that has not happened. */
export interface ExpectedGap {
  readonly kind: 'engine' | 'machine' | 'option' | 'event'
  readonly why: string
}

/** Returns the reason why a query may be empty with these engines; `undefined` if it must have a result. */
export async function explainGap(query: RoutedQuery, engines: readonly string[]): Promise<ExpectedGap | undefined> {
  const option = query.metrics.map((name) => optionalMetrics[name]).find((words) => words !== undefined)
  if (option !== undefined) return { kind: 'option', why: option }
  const missing = unreportedMetrics(query.metrics, engines)
  if (missing.length > 0) return { kind: 'engine', why: missing.map(describeReporters).join('; ') }
  const selected = [...query.expr.prometheus.matchAll(/engine="(\w+)"/g)].map(([, engine = '']) => engine)
  if (selected.some((engine) => !engines.includes(engine))) return { kind: 'engine', why: `for ${selected.join(', ')} only` }
  for (const { metric, why, isMissing } of machineMetrics) {
    if (query.metrics.includes(metric) && (await isMissing())) return { kind: 'machine', why }
  }
  return query.isAboveZeroOnly ? { kind: 'event', why: 'no value is above 0' } : undefined
}

/** Returns the metrics that none of the engines reports. */
export function unreportedMetrics(names: readonly string[], engines: readonly string[]): string[] {
  const reported = engines.flatMap((engine) => storeAdapters.flatMap(({ engineMetrics }) => engineMetrics[engine] ?? []))
  return names.filter((name) => {
    return (
      name.startsWith('db_') &&
      Object.hasOwn(metrics, name) &&
      !engineIndependentMetrics.includes(name) &&
      !Object.hasOwn(optionalMetrics, name) &&
      !reported.some((one) => one === name)
    )
  })
}

/** Returns the engines that report a metric. */
export function reportingEngines(name: string): string[] {
  const all = storeAdapters.flatMap(({ engineMetrics }) => Object.entries(engineMetrics))
  return [...new Set(all.filter(([, reported]) => reported.some((one) => one === name)).map(([engine]) => engine))].sort()
}

function describeReporters(name: string): string {
  const engines = reportingEngines(name)
  return `${name}: reported by ${engines.length === 0 ? 'no engine' : engines.join(', ')}`
}
