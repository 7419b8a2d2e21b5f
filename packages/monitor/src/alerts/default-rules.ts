import type { MetricName, Operation } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { Condition } from './conditions.ts'
import type { AlertRule } from './rule.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

/** The runbook that is shipped with this package: a section for each rule, under its name without the operation. */
const runbook = '@wombat/monitor/RUNBOOK.md'

/** A rule over the catalogue's metrics: a name that the catalogue does not have fails to compile. */
type Catalogued<Rule> = Rule extends { readonly of: string }
  ? Omit<Rule, 'metric' | 'of'> & { readonly metric: MetricName; readonly of: MetricName }
  : Rule extends AlertRule
    ? Omit<Rule, 'metric'> & { readonly metric: MetricName }
    : never

function rule(summary: string, own: Catalogued<AlertRule>, section: string = own.name): AlertRule {
  return { ...own, annotations: { summary, runbook: `${runbook}#${section.toLowerCase()}` } } as AlertRule
}

/** At least one operation a second: of less, a share or a quantile says little. */
const traffic = (operation: Operation): Condition => ({
  condition: 'rate_above',
  metric: operationMetrics(operation).operations,
  threshold: 1,
})

const title = (operation: Operation): string =>
  operation.replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase())

const errorRules = (['get', 'set', 'delete', 'batch', 'scan'] as const).map((operation) =>
  rule(
    `{{ value | percent }} of the ${operation} operations of {{ labels.store }} fail.`,
    {
      name: `HighErrorRate${title(operation)}`,
      condition: 'ratio_above',
      metric: operationMetrics(operation).errors,
      of: operationMetrics(operation).operations,
      threshold: 0.05,
      clearThreshold: 0.02,
      durationMs: 5 * minuteMs,
      severity: 'critical',
    },
    'HighErrorRate',
  ),
)

const slowThresholdSeconds = { get: 0.1, set: 0.25, delete: 0.25, batch: 1 } as const

const slowRules = (['get', 'set', 'delete', 'batch'] as const).map((operation) =>
  rule(
    `One in a hundred ${operation} operations of {{ labels.store }} takes longer than {{ value | duration }}.`,
    {
      name: `SlowResponseTime${title(operation)}`,
      condition: 'quantile_above',
      metric: operationMetrics(operation).latency,
      quantile: 0.99,
      threshold: slowThresholdSeconds[operation],
      onlyIf: traffic(operation),
      durationMs: 10 * minuteMs,
      severity: 'warning',
    },
    'SlowResponseTime',
  ),
)

/** The rules for any store. A rule over what a store's engine cannot say stays silent. */
export const defaultRules: readonly AlertRule[] = Object.freeze([
  ...errorRules,
  ...slowRules,
  rule('An operation of {{ labels.store }} has been waiting for {{ value | duration }}: the store has stalled.', {
    name: 'StoreStalled',
    condition: 'metric_above',
    metric: 'db_oldest_operation_age_seconds',
    threshold: 10,
    severity: 'critical',
  }),
  rule('{{ labels.store }} has held its writers back for {{ value | duration }} ({{ labels.cause }}), and still does.', {
    name: 'WriteStallNow',
    condition: 'metric_above',
    metric: 'db_write_stall_active_seconds',
    threshold: 5,
    severity: 'critical',
  }),
  rule('{{ labels.store }} holds its writers back for {{ value | percent }} of the time ({{ labels.cause }}).', {
    name: 'WriteStallTime',
    condition: 'rate_above',
    metric: 'db_write_stall_seconds_total',
    threshold: 0.05,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('Level 0 of {{ labels.store }} holds {{ value }} files: compaction falls behind, and a write stall is near.', {
    name: 'LevelZeroPileUp',
    condition: 'metric_above',
    metric: 'db_level_files',
    where: { level: '0' },
    threshold: 10,
    clearThreshold: 6,
    durationMs: 2 * minuteMs,
    severity: 'warning',
  }),
  rule('Compaction of {{ labels.store }} still has to rewrite {{ value | bytes }}.', {
    name: 'CompactionLag',
    condition: 'metric_above',
    metric: 'db_compaction_pending_bytes',
    threshold: 16 * gibibyte,
    durationMs: 15 * minuteMs,
    severity: 'warning',
  }),
  rule('{{ value | percent }} of the volume under {{ labels.store }} is free.', {
    name: 'LowDiskSpace',
    condition: 'share_below',
    metric: 'db_disk_available_bytes',
    of: 'db_disk_capacity_bytes',
    threshold: 0.1,
    clearThreshold: 0.12,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('{{ value | bytes }} are free on the volume under {{ labels.store }}: writes will fail.', {
    name: 'DiskAlmostFull',
    condition: 'metric_below',
    metric: 'db_disk_available_bytes',
    threshold: 100 * mebibyte,
    severity: 'emergency',
  }),
  rule('At its pace of the last hour, the volume under {{ labels.store }} is full within four hours.', {
    name: 'DiskFullWithinFourHours',
    condition: 'forecast_below',
    metric: 'db_disk_available_bytes',
    windowMs: hourMs,
    aheadMs: 4 * hourMs,
    threshold: 0,
    durationMs: 10 * minuteMs,
    severity: 'critical',
  }),
  rule('The process uses {{ value | percent }} of the memory it may use.', {
    name: 'HighMemoryUsage',
    condition: 'share_above',
    metric: 'wombat_process_resident_memory_bytes',
    of: 'wombat_process_memory_limit_bytes',
    threshold: 0.9,
    clearThreshold: 0.85,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('The background work of {{ labels.store }} fails.', {
    name: 'BackgroundErrors',
    condition: 'rate_above',
    metric: 'db_background_errors_total',
    threshold: 0,
    severity: 'critical',
  }),
  rule('{{ labels.store }} has damaged data: {{ value }} operations found it.', {
    name: 'DataCorruption',
    condition: 'metric_above',
    metric: 'db_errors_total',
    where: { error_type: 'LEVEL_CORRUPTION' },
    threshold: 0,
    severity: 'emergency',
  }),
  rule('The health check {{ labels.check }} is critical.', {
    name: 'HealthCritical',
    condition: 'metric_above',
    metric: 'db_health_status',
    where: { status: 'critical' },
    threshold: 0,
    durationMs: minuteMs,
    severity: 'critical',
  }),
  rule('The health check {{ labels.check }} is unhealthy.', {
    name: 'HealthUnhealthy',
    condition: 'metric_above',
    metric: 'db_health_status',
    where: { status: 'unhealthy' },
    threshold: 0,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('One turn in a hundred of the event loop is {{ value | duration }} late: every operation waits for it.', {
    name: 'EventLoopLate',
    condition: 'quantile_above',
    metric: 'wombat_process_event_loop_delay_seconds',
    quantile: 0.99,
    threshold: 0.25,
    clearThreshold: 0.1,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('No store is measured: nothing is open, or the instrumentation is gone.', {
    name: 'NoData',
    condition: 'metric_absent',
    metric: 'db_store_info',
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  rule('Exports over {{ labels.exporter }} fail: what is seen elsewhere is old.', {
    name: 'ExporterFailing',
    condition: 'rate_above',
    metric: 'wombat_monitor_export_failures_total',
    threshold: 0,
    durationMs: 15 * minuteMs,
    severity: 'info',
  }),
])
