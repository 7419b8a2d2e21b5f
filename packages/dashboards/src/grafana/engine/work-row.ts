import type { MetricName } from '@wombat/instrumentation'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, perSecond, shareOf } from '../query.ts'

const cpu = (legend: string, name: MetricName): PanelSeries => ({ legend: `{{store}} ${legend}`, query: perSecond(name) })

const gaugePanel = (title: string, name: MetricName): PanelSpec => ({
  title,
  width: 6,
  series: [{ legend: '{{store}}', query: gauge('sum', name) }],
})

const [corruption] = findRules(['DataCorruption'])

const panels: readonly PanelSpec[] = [
  {
    title: 'Errors in the background',
    width: 8,
    series: [{ legend: '{{store}}', query: perSecond('db_background_errors_total') }],
    rules: ['BackgroundErrors'],
  },
  {
    title: 'Damaged data found',
    width: 8,
    series: [
      {
        legend: '{{store}} {{operation}}',
        query: perSecond('db_errors_total', { by: ['store', 'operation'], where: corruption?.where ?? {} }),
      },
    ],
    rules: ['DataCorruption'],
    noValue: 'No operation has found damaged data.',
  },
  {
    title: 'Cores that the engine keeps busy',
    width: 8,
    series: [
      cpu('compaction', 'db_compaction_cpu_seconds_total'),
      cpu('background', 'db_background_cpu_seconds_total'),
      cpu('input and output', 'db_io_cpu_seconds_total'),
      cpu('operations', 'db_query_cpu_seconds_total'),
    ],
    note: '100 % is one core.',
  },
  gaugePanel('Open iterators', 'db_open_iterators'),
  gaugePanel('Open snapshots', 'db_open_snapshots'),
  {
    title: 'Transactions',
    width: 6,
    series: [
      { legend: '{{store}} committed', query: perSecond('db_transaction_commits_total') },
      { legend: '{{store}} given up', query: perSecond('db_transaction_aborts_total') },
    ],
  },
  gaugePanel('Entries', 'db_entries'),
  {
    title: 'Share of the map in use',
    width: 12,
    series: [{ legend: '{{store}}', query: shareOf('max', 'db_map_used_bytes', 'db_map_bytes') }],
    note: "LMDB's file is seen through a map; lmdb-js lets it grow by itself.",
  },
  {
    title: 'Size of the map',
    width: 12,
    series: [
      { legend: '{{store}}', query: gauge('max', 'db_map_bytes') },
      { legend: '{{store}} used', query: gauge('max', 'db_map_used_bytes') },
    ],
  },
]

/** Errors of its own, CPU, and what pins old data. */
export const workRow: RowSpec = { title: 'Errors, CPU, and what is held open', panels }
