import { expect, test } from 'vitest'
import { checkDefinition } from './definition.ts'
import { clientOperationDuration, isExported, latencyBounds, metrics, operationMetrics, operations } from './semconv.ts'

/** The catalog by hand: kind, unit and labels of every name. A changed row is a breaking change. */
const catalog: Record<string, [kind: string, unit: string, ...labels: string[]]> = {
  db_get_operations_total: ['counter', '{operation}', 'store'],
  db_get_latency_seconds: ['histogram', 's', 'store'],
  db_get_errors_total: ['counter', '{error}', 'store'],
  db_set_operations_total: ['counter', '{operation}', 'store'],
  db_set_latency_seconds: ['histogram', 's', 'store'],
  db_set_errors_total: ['counter', '{error}', 'store'],
  db_delete_operations_total: ['counter', '{operation}', 'store'],
  db_delete_latency_seconds: ['histogram', 's', 'store'],
  db_delete_errors_total: ['counter', '{error}', 'store'],
  db_batch_operations_total: ['counter', '{operation}', 'store'],
  db_batch_latency_seconds: ['histogram', 's', 'store'],
  db_batch_errors_total: ['counter', '{error}', 'store'],
  db_scan_operations_total: ['counter', '{operation}', 'store'],
  db_scan_latency_seconds: ['histogram', 's', 'store'],
  db_scan_errors_total: ['counter', '{error}', 'store'],
  db_clear_operations_total: ['counter', '{operation}', 'store'],
  db_clear_latency_seconds: ['histogram', 's', 'store'],
  db_clear_errors_total: ['counter', '{error}', 'store'],
  db_has_operations_total: ['counter', '{operation}', 'store'],
  db_has_latency_seconds: ['histogram', 's', 'store'],
  db_has_errors_total: ['counter', '{error}', 'store'],
  db_get_many_operations_total: ['counter', '{operation}', 'store'],
  db_get_many_latency_seconds: ['histogram', 's', 'store'],
  db_get_many_errors_total: ['counter', '{error}', 'store'],
  db_errors_total: ['counter', '{error}', 'store', 'operation', 'error_type'],
  db_batch_entries_total: ['counter', '{entry}', 'store'],
  db_scan_entries_total: ['counter', '{entry}', 'store'],
  db_get_hits_total: ['counter', '{hit}', 'store'],
  db_get_misses_total: ['counter', '{miss}', 'store'],
  db_evictions_total: ['counter', '{entry}', 'store'],
  db_other_commands_total: ['counter', '{command}', 'store'],
  db_statements_total: ['counter', '{statement}', 'store', 'verb', 'statement'],
  db_statement_errors_total: ['counter', '{error}', 'store', 'verb', 'statement'],
  db_statement_latency_seconds: ['histogram', 's', 'store', 'verb', 'statement'],
  db_busy_seconds_total: ['counter', 's', 'store'],
  db_sublevel_operations_total: ['counter', '{operation}', 'store', 'sublevel', 'operation'],
  db_sublevel_errors_total: ['counter', '{error}', 'store', 'sublevel', 'operation'],
  db_sublevel_operation_seconds_total: ['counter', 's', 'store', 'sublevel', 'operation'],
  db_queue_depth: ['gauge', '{operation}', 'store'],
  db_oldest_operation_age_seconds: ['gauge', 's', 'store'],
  db_slow_operations_total: ['counter', '{operation}', 'store', 'operation'],
  db_memtable_bytes: ['gauge', 'By', 'store'],
  db_cache_bytes: ['gauge', 'By', 'store'],
  db_buffer_bytes: ['gauge', 'By', 'store'],
  db_total_memory_bytes: ['gauge', 'By', 'store'],
  db_sstable_bytes: ['gauge', 'By', 'store'],
  db_value_log_bytes: ['gauge', 'By', 'store'],
  db_wal_bytes: ['gauge', 'By', 'store'],
  db_wal_checkpointed_bytes: ['gauge', 'By', 'store'],
  db_live_data_bytes: ['gauge', 'By', 'store'],
  db_live_versions: ['gauge', '{version}', 'store'],
  db_read_bytes_total: ['counter', 'By', 'store'],
  db_written_bytes_total: ['counter', 'By', 'store'],
  db_reseeks_total: ['counter', '{seek}', 'store'],
  db_memtable_hits_total: ['counter', '{hit}', 'store'],
  db_memtable_misses_total: ['counter', '{miss}', 'store'],
  db_total_disk_bytes: ['gauge', 'By', 'store'],
  db_free_bytes: ['gauge', 'By', 'store'],
  db_map_bytes: ['gauge', 'By', 'store'],
  db_map_used_bytes: ['gauge', 'By', 'store'],
  db_entries: ['gauge', '{entry}', 'store'],
  db_disk_available_bytes: ['gauge', 'By', 'store'],
  db_disk_capacity_bytes: ['gauge', 'By', 'store'],
  db_disk_available_inodes: ['gauge', '{inode}', 'store'],
  db_compaction_cpu_seconds_total: ['counter', 's', 'store'],
  db_io_cpu_seconds_total: ['counter', 's', 'store'],
  db_query_cpu_seconds_total: ['counter', 's', 'store'],
  db_background_cpu_seconds_total: ['counter', 's', 'store'],
  db_level_files: ['gauge', '{file}', 'store', 'level'],
  db_level_bytes: ['gauge', 'By', 'store', 'level'],
  db_compaction_operations_total: ['counter', '{operation}', 'store'],
  db_compaction_duration_seconds: ['histogram', 's', 'store'],
  db_compaction_write_amplification: ['histogram', '1', 'store'],
  db_compaction_input_files_total: ['counter', '{file}', 'store'],
  db_compaction_output_files_total: ['counter', '{file}', 'store'],
  db_compaction_input_bytes_total: ['counter', 'By', 'store'],
  db_compaction_output_bytes_total: ['counter', 'By', 'store'],
  db_compaction_pending_bytes: ['gauge', 'By', 'store'],
  db_compactions_running: ['gauge', '{operation}', 'store'],
  db_space_reclaim_operations_total: ['counter', '{operation}', 'store'],
  db_space_reclaim_bytes_total: ['counter', 'By', 'store'],
  db_space_reclaim_duration_seconds: ['histogram', 's', 'store'],
  db_flush_operations_total: ['counter', '{operation}', 'store'],
  db_flush_bytes_total: ['counter', 'By', 'store'],
  db_flush_duration_seconds: ['histogram', 's', 'store'],
  db_write_stalls_total: ['counter', '{stall}', 'store', 'cause'],
  db_write_stall_seconds_total: ['counter', 's', 'store', 'cause'],
  db_write_stall_active_seconds: ['gauge', 's', 'store', 'cause'],
  db_immutable_memtables: ['gauge', '{memtable}', 'store'],
  db_cache_hits_total: ['counter', '{hit}', 'store'],
  db_cache_misses_total: ['counter', '{miss}', 'store'],
  db_bloom_filter_useful_total: ['counter', '{lookup}', 'store'],
  db_bloom_filter_false_positives_total: ['counter', '{lookup}', 'store'],
  db_transaction_commits_total: ['counter', '{transaction}', 'store'],
  db_transaction_aborts_total: ['counter', '{transaction}', 'store'],
  db_open_iterators: ['gauge', '{iterator}', 'store'],
  db_oldest_iterator_age_seconds: ['gauge', 's', 'store'],
  db_abandoned_iterators_total: ['counter', '{iterator}', 'store'],
  db_open_snapshots: ['gauge', '{snapshot}', 'store'],
  db_oldest_snapshot_age_seconds: ['gauge', 's', 'store'],
  db_reader_slots_used: ['gauge', '{slot}', 'store'],
  db_reader_slots: ['gauge', '{slot}', 'store'],
  db_background_errors_total: ['counter', '{error}', 'store'],
  db_store_info: ['gauge', '{store}', 'store', 'engine', 'engine_version', 'adapter'],
  db_health_status: ['gauge', '{state}', 'store', 'check', 'status'],
  db_health_changes_total: ['counter', '{change}', 'store', 'check'],
  db_health_check_duration_seconds: ['histogram', 's', 'store', 'check'],
  db_alerts: ['gauge', '{alert}', 'store', 'alertname', 'severity', 'state'],
  wombat_monitor_collection_duration_seconds: ['histogram', 's'],
  wombat_monitor_points: ['gauge', '{point}'],
  wombat_monitor_exports_total: ['counter', '{export}', 'exporter'],
  wombat_monitor_export_failures_total: ['counter', '{export}', 'exporter'],
  wombat_monitor_rejected_points_total: ['counter', '{point}', 'exporter'],
  wombat_monitor_scrapes_dropped_total: ['counter', '{scrape}', 'reason'],
  wombat_monitor_requests_refused_total: ['counter', '{request}', 'reason'],
  wombat_monitor_dropped_points_total: ['counter', '{point}', 'exporter', 'reason'],
  wombat_monitor_refused_values_total: ['counter', '{value}', 'reason'],
  wombat_monitor_source_failures_total: ['counter', '{failure}'],
  wombat_monitor_callout_failures_total: ['counter', '{failure}', 'target'],
  wombat_monitor_unmeasured_modules: ['gauge', '{module}'],
  wombat_monitor_workers: ['gauge', '{worker}', 'kind', 'state'],
  wombat_monitor_workers_ended_total: ['counter', '{worker}', 'kind', 'how'],
  wombat_monitor_workers_refused_total: ['counter', '{worker}', 'kind'],
  wombat_monitor_overflowed_metrics: ['gauge', '{metric}'],
  wombat_monitor_notifications_sent_total: ['counter', '{notification}', 'notifier'],
  wombat_monitor_notification_failures_total: ['counter', '{attempt}', 'notifier'],
  wombat_monitor_notifications_pending: ['gauge', '{notification}', 'notifier'],
  wombat_monitor_notifications_silenced_total: ['counter', '{notification}', 'notifier'],
  wombat_monitor_login_failures_total: ['counter', '{login}'],
  wombat_monitor_changes_total: ['counter', '{change}', 'result'],
  wombat_monitor_reload_failures_total: ['counter', '{failure}', 'option'],
  wombat_monitor_tls_certificate_remaining_seconds: ['gauge', 's'],
  wombat_monitor_tls_handshake_failures_total: ['counter', '{connection}'],
  wombat_monitor_alert_rules_unmatched: ['gauge', '{rule}'],
  wombat_monitor_notifications_dropped_total: ['counter', '{notification}', 'notifier'],
  wombat_monitor_alert_evaluations_total: ['counter', '{evaluation}'],
  wombat_monitor_alert_evaluations_missed_total: ['counter', '{evaluation}'],
  wombat_monitor_alert_evaluation_failures_total: ['counter', '{evaluation}'],
  wombat_monitor_alert_evaluation_duration_seconds: ['histogram', 's'],
  wombat_monitor_clock_steps_total: ['counter', '{step}'],
  wombat_monitor_clock_step_seconds_total: ['counter', 's'],
  wombat_monitor_forgotten_stores_total: ['counter', '{store}', 'reason'],
  wombat_monitor_history_bytes: ['gauge', 'By'],
  wombat_monitor_history_limit_bytes: ['gauge', 'By'],
  wombat_monitor_history_reach_seconds: ['gauge', 's'],
  wombat_monitor_history_dropped_samples_total: ['counter', '{sample}'],
  wombat_monitor_history_file_bytes: ['gauge', 'By'],
  wombat_monitor_history_failures_total: ['counter', '{failure}'],
  wombat_monitor_history_damaged_parts_total: ['counter', '{part}'],
  wombat_monitor_busy_seconds_total: ['counter', 's', 'part'],
  wombat_monitor_longest_block_seconds: ['gauge', 's', 'part'],
  wombat_monitor_operation_cost_seconds: ['gauge', 's'],
  wombat_monitor_overhead_ratio: ['gauge', '{ratio}'],
  wombat_monitor_latency_sample_ratio: ['gauge', '{ratio}'],
  wombat_monitor_events_dropped_total: ['counter', '{event}'],
  wombat_monitor_event_streams_dropped_total: ['counter', '{stream}', 'reason'],
  wombat_process_event_loop_delay_seconds: ['histogram', 's'],
  wombat_process_event_loop_active_seconds_total: ['counter', 's'],
  wombat_process_thread_pool_wait_seconds: ['histogram', 's'],
  wombat_process_group_memory_bytes: ['gauge', 'By'],
  wombat_process_resident_memory_bytes: ['gauge', 'By'],
  wombat_process_heap_used_bytes: ['gauge', 'By'],
  wombat_process_external_memory_bytes: ['gauge', 'By'],
  wombat_process_array_buffer_bytes: ['gauge', 'By'],
  wombat_process_memory_limit_bytes: ['gauge', 'By'],
}

for (const [name, [kind, unit, ...labels]] of Object.entries(catalog)) {
  test(`${name} is a ${kind} in ${unit} with ${labels.length === 0 ? 'no labels' : `the labels ${labels.join(', ')}`}`, () => {
    expect(metrics[name as keyof typeof metrics]).toMatchObject({ name, kind, unit, attributes: labels })
  })
}

test('the catalog has only the names listed here', () => {
  const hint = 'a new, renamed or removed metric must change in the list at the top of this file, too, and in the changelog'
  expect(Object.keys(metrics).sort(), hint).toEqual(Object.keys(catalog).sort())
})

test('every name of the catalog is the same on every route', () => {
  for (const definition of Object.values(metrics)) expect(() => checkDefinition(definition)).not.toThrow()
})

test('every description is one sentence', () => {
  for (const { name, description } of Object.values(metrics)) expect(description, name).toMatch(/^[1-9A-Z][^.\n]+\.$/)
})

test('histograms have bounds, and no other metric has', () => {
  for (const { name, kind, bounds } of Object.values(metrics)) expect(bounds !== undefined, name).toBe(kind === 'histogram')
})

test('the catalog is frozen', () => {
  expect(Object.isFrozen(metrics)).toBe(true)
  expect(Object.values(metrics).filter((definition) => !Object.isFrozen(definition))).toEqual([])
})

test('the convention has its own name, labels and bounds', () => {
  expect(clientOperationDuration).toMatchObject({
    name: 'db.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    attributes: ['db.system.name', 'db.namespace', 'db.operation.name', 'error.type'],
    bounds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  })
})

test('the latency bounds contain those of the convention', () => {
  expect(clientOperationDuration.bounds?.filter((bound) => !latencyBounds.includes(bound))).toEqual([])
})

test('an operation has a counter, a latency histogram and an error counter', () => {
  for (const operation of operations) {
    const { operations: counted, latency, errors } = operationMetrics(operation)
    expect([metrics[counted].kind, metrics[latency].kind, metrics[errors].kind]).toEqual(['counter', 'histogram', 'counter'])
  }
})

test('with `otel` one metric replaces the three metrics of each operation, and no others', () => {
  const names = [...Object.keys(metrics), clientOperationDuration.name]
  const replaced = operations.flatMap((operation) => Object.values(operationMetrics(operation)))
  const exported = (semconv: 'wombat' | 'otel' | 'both'): string[] => names.filter((name) => isExported(name, semconv))
  expect(exported('wombat')).toEqual(Object.keys(metrics))
  expect(exported('both')).toEqual(names)
  expect(names.filter((name) => !exported('otel').includes(name)).sort()).toEqual(replaced.sort())
})
