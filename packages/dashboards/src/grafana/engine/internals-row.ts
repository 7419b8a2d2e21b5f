import type { MetricName } from '@wombat/instrumentation'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, gaugeRatio, perSecond } from '../query.ts'
import { counterPanel, gaugePanel } from './engine-panels.ts'

const cpuSeries = (legend: string, name: MetricName): PanelSeries => ({
  legend: `{{store}} ${legend}`,
  query: perSecond(name),
})

const [corruptionRule] = findRules(['DataCorruption'])

const panels: readonly PanelSpec[] = [
  { ...counterPanel('Background errors', 'db_background_errors_total', 8), rules: ['BackgroundErrors'] },
  {
    title: 'Corruption errors',
    width: 8,
    series: [
      {
        legend: '{{store}} {{operation}}',
        query: perSecond('db_errors_total', { by: ['store', 'operation'], where: corruptionRule?.where ?? {} }),
      },
    ],
    rules: ['DataCorruption'],
    noValue: 'No operation has found corrupted data.',
  },
  {
    title: 'Engine CPU',
    width: 8,
    series: [
      cpuSeries('compaction', 'db_compaction_cpu_seconds_total'),
      cpuSeries('background', 'db_background_cpu_seconds_total'),
      cpuSeries('I/O', 'db_io_cpu_seconds_total'),
      cpuSeries('operations', 'db_query_cpu_seconds_total'),
    ],
    note: '100 % is one core.',
  },
  gaugePanel('Open iterators', 'db_open_iterators', 6, ['IteratorsHeld']),
  gaugePanel('Open snapshots', 'db_open_snapshots', 6, ['SnapshotsHeld']),
  {
    title: 'Transactions',
    width: 6,
    series: [
      { legend: '{{store}} committed', query: perSecond('db_transaction_commits_total') },
      { legend: '{{store}} aborted', query: perSecond('db_transaction_aborts_total') },
    ],
  },
  gaugePanel('Entries', 'db_entries', 6),
  {
    title: 'Age of the oldest iterator and snapshot',
    width: 6,
    series: [
      { legend: '{{store}} iterator', query: gauge('max', 'db_oldest_iterator_age_seconds') },
      { legend: '{{store}} snapshot', query: gauge('max', 'db_oldest_snapshot_age_seconds') },
    ],
    note: 'What an old iterator or snapshot can see is not deleted.',
  },
  counterPanel('Abandoned iterators', 'db_abandoned_iterators_total', 6),
  gaugePanel('Live versions', 'db_live_versions', 6),
  {
    title: 'Slots of the reader table',
    width: 6,
    series: [
      { legend: '{{store}} used', query: gauge('max', 'db_reader_slots_used') },
      { legend: '{{store}} in total', query: gauge('max', 'db_reader_slots') },
    ],
    note: 'When all slots are used, new readers of LMDB fail with MDB_READERS_FULL.',
  },
  {
    title: 'Memory map utilization',
    width: 12,
    series: [{ legend: '{{store}}', query: gaugeRatio('max', 'db_map_used_bytes', 'db_map_bytes') }],
    note: 'LMDB accesses its file through a memory map, which lmdb-js enlarges automatically.',
  },
  {
    title: 'Memory map size',
    width: 12,
    series: [
      { legend: '{{store}} size', query: gauge('max', 'db_map_bytes') },
      { legend: '{{store}} used', query: gauge('max', 'db_map_used_bytes') },
    ],
  },
]

/** Errors, CPU time and open resources of the engine. */
export const internalsRow: RowSpec = { title: 'Engine errors, CPU and open resources', panels }
