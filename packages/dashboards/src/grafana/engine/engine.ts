import { findRules } from '../alert-thresholds.ts'
import { toStore } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, perSecond } from '../query.ts'
import { compactionRow } from './compaction-row.ts'
import { diskRow } from './disk-row.ts'
import { backlogRow, memoryRow, readsRow } from './memory-rows.ts'
import { workRow } from './work-row.ts'

const stalled: readonly PanelSpec[] = [
  {
    title: 'Held back now, for',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_write_stall_active_seconds') }],
    rules: ['WriteStallNow'],
    links: [toStore('overview')],
  },
  {
    title: 'Oldest operation in flight',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_oldest_operation_age_seconds') }],
    rules: ['StoreStalled'],
    links: [toStore('overview')],
  },
  {
    title: 'Files in level 0',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: levelZeroFiles() }],
    rules: ['LevelZeroPileUp'],
    links: [toStore('overview')],
  },
  {
    title: 'Compaction has still to rewrite',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('sum', 'db_compaction_pending_bytes') }],
    rules: ['CompactionLag'],
    links: [toStore('overview')],
  },
  {
    title: 'Stall in progress, by cause',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: gauge('max', 'db_write_stall_active_seconds', { by: ['store', 'cause'] }) }],
    rules: ['WriteStallNow'],
  },
  {
    title: 'Share of the time that writers are held back',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: perSecond('db_write_stall_seconds_total', { by: ['store', 'cause'] }) }],
    rules: ['WriteStallTime'],
    note: 'Of several processes, the shares add up.',
    needs: 'RocksDB counts this, without the cause, where the store was opened with enableStatistics.',
  },
  {
    title: 'Stalls',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: perSecond('db_write_stalls_total', { by: ['store', 'cause'] }) }],
  },
]

const levels: readonly PanelSpec[] = [
  {
    title: 'Files in level 0 of $store',
    width: 8,
    series: [{ legend: 'level 0', query: levelZeroFiles() }],
    rules: ['LevelZeroPileUp'],
    note: 'Files of level 0 overlap, so a read looks into each of them.',
  },
  {
    title: 'Files by level of $store',
    width: 8,
    series: [{ legend: 'level {{level}}', query: gauge('sum', 'db_level_files', { by: ['level'] }) }],
  },
  {
    title: 'Bytes by level of $store',
    width: 8,
    series: [{ legend: 'level {{level}}', query: gauge('sum', 'db_level_bytes', { by: ['level'] }) }],
    isStacked: true,
  },
]

/** Of several processes with a store of this name, that with the most: a pile-up is one process'. */
function levelZeroFiles() {
  const [rule] = findRules(['LevelZeroPileUp'])
  return gauge('max', 'db_level_files', { where: rule?.where ?? {} })
}

/** In the order in which one asks in an incident. */
export const engineRows: readonly RowSpec[] = [
  { title: 'Stalled now? Why, and for how long?', panels: stalled },
  { title: 'Levels of $store', repeat: 'store', panels: levels },
  backlogRow,
  memoryRow,
  readsRow,
  diskRow,
  compactionRow,
  workRow,
]
