import type { MetricName } from '../metrics/semconv.ts'

/** Counters that every LSM engine's log supplies. */
export const lsmCounters = [
  'db_flush_operations_total',
  'db_flush_bytes_total',
  'db_compaction_operations_total',
  'db_compaction_input_files_total',
  'db_compaction_output_files_total',
  'db_compaction_input_bytes_total',
  'db_compaction_output_bytes_total',
] as const satisfies readonly MetricName[]

/** Histograms of single flushes and compactions, from the same log. */
export const lsmHistograms = [
  'db_flush_duration_seconds',
  'db_compaction_duration_seconds',
  'db_compaction_write_amplification',
] as const satisfies readonly MetricName[]
