import type { RowSpec } from '../panel-spec.ts'
import { perSecond } from '../query.ts'
import { gaugePanel, quantileSeries } from './engine-panels.ts'

/** Memtables that are waiting to be flushed and bytes that are waiting to be compacted. */
export const backlogRow: RowSpec = {
  title: 'Flush and compaction backlog',
  panels: [
    { ...gaugePanel('Pending compaction bytes', 'db_compaction_pending_bytes', 8), rules: ['CompactionLag'] },
    gaugePanel('Running compactions', 'db_compactions_running', 8),
    gaugePanel('Immutable memtables', 'db_immutable_memtables', 8),
    { title: 'Flushes', width: 8, series: [{ legend: '{{store}}', query: perSecond('db_flush_operations_total') }] },
    { title: 'Flushed bytes', width: 8, series: [{ legend: '{{store}}', query: perSecond('db_flush_bytes_total') }] },
    { title: 'Flush duration', width: 8, series: quantileSeries('db_flush_duration_seconds') },
  ],
}
