import type { RowSpec } from '../panel-spec.ts'
import { counterPanel, gaugePanel, histogramPanel } from './engine-panels.ts'

/** Memtables that are waiting to be flushed and bytes that are waiting to be compacted. */
export const backlogRow: RowSpec = {
  title: 'Flush and compaction backlog',
  panels: [
    { ...gaugePanel('Pending compaction bytes', 'db_compaction_pending_bytes', 8), rules: ['CompactionLag'] },
    gaugePanel('Running compactions', 'db_compactions_running', 8),
    gaugePanel('Immutable memtables', 'db_immutable_memtables', 8),
    counterPanel('Flushes', 'db_flush_operations_total', 8),
    counterPanel('Flushed bytes', 'db_flush_bytes_total', 8),
    histogramPanel('Flush duration', 'db_flush_duration_seconds', 8),
  ],
}
