import type { RowSpec } from '../panel-spec.ts'
import { gaugePanel } from './engine-panels.ts'

/** Memory that the engine uses. */
export const memoryRow: RowSpec = {
  title: 'Engine memory',
  panels: [
    gaugePanel('Total memory', 'db_total_memory_bytes', 6),
    gaugePanel('Memtables', 'db_memtable_bytes', 6),
    gaugePanel('Block cache', 'db_cache_bytes', 6),
    gaugePanel('Other buffers', 'db_buffer_bytes', 6),
  ],
}
