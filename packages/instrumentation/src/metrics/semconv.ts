/**
 * The kind of a metric. A summary is recorded as a histogram and read as quantiles; on a Meter it is a histogram, because
 * OpenTelemetry JS has no summary instrument.
 */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** The definition of one metric. Instruments, documentation, dashboards and alert rules are derived from it. */
export interface MetricDefinition {
  /** The name on every route, with unit and type suffix: `app_jobs_total`, `app_job_seconds`. */
  readonly name: string
  readonly kind: MetricKind
  /** UCUM: `s`, `By`, `1` (never on a gauge) or an annotation such as `{operation}`. */
  readonly unit: string
  /** One sentence that states what is counted or measured. It becomes the HELP line in Prometheus. */
  readonly description: string
  /** The label keys that a series of this metric may have, in the order of the documentation. */
  readonly attributes: readonly string[]
  /** Upper bounds of the explicit buckets, ascending, in `unit`. Histograms and summaries only (default `latencyBounds`). */
  readonly bounds?: readonly number[]
  /** How the values of several stores or processes become one. Gauges only (default `sum`). */
  readonly aggregation?: GaugeAggregation
}

/** Every way in which the values of several sources become the one value of a gauge. */
export const gaugeAggregations = ['sum', 'max', 'min', 'sum_by_database', 'sum_by_process', 'worst'] as const
/**
 * How the values of several sources become the one value of a gauge.
 *
 * - `sum`, `max`, `min`: of all values.
 * - `sum_by_database`: of different databases, the sum. Several stores or processes that open one database report the same value.
 * - `sum_by_process`: of different processes, the sum. The threads of a process report the same value.
 * - `worst`: of the gauges of one health check, one for each status, only that of the worst status is 1.
 */
export type GaugeAggregation = (typeof gaugeAggregations)[number]

/**
 * Upper bounds of the latency buckets in seconds: {1, 2.5, 5} × 10^-6 to 10^1. They include every bound of OpenTelemetry's
 * `db.client.operation.duration`.
 */
export const latencyBounds: readonly number[] = Object.freeze([
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
])

/** The operations that are measured. An adapter maps the methods of its store (`put`, `del`, …) to them. */
export const operations = ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'] as const

/** One of the measured operations. */
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

/** Adds how several values of a gauge become one: every gauge of the catalog says it. */
function aggregated(aggregation: GaugeAggregation, gaugeRow: Row): Row {
  return { ...gaugeRow, aggregation }
}

// The metrics of a store: their first label is always the store's name.
const counter = (unit: string, description: string, ...attributes: string[]) =>
  row('counter', unit, description, ['store', ...attributes])
const gauge = (aggregation: GaugeAggregation, unit: string, description: string, ...attributes: string[]) =>
  aggregated(aggregation, row('gauge', unit, description, ['store', ...attributes]))
const histogram = (unit: string, description: string, bounds: readonly number[], ...attributes: string[]) =>
  row('histogram', unit, description, ['store', ...attributes], bounds)

type OperationRows = { [O in Operation as `db_${O}_operations_total` | `db_${O}_latency_seconds` | `db_${O}_errors_total`]: Row }

/** Singular with its article, and plural, as the descriptions use them. */
const nouns: Readonly<Record<Operation, readonly [one: string, many: string]>> = {
  get: ['a get', 'gets'],
  set: ['a set', 'sets'],
  delete: ['a delete', 'deletes'],
  batch: ['a batch write', 'batch writes'],
  scan: ['a scan', 'scans'],
  clear: ['a clear', 'clears'],
  has: ['an existence check', 'existence checks'],
  get_many: ['a multi-key get', 'multi-key gets'],
}

const operationRows = Object.fromEntries(
  operations.flatMap((operation) => {
    const [one, many] = nouns[operation]
    const extent = operation === 'scan' ? 'without the time its reader takes between entries' : 'from call to settlement'
    return [
      [`db_${operation}_operations_total`, counter('{operation}', `Completed ${many}, both successful and failed.`)],
      [`db_${operation}_latency_seconds`, histogram('s', `Duration of ${one}, ${extent}.`, latencyBounds)],
      [`db_${operation}_errors_total`, counter('{error}', `Failed ${many}.`)],
    ]
  }),
) as OperationRows

const storeRows = {
  db_errors_total: counter(
    '{error}',
    'Failed operations, opens and closes by error type; a series appears with its first error.',
    'operation',
    'error_type',
  ),
  db_batch_entries_total: counter('{entry}', 'Entries written by successful batches.'),
  db_scan_entries_total: counter('{entry}', 'Entries returned by successful scans.'),
  db_get_hits_total: counter('{hit}', 'Gets of a cache that found an entry.'),
  db_get_misses_total: counter('{miss}', 'Gets of a cache that found none.'),
  db_evictions_total: counter('{entry}', 'Entries that a cache removed to stay within its limits or because they expired.'),
  db_other_commands_total: counter('{command}', 'Commands that are no operation on entries, for example PING or EVAL.'),
  db_statements_total: counter('{statement}', 'Executed SQL statements, by verb and statement.', 'verb', 'statement'),
  db_statement_errors_total: counter('{error}', 'Failed SQL statements, by verb and statement.', 'verb', 'statement'),
  db_statement_latency_seconds: histogram(
    's',
    'Duration of a SQL statement, without the time its reader takes between rows.',
    latencyBounds,
    'verb',
    'statement',
  ),
  db_busy_seconds_total: counter('s', 'Time of statements that failed because another connection held the lock.'),
  db_sublevel_operations_total: counter(
    '{operation}',
    'Completed operations by sublevel, both successful and failed.',
    'sublevel',
    'operation',
  ),
  db_sublevel_errors_total: counter('{error}', 'Failed operations by sublevel.', 'sublevel', 'operation'),
  db_sublevel_operation_seconds_total: counter('s', 'Time of the operations by sublevel.', 'sublevel', 'operation'),
  db_queue_depth: gauge('sum', '{operation}', 'Operations in flight: started and not yet settled.'),
  db_oldest_operation_age_seconds: gauge(
    'max',
    's',
    'Age of the oldest operation in flight, 0 if there is none; it grows for as long as a stall lasts.',
  ),
  db_slow_operations_total: counter('{operation}', 'Operations that reached the slow-operation threshold.', 'operation'),
  db_memtable_bytes: gauge('sum', 'By', 'Memory used by memtables that are not yet flushed to disk.'),
  db_cache_bytes: gauge('sum', 'By', 'Memory used by the block cache.'),
  db_buffer_bytes: gauge('sum', 'By', "Memory used by the engine's other buffers."),
  db_total_memory_bytes: gauge('sum', 'By', 'Memory used by the engine, as the engine reports it.'),
  db_sstable_bytes: gauge(
    'sum_by_database',
    'By',
    'Size of the table files, or of the pages in use if the store is a single file.',
  ),
  db_value_log_bytes: gauge('sum_by_database', 'By', 'Size of the values that are stored outside the tables.'),
  db_wal_bytes: gauge('sum_by_database', 'By', 'Size of the write-ahead log.'),
  db_wal_checkpointed_bytes: gauge(
    'sum_by_database',
    'By',
    'Part of the write-ahead log that a checkpoint has copied into the database.',
  ),
  db_live_data_bytes: gauge(
    'sum_by_database',
    'By',
    'Size of the current entries, as the engine estimates it; db_sstable_bytes divided by it is the space amplification.',
  ),
  db_live_versions: gauge('sum', '{version}', 'Versions of the set of table files that the engine keeps for readers.'),
  db_read_bytes_total: counter('By', 'Bytes that gets and iterators returned, as the engine counts them.'),
  db_written_bytes_total: counter('By', 'Bytes of the keys and values that operations wrote, as the engine counts them.'),
  db_reseeks_total: counter('{seek}', 'Times an iterator had to seek again to skip deleted or overwritten entries.'),
  db_memtable_hits_total: counter('{hit}', 'Keys found in a memtable.'),
  db_memtable_misses_total: counter('{miss}', 'Keys not found in a memtable.'),
  db_total_disk_bytes: gauge(
    'sum_by_database',
    'By',
    "Size of the store's files; files of others in its directory are left out.",
  ),
  db_free_bytes: gauge(
    'sum_by_database',
    'By',
    "Unused space in the store's files: later writes reuse it, or it is released on request.",
  ),
  db_map_bytes: gauge(
    'sum_by_database',
    'By',
    "Size of the store's memory map; it is not a limit if the map grows automatically.",
  ),
  db_map_used_bytes: gauge(
    'sum_by_database',
    'By',
    'Part of the memory map up to the last page ever written, including free pages.',
  ),
  db_entries: gauge('sum_by_database', '{entry}', 'Entries in the store, as the store counts or estimates them.'),
  db_disk_available_bytes: gauge('min', 'By', "Disk space available to this process on the store's volume."),
  db_disk_capacity_bytes: gauge('min', 'By', "Capacity of the store's volume."),
  db_disk_available_inodes: gauge(
    'min',
    '{inode}',
    "Free inodes on the store's volume; absent if the file system has no fixed number of inodes.",
  ),
  db_compaction_cpu_seconds_total: counter('s', 'CPU time spent on compaction.'),
  db_io_cpu_seconds_total: counter('s', 'CPU time spent on input and output.'),
  db_query_cpu_seconds_total: counter('s', 'CPU time spent on serving operations.'),
  db_background_cpu_seconds_total: counter('s', "CPU time spent in the engine's background threads."),
  db_level_files: gauge('sum_by_database', '{file}', 'Table files in this level.', 'level'),
  db_level_bytes: gauge('sum_by_database', 'By', 'Size of the table files in this level.', 'level'),
  db_compaction_operations_total: counter('{operation}', 'Completed compactions.'),
  db_compaction_duration_seconds: histogram('s', 'Duration of a compaction.', durationBounds),
  db_compaction_write_amplification: histogram(
    '1',
    'Write amplification of a compaction: output bytes divided by input bytes.',
    ratioBounds,
  ),
  db_compaction_input_files_total: counter('{file}', 'Table files read by compactions.'),
  db_compaction_output_files_total: counter('{file}', 'Table files written by compactions.'),
  db_compaction_input_bytes_total: counter('By', 'Bytes read by compactions.'),
  db_compaction_output_bytes_total: counter('By', 'Bytes written by compactions.'),
  db_compaction_pending_bytes: gauge('sum_by_database', 'By', 'Pending compaction bytes, as the engine estimates them.'),
  db_compactions_running: gauge('sum', '{operation}', 'Compactions running now.'),
  db_space_reclaim_operations_total: counter('{operation}', 'Completed space reclamations.'),
  db_space_reclaim_bytes_total: counter('By', 'Bytes freed by space reclamation.'),
  db_space_reclaim_duration_seconds: histogram('s', 'Duration of a space reclamation.', durationBounds),
  db_flush_operations_total: counter('{operation}', 'Completed flushes of memtables to disk.'),
  db_flush_bytes_total: counter('By', 'Bytes written by memtable flushes.'),
  db_flush_duration_seconds: histogram('s', 'Duration of a memtable flush.', durationBounds),
  db_write_stalls_total: counter('{stall}', 'Times the engine slowed or stopped writes, by cause.', 'cause'),
  db_write_stall_seconds_total: counter('s', 'Time during which the engine slowed or stopped writes, by cause.', 'cause'),
  db_write_stall_active_seconds: gauge('max', 's', 'Age of the current write stall by cause, 0 if there is none.', 'cause'),
  db_immutable_memtables: gauge('sum', '{memtable}', 'Full memtables that are waiting to be flushed.'),
  db_cache_hits_total: counter('{hit}', 'Blocks found in the cache.'),
  db_cache_misses_total: counter('{miss}', 'Blocks not found in the cache.'),
  db_bloom_filter_useful_total: counter('{lookup}', 'Lookups that a Bloom filter avoided.'),
  db_bloom_filter_false_positives_total: counter('{lookup}', 'Lookups that a Bloom filter allowed although the key was absent.'),
  db_transaction_commits_total: counter('{transaction}', 'Committed transactions.'),
  db_transaction_aborts_total: counter('{transaction}', 'Aborted transactions.'),
  db_open_iterators: gauge('sum', '{iterator}', 'Open iterators; each one pins the files that it reads.'),
  db_oldest_iterator_age_seconds: gauge('max', 's', 'Age of the oldest open iterator, 0 if there is none.'),
  db_abandoned_iterators_total: counter('{iterator}', 'Iterators that were garbage collected without being closed.'),
  db_open_snapshots: gauge('sum_by_database', '{snapshot}', 'Open snapshots; each one pins the data that it shows.'),
  db_oldest_snapshot_age_seconds: gauge('max', 's', 'Age of the oldest open snapshot, 0 if there is none.'),
  db_reader_slots_used: gauge(
    'sum_by_database',
    '{slot}',
    'Slots of the reader table that processes hold; if they hold all, new readers fail.',
  ),
  db_reader_slots: gauge('sum_by_database', '{slot}', 'Slots of the reader table.'),
  db_background_errors_total: counter('{error}', "Errors in the engine's background work."),
  db_store_info: gauge(
    'max',
    '{store}',
    '1 for each store that is open or opening, with its engine and adapter as labels.',
    'engine',
    'engine_version',
    'adapter',
  ),
  db_health_status: gauge(
    'worst',
    '{state}',
    '1 for the current status of a health check, 0 for the other statuses.',
    'check',
    'status',
  ),
  db_health_changes_total: counter('{change}', 'Status changes of a health check.', 'check'),
  db_health_check_duration_seconds: histogram('s', 'Duration of one run of a health check.', latencyBounds, 'check'),
  db_alerts: gauge('max', '{alert}', '1 for each pending or firing alert.', 'alertname', 'severity', 'state'),
} as const satisfies Record<string, Row>

const processGauge = (aggregation: GaugeAggregation, unit: string, description: string, attributes: readonly string[]) =>
  aggregated(aggregation, row('gauge', unit, description, attributes))

// The metrics of the monitor and the process. They have no store label.
const monitorRows = {
  wombat_monitor_collection_duration_seconds: row(
    'histogram',
    's',
    'Duration of one collection of all metrics.',
    [],
    latencyBounds,
  ),
  wombat_monitor_points: processGauge('max', '{point}', 'Data points in the last collection.', []),
  wombat_monitor_exports_total: row('counter', '{export}', 'Attempted exports.', ['exporter']),
  wombat_monitor_export_failures_total: row('counter', '{export}', 'Failed exports.', ['exporter']),
  wombat_monitor_rejected_points_total: row(
    'counter',
    '{point}',
    'Data points that a receiver did not accept of an export that succeeded otherwise.',
    ['exporter'],
  ),
  wombat_monitor_dropped_points_total: row(
    'counter',
    '{point}',
    'Data points that an exporter left out because of their name, labels or value, by reason.',
    ['exporter', 'reason'],
  ),
  wombat_monitor_scrapes_dropped_total: row(
    'counter',
    '{scrape}',
    'Clients that did not get the whole page for Prometheus, by reason.',
    ['reason'],
  ),
  wombat_monitor_requests_refused_total: row(
    'counter',
    '{request}',
    'HTTP requests that were not answered, or not to their end, because of a limit or of who sent them, by reason.',
    ['reason'],
  ),
  wombat_monitor_refused_values_total: row('counter', '{value}', 'Values that a metric rejected, by reason.', ['reason']),
  wombat_monitor_source_failures_total: row(
    'counter',
    '{failure}',
    'Times a collect callback, for example of an engine, failed or did not finish in time.',
    [],
  ),
  wombat_monitor_callout_failures_total: row(
    'counter',
    '{failure}',
    "Times the application's logger, listener, tracer, redactor or hook failed when the monitor called it, by target.",
    ['target'],
  ),
  wombat_monitor_unmeasured_modules: processGauge(
    'max',
    '{module}',
    'Versions of store modules that the application loaded and whose stores cannot be measured.',
    [],
  ),
  wombat_monitor_overflowed_metrics: processGauge('max', '{metric}', 'Metrics that reached the cardinality limit.', []),
  wombat_monitor_notifications_sent_total: row('counter', '{notification}', 'Notifications that were delivered.', ['notifier']),
  wombat_monitor_notification_failures_total: row(
    'counter',
    '{attempt}',
    'Attempts to send a notification that failed and are repeated.',
    ['notifier'],
  ),
  wombat_monitor_notifications_pending: processGauge(
    'sum',
    '{notification}',
    'Notifications that are owed and not yet delivered.',
    ['notifier'],
  ),
  wombat_monitor_notifications_dropped_total: row(
    'counter',
    '{notification}',
    'Notifications that were given up: rejected by the receiver, or undelivered for too long.',
    ['notifier'],
  ),
  wombat_monitor_notifications_silenced_total: row(
    'counter',
    '{notification}',
    'Notifications of changes that were withheld because of a silence.',
    ['notifier'],
  ),
  wombat_monitor_login_failures_total: row(
    'counter',
    '{login}',
    'Logins that failed: the token or the password was wrong, or too many had failed before.',
    [],
  ),
  wombat_monitor_changes_total: row('counter', '{change}', 'Changes that clients made over HTTP, or wanted to make, by result.', [
    'result',
  ]),
  wombat_monitor_reload_failures_total: row(
    'counter',
    '{failure}',
    'Times a file with certificates, tokens or users has changed and could not be used, by option.',
    ['option'],
  ),
  wombat_monitor_tls_certificate_remaining_seconds: processGauge(
    'min',
    's',
    'Time until the TLS certificate of the HTTP servers expires; negative after that.',
    [],
  ),
  wombat_monitor_tls_handshake_failures_total: row(
    'counter',
    '{connection}',
    'Clients that could not connect over TLS, for example without a certificate.',
    [],
  ),
  wombat_monitor_alert_rules_unmatched: processGauge(
    'max',
    '{rule}',
    'Alert rules that have matched no series since the monitoring started.',
    [],
  ),
  wombat_monitor_alert_evaluations_total: row('counter', '{evaluation}', 'Evaluations of the alert rules.', []),
  wombat_monitor_alert_evaluations_missed_total: row(
    'counter',
    '{evaluation}',
    'Scheduled evaluations of the alert rules that did not run.',
    [],
  ),
  wombat_monitor_alert_evaluation_failures_total: row(
    'counter',
    '{evaluation}',
    'Alert rules that failed during an evaluation.',
    [],
  ),
  wombat_monitor_alert_evaluation_duration_seconds: row(
    'histogram',
    's',
    'Duration of one evaluation of all alert rules.',
    [],
    latencyBounds,
  ),
  wombat_monitor_clock_steps_total: row('counter', '{step}', 'Times the system clock was set while the monitor ran.', []),
  wombat_monitor_clock_step_seconds_total: row('counter', 's', 'How far the system clock was set, forward and back.', []),
  wombat_monitor_history_bytes: processGauge('sum', 'By', 'Memory that the metric history uses.', []),
  wombat_monitor_history_limit_bytes: processGauge('sum', 'By', 'Memory that the metric history may use.', []),
  wombat_monitor_history_reach_seconds: processGauge(
    'min',
    's',
    'How far back the metric history in memory reaches, for the store with the shortest one.',
    [],
  ),
  wombat_monitor_history_dropped_samples_total: row(
    'counter',
    '{sample}',
    'Samples of series for which the memory of the metric history did not suffice.',
    [],
  ),
  wombat_monitor_history_file_bytes: processGauge('max', 'By', 'Size of the history file and its write-ahead log.', []),
  wombat_monitor_forgotten_stores_total: row('counter', '{store}', 'Stores whose series were removed, by reason.', ['reason']),
  wombat_monitor_history_failures_total: row('counter', '{failure}', 'Times the history file could not be read or written.', []),
  wombat_monitor_history_damaged_parts_total: row(
    'counter',
    '{part}',
    'Damaged parts of the history file that were set aside: rows, and parts that cannot be read or are missing.',
    [],
  ),
  wombat_monitor_busy_seconds_total: row('counter', 's', 'Event loop time used by the monitor itself, by part.', ['part']),
  wombat_monitor_longest_block_seconds: processGauge(
    'max',
    's',
    'Longest time in the last one to two minutes for which the monitor itself held the event loop at once, by part.',
    ['part'],
  ),
  wombat_monitor_operation_cost_seconds: processGauge(
    'max',
    's',
    'Overhead of timing one operation in place: three times what it takes in a loop, measured when monitoring started.',
    [],
  ),
  wombat_monitor_overhead_ratio: processGauge(
    'max',
    '{ratio}',
    "Share of a core's time that measuring operations took in the last second, by what one costs.",
    [],
  ),
  wombat_monitor_latency_sample_ratio: processGauge(
    'min',
    '{ratio}',
    'Share of operations that are timed, 0 to 1; all operations are counted, and a timed one stands for those before it.',
    [],
  ),
  wombat_monitor_workers: processGauge(
    'sum',
    '{worker}',
    'Processes or threads whose metrics are added up here; those that are late did not answer the last collection.',
    ['kind', 'state'],
  ),
  wombat_monitor_workers_ended_total: row(
    'counter',
    '{worker}',
    'Processes or threads that ended; of those that are lost, up to a second of what they recorded is missing.',
    ['kind', 'how'],
  ),
  wombat_monitor_workers_refused_total: row(
    'counter',
    '{worker}',
    'Processes or threads whose metrics cannot be added up, because of another version or other options.',
    ['kind'],
  ),
  wombat_monitor_events_dropped_total: row('counter', '{event}', 'Events that were too large for the timeline of events.', []),
  wombat_monitor_event_streams_dropped_total: row(
    'counter',
    '{stream}',
    'Streams of events that were refused because there were too many, or ended because their reader was too slow, by reason.',
    ['reason'],
  ),
  wombat_process_event_loop_delay_seconds: row(
    'histogram',
    's',
    'Delay of the event loop, sampled 50 times per second, or 20 times while no store is used.',
    [],
    latencyBounds,
  ),
  wombat_process_event_loop_active_seconds_total: row(
    'counter',
    's',
    'Time the event loop was active; its rate is the event loop utilization.',
    [],
  ),
  wombat_process_thread_pool_wait_seconds: row(
    'histogram',
    's',
    'Time a task waited for a thread of the libuv pool, which LevelDB, RocksDB and file access use.',
    [],
    latencyBounds,
  ),
  wombat_process_group_memory_bytes: processGauge(
    'max',
    'By',
    "Memory of all processes in this process's control group, without reclaimable file cache.",
    [],
  ),
  wombat_process_resident_memory_bytes: processGauge('sum_by_process', 'By', 'Resident memory (RSS) of this process.', []),
  wombat_process_heap_used_bytes: processGauge('sum', 'By', 'JavaScript heap memory in use.', []),
  wombat_process_external_memory_bytes: processGauge(
    'sum',
    'By',
    'Memory outside the JavaScript heap that belongs to JavaScript objects.',
    [],
  ),
  wombat_process_array_buffer_bytes: processGauge(
    'sum',
    'By',
    'Part of the external memory that holds ArrayBuffers and Buffers.',
    [],
  ),
  wombat_process_memory_limit_bytes: processGauge(
    'max',
    'By',
    "Memory limit of this process: the limit of its control group, or the machine's memory if that is less.",
    [],
  ),
} as const satisfies Record<string, Row>

const rows = { ...operationRows, ...storeRows, ...monitorRows }

/** The name of a metric of the catalog. */
export type MetricName = keyof typeof rows

/** The metric catalog: every metric by name. Instruments, documentation, dashboards, rules and tests are derived from it. */
export const metrics = Object.freeze(
  Object.fromEntries(Object.entries(rows).map(([name, definition]) => [name, Object.freeze({ name, ...definition })])),
) as { readonly [Name in MetricName]: MetricDefinition }

/**
 * The metric `db.client.operation.duration` with the name, unit, attributes and bounds of OpenTelemetry's stable semantic
 * conventions (1.44, "Database metrics"), dots included.
 */
export const clientOperationDuration: MetricDefinition = Object.freeze({
  name: 'db.client.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of database client operations.',
  attributes: ['db.system.name', 'db.namespace', 'db.operation.name', 'error.type'],
  bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
})

/**
 * The names under which operations are exported: `wombat` (three metrics for each operation), `otel` (one
 * `db.client.operation.duration` instead) or `both`.
 */
export type Semconv = 'wombat' | 'otel' | 'both'

const replacedByConvention: ReadonlySet<string> = new Set(Object.keys(operationRows))

/**
 * Returns whether a metric is exported under these conventions. With `otel`, one metric replaces the three of each
 * operation.
 */
export function isExported(name: string, semconv: Semconv): boolean {
  if (name === clientOperationDuration.name) return semconv !== 'wombat'
  return semconv !== 'otel' || !replacedByConvention.has(name)
}

/** Returns whether a metric is one of the catalog, or of OpenTelemetry's conventions: every registry has it without a declaration. */
export function isCatalogMetric(name: string): boolean {
  return Object.hasOwn(metrics, name) || name === clientOperationDuration.name
}

/** Returns the names of the three metrics of an operation. */
export function operationMetrics(operation: Operation): { operations: MetricName; latency: MetricName; errors: MetricName } {
  return {
    operations: `db_${operation}_operations_total`,
    latency: `db_${operation}_latency_seconds`,
    errors: `db_${operation}_errors_total`,
  }
}
