import type { MetricName, Operation } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { Condition } from './conditions.ts'
import type { AlertRule } from './rule.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

/**
 * Where the runbook of this package is published. Each rule has a section: its name, without the operation. The option
 * `runbookBaseUrl` replaces it.
 */
export const defaultRunbookUrl = 'https://github.com/wombat-db/wombat-observability/blob/main/packages/monitor/RUNBOOK.md'

/** A rule over metrics of the catalog: an unknown metric name fails to compile. */
type CatalogRule<Rule> = Rule extends { readonly of: string }
  ? Omit<Rule, 'metric' | 'of'> & { readonly metric: MetricName; readonly of: MetricName }
  : Rule extends AlertRule
    ? Omit<Rule, 'metric'> & { readonly metric: MetricName }
    : never

function createRule(summary: string, rule: CatalogRule<AlertRule>, section: string = rule.name): AlertRule {
  return { ...rule, annotations: { summary }, runbookUrl: `${defaultRunbookUrl}#${section.toLowerCase()}` } as AlertRule
}

/** Holds from one operation per second: with less traffic, a quantile depends on single operations. */
const hasTraffic = (operation: Operation): Condition => ({
  condition: 'rate_above',
  metric: operationMetrics(operation).operations,
  threshold: 1,
})

const toPascalCase = (operation: Operation): string =>
  operation.replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase())

const errorRules = (['get', 'set', 'delete', 'batch', 'scan'] as const).map((operation) =>
  createRule(
    `{{ value | percent }} of the ${operation} operations of {{ labels.store }} fail.`,
    {
      name: `HighErrorRate${toPascalCase(operation)}`,
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
  createRule(
    `The 99th percentile of ${operation} latency of {{ labels.store }} is {{ value | duration }}.`,
    {
      name: `SlowResponseTime${toPascalCase(operation)}`,
      condition: 'quantile_above',
      metric: operationMetrics(operation).latency,
      quantile: 0.99,
      threshold: slowThresholdSeconds[operation],
      onlyIf: hasTraffic(operation),
      durationMs: 10 * minuteMs,
      severity: 'warning',
    },
    'SlowResponseTime',
  ),
)

/**
 * The default alert rules, for any store. A rule over a metric that the engine of a store does not supply stays inactive.
 *
 * @example
 * ```ts
 * import { defaultRules } from '@wombat/monitor'
 *
 * // All default rules except those about latency: pass them as `startMonitoring({ alertRules })`.
 * const alertRules = defaultRules.filter(({ name }) => !name.startsWith('SlowResponseTime'))
 * if (alertRules.length === 0) throw new Error('expected rules')
 * ```
 */
export const defaultRules: readonly AlertRule[] = Object.freeze([
  ...errorRules,
  ...slowRules,
  createRule('{{ labels.store }} is stalled: an operation has been in flight for {{ value | duration }}.', {
    name: 'StoreStalled',
    condition: 'metric_above',
    metric: 'db_oldest_operation_age_seconds',
    threshold: 10,
    severity: 'critical',
  }),
  createRule('Writes to {{ labels.store }} have been stalled for {{ value | duration }} (cause: {{ labels.cause }}).', {
    name: 'WriteStallNow',
    condition: 'metric_above',
    metric: 'db_write_stall_active_seconds',
    threshold: 5,
    severity: 'critical',
  }),
  createRule('Writes to {{ labels.store }} are stalled {{ value | percent }} of the time (cause: {{ labels.cause }}).', {
    name: 'WriteStallTime',
    condition: 'rate_above',
    metric: 'db_write_stall_seconds_total',
    threshold: 0.05,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('Level 0 of {{ labels.store }} has {{ value }} files: compaction is falling behind, and writes may stall.', {
    name: 'LevelZeroPileUp',
    condition: 'metric_above',
    metric: 'db_level_files',
    where: { level: '0' },
    threshold: 10,
    clearThreshold: 6,
    durationMs: 2 * minuteMs,
    severity: 'warning',
  }),
  createRule('{{ labels.store }} has {{ value | bytes }} of pending compaction.', {
    name: 'CompactionLag',
    condition: 'metric_above',
    metric: 'db_compaction_pending_bytes',
    threshold: 16 * gibibyte,
    durationMs: 15 * minuteMs,
    severity: 'warning',
  }),
  createRule('Only {{ value | percent }} of the volume of {{ labels.store }} is free.', {
    name: 'LowDiskSpace',
    condition: 'share_below',
    metric: 'db_disk_available_bytes',
    of: 'db_disk_capacity_bytes',
    threshold: 0.1,
    clearThreshold: 0.12,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('Only {{ value | bytes }} are free on the volume of {{ labels.store }}: writes are about to fail.', {
    name: 'DiskAlmostFull',
    condition: 'metric_below',
    metric: 'db_disk_available_bytes',
    threshold: 100 * mebibyte,
    severity: 'emergency',
  }),
  createRule('The volume of {{ labels.store }} will be full within four hours if it keeps filling up as in the last six.', {
    name: 'DiskFullWithinFourHours',
    condition: 'forecast_below',
    metric: 'db_disk_available_bytes',
    windowMs: 6 * hourMs,
    aheadMs: 4 * hourMs,
    threshold: 0,
    // A burst, such as a bulk load or a backup, is over before that; and a volume with much space left needs no one at night.
    onlyIf: { condition: 'share_below', metric: 'db_disk_available_bytes', of: 'db_disk_capacity_bytes', threshold: 0.2 },
    durationMs: hourMs,
    severity: 'critical',
  }),
  createRule('Only {{ value }} inodes are free on the volume of {{ labels.store }}: new files cannot be created without one.', {
    name: 'FewInodes',
    condition: 'metric_below',
    metric: 'db_disk_available_inodes',
    threshold: 10_000,
    clearThreshold: 12_000,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('The write-ahead log of {{ labels.store }} has {{ value | bytes }}: a reader keeps it from being checkpointed.', {
    name: 'CheckpointStarved',
    condition: 'metric_above',
    metric: 'db_wal_bytes',
    threshold: 64 * mebibyte,
    clearThreshold: 32 * mebibyte,
    // The logs of other engines have a size of their own, which their write buffer sets.
    onlyIf: { condition: 'metric_above', metric: 'db_store_info', where: { engine: 'sqlite' }, threshold: 0 },
    onlyIfBy: ['store'],
    durationMs: 10 * minuteMs,
    severity: 'warning',
  }),
  createRule('{{ value | percent }} of the files of {{ labels.store }} are unused space.', {
    name: 'FragmentedFiles',
    condition: 'share_above',
    metric: 'db_free_bytes',
    of: 'db_total_disk_bytes',
    threshold: 0.5,
    clearThreshold: 0.4,
    onlyIf: { condition: 'metric_above', metric: 'db_total_disk_bytes', threshold: gibibyte },
    durationMs: hourMs,
    severity: 'info',
  }),
  createRule('{{ labels.store }} has {{ value }} open iterators: each one keeps files and memory that are no longer needed.', {
    name: 'IteratorsHeld',
    condition: 'metric_above',
    metric: 'db_open_iterators',
    threshold: 100,
    clearThreshold: 50,
    durationMs: 30 * minuteMs,
    severity: 'warning',
  }),
  createRule('{{ labels.store }} has had an open snapshot for an hour: what was overwritten since stays on disk.', {
    name: 'SnapshotsHeld',
    condition: 'metric_above',
    metric: 'db_open_snapshots',
    threshold: 0,
    durationMs: hourMs,
    severity: 'info',
  }),
  createRule('{{ value }} operations of {{ labels.store }} are in flight: more are started than the store completes.', {
    name: 'QueueTooDeep',
    condition: 'metric_above',
    metric: 'db_queue_depth',
    threshold: 1000,
    clearThreshold: 500,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('The process uses {{ value | percent }} of its memory limit.', {
    name: 'HighMemoryUsage',
    condition: 'share_above',
    metric: 'wombat_process_resident_memory_bytes',
    of: 'wombat_process_memory_limit_bytes',
    threshold: 0.9,
    clearThreshold: 0.85,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('Flushes or compactions of {{ labels.store }} fail.', {
    name: 'BackgroundErrors',
    condition: 'rate_above',
    metric: 'db_background_errors_total',
    threshold: 0,
    severity: 'critical',
  }),
  createRule('{{ labels.store }} has corrupted data: {{ value }} operations failed because of it.', {
    name: 'DataCorruption',
    condition: 'metric_above',
    metric: 'db_errors_total',
    where: { error_type: 'LEVEL_CORRUPTION' },
    threshold: 0,
    severity: 'emergency',
  }),
  createRule('The health check {{ labels.check }} is critical.', {
    name: 'HealthCritical',
    condition: 'metric_above',
    metric: 'db_health_status',
    where: { status: 'critical' },
    threshold: 0,
    durationMs: minuteMs,
    severity: 'critical',
  }),
  createRule('The health check {{ labels.check }} is unhealthy.', {
    name: 'HealthUnhealthy',
    condition: 'metric_above',
    metric: 'db_health_status',
    where: { status: 'unhealthy' },
    threshold: 0,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('The 99th percentile of event loop delay is {{ value | duration }}: every operation waits for that.', {
    name: 'EventLoopLate',
    condition: 'quantile_above',
    metric: 'wombat_process_event_loop_delay_seconds',
    quantile: 0.99,
    threshold: 0.25,
    clearThreshold: 0.1,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('No open store is measured.', {
    name: 'NoData',
    condition: 'metric_absent',
    metric: 'db_store_info',
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('Exports by {{ labels.exporter }} fail: the data at the receiver is outdated.', {
    name: 'ExporterFailing',
    condition: 'rate_above',
    metric: 'wombat_monitor_export_failures_total',
    threshold: 0,
    durationMs: 15 * minuteMs,
    severity: 'info',
  }),
  createRule('Notifications of {{ labels.notifier }} were given up: alerts have reached no one.', {
    name: 'NotificationsDropped',
    condition: 'rate_above',
    metric: 'wombat_monitor_notifications_dropped_total',
    windowMs: 15 * minuteMs,
    threshold: 0,
    severity: 'warning',
  }),
  createRule('{{ value }} notifications of {{ labels.notifier }} are owed: its receiver cannot be reached.', {
    name: 'NotificationsOwed',
    condition: 'metric_above',
    metric: 'wombat_monitor_notifications_pending',
    threshold: 0,
    durationMs: 10 * minuteMs,
    severity: 'warning',
  }),
  createRule('The monitor itself holds the event loop for {{ value | duration }} at once (part: {{ labels.part }}).', {
    name: 'MonitorBlocksEventLoop',
    condition: 'metric_above',
    metric: 'wombat_monitor_longest_block_seconds',
    threshold: 0.05,
    clearThreshold: 0.025,
    durationMs: 10 * minuteMs,
    severity: 'warning',
  }),
  createRule('Alert rules are not evaluated in time: the event loop is blocked for longer than their interval.', {
    name: 'AlertEvaluationsMissed',
    condition: 'rate_above',
    metric: 'wombat_monitor_alert_evaluations_missed_total',
    windowMs: 15 * minuteMs,
    threshold: 0,
    durationMs: 10 * minuteMs,
    severity: 'warning',
  }),
  createRule('Alert rules fail: their alerts keep their last state.', {
    name: 'AlertEvaluationsFailing',
    condition: 'rate_above',
    metric: 'wombat_monitor_alert_evaluation_failures_total',
    threshold: 0,
    durationMs: 5 * minuteMs,
    severity: 'warning',
  }),
  createRule('The history file cannot be written or read: after a restart, recent samples and alerts are missing.', {
    name: 'HistoryFailing',
    condition: 'rate_above',
    metric: 'wombat_monitor_history_failures_total',
    threshold: 0,
    durationMs: 10 * minuteMs,
    severity: 'warning',
  }),
])

/** Names of the default rules. */
export const defaultRuleNames: ReadonlySet<string> = new Set(defaultRules.map(({ name }) => name))

/** Returns rules that link to the runbook where it is published, instead of to its repository. The others stay the same objects. */
export function withRunbookBase(rules: readonly AlertRule[], baseUrl: string): AlertRule[] {
  if (baseUrl === defaultRunbookUrl) return [...rules]
  return rules.map((rule) =>
    rule.runbookUrl?.startsWith(`${defaultRunbookUrl}#`)
      ? { ...rule, runbookUrl: rule.runbookUrl.replace(defaultRunbookUrl, baseUrl) }
      : rule,
  )
}
