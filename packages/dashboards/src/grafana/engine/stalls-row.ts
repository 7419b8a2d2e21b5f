import { storeLink } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, perSecond } from '../query.ts'
import { levelZeroFiles } from './engine-panels.ts'

const panels: readonly PanelSpec[] = [
  {
    title: 'Current write stall',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_write_stall_active_seconds') }],
    rules: ['WriteStallNow'],
    links: [storeLink('overview')],
  },
  {
    title: 'Oldest operation in flight',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_oldest_operation_age_seconds') }],
    rules: ['StoreStalled'],
    links: [storeLink('overview')],
  },
  {
    title: 'Level 0 files',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: levelZeroFiles() }],
    rules: ['LevelZeroPileUp'],
    links: [storeLink('overview')],
  },
  {
    title: 'Pending compaction',
    kind: 'stat',
    width: 6,
    series: [{ legend: '{{store}}', query: gauge('sum', 'db_compaction_pending_bytes') }],
    rules: ['CompactionLag'],
    links: [storeLink('overview')],
  },
  {
    title: 'Current write stall by cause',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: gauge('max', 'db_write_stall_active_seconds', { by: ['store', 'cause'] }) }],
    rules: ['WriteStallNow'],
  },
  {
    title: 'Write stall time by cause',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: perSecond('db_write_stall_seconds_total', { by: ['store', 'cause'] }) }],
    rules: ['WriteStallTime'],
    note: 'Share of the time. The shares of several processes are added.',
    requirement: 'RocksDB reports this without the cause, and only if the store was opened with enableStatistics.',
  },
  {
    title: 'Write stalls by cause',
    width: 8,
    series: [{ legend: '{{store}} {{cause}}', query: perSecond('db_write_stalls_total', { by: ['store', 'cause'] }) }],
  },
]

/** Write stalls and what causes them. */
export const stallsRow: RowSpec = { title: 'Write stalls', panels }
