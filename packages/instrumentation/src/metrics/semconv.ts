/** The four kinds. A summary is kept as a histogram and shown as quantiles; OpenTelemetry JS has no summary point. */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** What a metric is: said once, everything else (instruments, documentation, dashboards) is derived from it. */
export interface MetricDefinition {
  readonly name: string
  readonly kind: MetricKind
  /** UCUM: `s`, `By`, `1` (never on a gauge) or an annotation such as `{operation}`. */
  readonly unit: string
  /** One sentence: what a reader of a chart needs to know. */
  readonly description: string
  /** The label keys a series of this metric carries, in the order they are documented. */
  readonly attributes: readonly string[]
  /** Upper bounds of the explicit buckets, ascending. Histograms and summaries only. */
  readonly bounds?: readonly number[]
}

/** {1, 2.5, 5} x 10^-6 ... 10^1 s: they contain the bounds of OpenTelemetry's `db.client.operation.duration`. */
export const latencyBounds: readonly number[] = Object.freeze([
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
])

/** What a store can be asked to do. An adapter maps its own verbs (put, del, ...) on these. */
export const operations = ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'] as const
export type Operation = (typeof operations)[number]

const durationBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000,
] as const
const ratioBounds = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 7.5, 10, 15, 25, 50, 100] as const

type Row = Omit<MetricDefinition, 'name'>

function row(
  kind: MetricKind,
  unit: string,
  description: string,
  attributes: readonly string[],
  bounds?: readonly number[],
): Row {
  return { kind, unit, description, attributes, ...(bounds && { bounds }) }
}

/** A row of a store's metric: the first label is always the store's name. */
const counter = (unit: string, description: string, ...attributes: string[]) =>
  row('counter', unit, description, ['store', ...attributes])
const gauge = (unit: string, description: string, ...attributes: string[]) =>
  row('gauge', unit, description, ['store', ...attributes])
const histogram = (unit: string, description: string, bounds: readonly number[], ...attributes: string[]) =>
  row('histogram', unit, description, ['store', ...attributes], bounds)

type OperationRows = { [O in Operation as `db_${O}_operations_total` | `db_${O}_latency_seconds` | `db_${O}_errors_total`]: Row }

const verbs: Readonly<Record<Operation, string>> = {
  get: 'get',
  set: 'set',
  delete: 'delete',
  batch: 'batch write',
  scan: 'scan',
  clear: 'clear',
  has: 'existence check',
  get_many: 'get of many keys',
}

const operationRows = Object.fromEntries(
  operations.flatMap((operation) => {
    const verb = verbs[operation]
    const article = verb === 'existence check' ? 'an' : 'a'
    return [
      [`db_${operation}_operations_total`, counter('{operation}', `Times ${article} ${verb} was settled, with success or not.`)],
      [
        `db_${operation}_latency_seconds`,
        histogram('s', `Time the store took for ${article} ${verb}, from call to settlement.`, latencyBounds),
      ],
      [`db_${operation}_errors_total`, counter('{error}', `Times ${article} ${verb} failed.`)],
    ]
  }),
) as OperationRows

const storeRows = {
  db_errors_total: counter(
    '{error}',
    'Failed operations by kind; a series appears with its first error.',
    'operation',
    'error_type',
  ),
  db_batch_entries_total: counter('{entry}', 'Entries written by batches that succeeded.'),
  db_scan_entries_total: counter('{entry}', 'Entries delivered by scans that succeeded.'),
  db_queue_depth: gauge('{operation}', 'Operations begun and not yet settled.'),
  db_oldest_operation_age_seconds: gauge(
    's',
    'Age of the oldest operation in flight, 0 while there is none: a stall shows while it lasts.',
  ),
  db_slow_operations_total: counter('{operation}', 'Operations that took longer than the threshold for slow ones.', 'operation'),
  db_memtable_bytes: gauge('By', 'Memory of tables not yet written to disk.'),
  db_cache_bytes: gauge('By', 'Memory of the block cache.'),
  db_buffer_bytes: gauge('By', 'Memory of other buffers of the engine.'),
  db_total_memory_bytes: gauge('By', 'Memory that the engine says it uses.'),
  db_sstable_bytes: gauge('By', 'Size of the table files; where tables are pages of one file, of the pages in use.'),
  db_value_log_bytes: gauge('By', 'Size of values kept apart from the tables.'),
  db_wal_bytes: gauge('By', 'Size of the write-ahead log.'),
  db_total_disk_bytes: gauge('By', "Size of all files in the store's folder."),
  db_free_bytes: gauge('By', "Space in the store's files that holds nothing: it is used again, or given back when asked for."),
  db_map_bytes: gauge('By', 'Size of the map through which the store sees its file; where it grows by itself, no limit.'),
  db_map_used_bytes: gauge('By', 'The part of the map up to its last page that was ever written, free pages included.'),
  db_entries: gauge('{entry}', 'Entries in the store, as it counts them itself.'),
  db_disk_available_bytes: gauge('By', 'Free space for this process on the volume under the store.'),
  db_disk_capacity_bytes: gauge('By', 'Size of the volume under the store.'),
  db_disk_available_inodes: gauge('{inode}', 'Free inodes of the volume under the store, where it has a fixed number of them.'),
  db_compaction_cpu_seconds_total: counter('s', 'CPU time spent on compaction.'),
  db_io_cpu_seconds_total: counter('s', 'CPU time spent on input and output.'),
  db_query_cpu_seconds_total: counter('s', 'CPU time spent on answering operations.'),
  db_background_cpu_seconds_total: counter('s', "CPU time of the engine's background threads."),
  db_level_files: gauge('{file}', 'Table files in this level.', 'level'),
  db_level_bytes: gauge('By', 'Size of the table files in this level.', 'level'),
  db_compaction_operations_total: counter('{operation}', 'Compactions finished.'),
  db_compaction_duration_seconds: histogram('s', 'Time one compaction took.', durationBounds),
  db_compaction_write_amplification: histogram('1', 'Output bytes of one compaction over its input bytes.', ratioBounds),
  db_compaction_input_files_total: counter('{file}', 'Table files read by compactions.'),
  db_compaction_output_files_total: counter('{file}', 'Table files written by compactions.'),
  db_compaction_input_bytes_total: counter('By', 'Bytes read by compactions.'),
  db_compaction_output_bytes_total: counter('By', 'Bytes written by compactions.'),
  db_compaction_pending_bytes: gauge('By', 'Bytes that compaction still has to rewrite, as the engine estimates.'),
  db_compactions_running: gauge('{operation}', 'Compactions running now.'),
  db_space_reclaim_operations_total: counter('{operation}', 'Times space was reclaimed.'),
  db_space_reclaim_bytes_total: counter('By', 'Bytes given back by reclaiming space.'),
  db_space_reclaim_duration_seconds: histogram('s', 'Time one reclaiming of space took.', durationBounds),
  db_flush_operations_total: counter('{operation}', 'Memtables written to disk.'),
  db_flush_bytes_total: counter('By', 'Bytes written by flushes of memtables.'),
  db_flush_duration_seconds: histogram('s', 'Time one flush of a memtable took.', durationBounds),
  db_write_stalls_total: counter('{stall}', 'Times the engine held writers back.', 'cause'),
  db_write_stall_seconds_total: counter('s', 'Time for which the engine held writers back.', 'cause'),
  db_write_stall_active_seconds: gauge('s', 'Age of the stall in progress, 0 while there is none.', 'cause'),
  db_immutable_memtables: gauge('{memtable}', 'Full memtables that wait for their flush.'),
  db_cache_hits_total: counter('{hit}', 'Blocks found in the cache.'),
  db_cache_misses_total: counter('{miss}', 'Blocks not found in the cache.'),
  db_bloom_filter_useful_total: counter('{lookup}', 'Lookups that a bloom filter saved.'),
  db_bloom_filter_false_positives_total: counter('{lookup}', 'Lookups that a bloom filter let through for nothing.'),
  db_transaction_commits_total: counter('{transaction}', 'Transactions committed.'),
  db_transaction_aborts_total: counter('{transaction}', 'Transactions given up.'),
  db_open_iterators: gauge('{iterator}', 'Iterators open now: each pins the files it was opened on.'),
  db_open_snapshots: gauge('{snapshot}', 'Snapshots open now: each pins the data it was taken of.'),
  db_background_errors_total: counter('{error}', 'Errors in the background work of the engine.'),
  db_store_info: gauge('{store}', '1 for each store that is not closed, with what it is.', 'engine', 'engine_version', 'adapter'),
  db_health_status: gauge('{state}', '1 for the state a health check is in, 0 for the others.', 'check', 'status'),
  db_health_changes_total: counter('{change}', 'Times a health check changed its state.', 'check'),
  db_health_check_duration_seconds: histogram('s', 'Time one health check took.', latencyBounds, 'check'),
  db_alerts: gauge('{alert}', '1 for each alert that is pending or firing.', 'alertname', 'severity', 'state'),
} as const satisfies Record<string, Row>

/** The monitor's own metrics: no store, except where one is named. */
const monitorRows = {
  wombat_monitor_collection_duration_seconds: row(
    'histogram',
    's',
    'Time one collection of all metrics took.',
    [],
    latencyBounds,
  ),
  wombat_monitor_points: row('gauge', '{point}', 'Data points in the last collection.', []),
  wombat_monitor_exports_total: row('counter', '{export}', 'Exports tried.', ['exporter']),
  wombat_monitor_export_failures_total: row('counter', '{export}', 'Exports that failed.', ['exporter']),
  wombat_monitor_refused_values_total: row('counter', '{value}', 'Values that a metric could not take, by reason.', ['reason']),
  wombat_monitor_source_failures_total: row(
    'counter',
    '{failure}',
    'Times an engine, or another source of numbers, failed when it was read or was late.',
    [],
  ),
  wombat_monitor_overflowed_metrics: row('gauge', '{metric}', 'Metrics that reached their limit of label sets.', []),
  wombat_monitor_notifications_dropped_total: row('counter', '{notification}', 'Notifications that could not be sent.', [
    'notifier',
  ]),
  wombat_monitor_alert_evaluations_total: row('counter', '{evaluation}', 'Times the alert rules were judged.', []),
  wombat_monitor_alert_evaluations_missed_total: row(
    'counter',
    '{evaluation}',
    'Times they should have been judged and were not.',
    [],
  ),
  wombat_monitor_alert_evaluation_failures_total: row(
    'counter',
    '{evaluation}',
    'Alert rules that failed when they were judged.',
    [],
  ),
  wombat_monitor_alert_evaluation_duration_seconds: row(
    'histogram',
    's',
    'Time it took to judge the alert rules.',
    [],
    latencyBounds,
  ),
  wombat_monitor_history_bytes: row('gauge', 'By', 'Size of the history.', []),
  wombat_monitor_history_failures_total: row('counter', '{failure}', "Times the history's file could not be used.", []),
  wombat_monitor_busy_seconds_total: row('counter', 's', 'Time that the monitor itself kept the event loop busy, by what for.', [
    'part',
  ]),
  wombat_monitor_operation_cost_seconds: row(
    'gauge',
    's',
    "Time that measuring one operation takes beside the store's own, as measured on this machine when monitoring began.",
    [],
  ),
  wombat_monitor_latency_sample_ratio: row('gauge', '{ratio}', 'The share of operations that are timed; all are counted.', []),
  wombat_process_event_loop_delay_seconds: row(
    'histogram',
    's',
    'How late the event loop came to a timer, fifty times a second.',
    [],
    latencyBounds,
  ),
  wombat_process_event_loop_active_seconds_total: row(
    'counter',
    's',
    'Time in which the event loop was busy: its rate is the utilization.',
    [],
  ),
  wombat_process_thread_pool_wait_seconds: row(
    'histogram',
    's',
    "Time that a piece of work waited for a thread of libuv's pool, which LevelDB, RocksDB and files need.",
    [],
    latencyBounds,
  ),
  wombat_process_group_memory_bytes: row(
    'gauge',
    'By',
    "Memory of all processes in this process' control group, without what the kernel can take back at once.",
    [],
  ),
  wombat_process_resident_memory_bytes: row('gauge', 'By', 'Memory of this process, of every kind, that is in RAM.', []),
  wombat_process_heap_used_bytes: row('gauge', 'By', "Memory of JavaScript's objects in this process.", []),
  wombat_process_external_memory_bytes: row('gauge', 'By', "Memory outside JavaScript's heap that belongs to its objects.", []),
  wombat_process_array_buffer_bytes: row('gauge', 'By', 'The part of the external memory that is buffers.', []),
  wombat_process_memory_limit_bytes: row(
    'gauge',
    'By',
    "Memory that this process may use: its control group's limit, else the machine's.",
    [],
  ),
} as const satisfies Record<string, Row>

const rows = { ...operationRows, ...storeRows, ...monitorRows }

/** A name of the catalogue. */
export type MetricName = keyof typeof rows

/** The catalogue: every metric by its name. Instruments, documentation, dashboards, rules and tests are derived from it. */
export const metrics = Object.freeze(
  Object.fromEntries(Object.entries(rows).map(([name, definition]) => [name, Object.freeze({ name, ...definition })])),
) as { readonly [Name in MetricName]: MetricDefinition }

/**
 * OpenTelemetry's stable convention for the duration of a database client's operation; its name, unit, labels and bounds
 * are the convention's (semantic conventions 1.44, "database metrics"), dots included.
 */
export const clientOperationDuration: MetricDefinition = Object.freeze({
  name: 'db.client.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of database client operations.',
  attributes: ['db.system.name', 'db.namespace', 'db.operation.name', 'error.type'],
  bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
})

/** Which names the operations of a store go by: Wombat's, OpenTelemetry's convention, or both. */
export type Semconv = 'wombat' | 'otel' | 'both'

const replacedByConvention: ReadonlySet<string> = new Set(Object.keys(operationRows))

/** Whether a metric leaves the process under these conventions. With `otel`, the convention's one metric replaces the three per operation. */
export function isExported(name: string, semconv: Semconv): boolean {
  if (name === clientOperationDuration.name) return semconv !== 'wombat'
  return semconv !== 'otel' || !replacedByConvention.has(name)
}

/** The three metrics of an operation. */
export function operationMetrics(operation: Operation): { operations: MetricName; latency: MetricName; errors: MetricName } {
  return {
    operations: `db_${operation}_operations_total`,
    latency: `db_${operation}_latency_seconds`,
    errors: `db_${operation}_errors_total`,
  }
}
