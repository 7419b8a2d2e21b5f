import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { histogramQuantile, perSecond } from '../query.ts'
import { gaugePanel } from './engine-panels.ts'

const byStatement = ['store', 'verb', 'statement']

const panels: readonly PanelSpec[] = [
  {
    title: 'SQL statements',
    width: 8,
    series: [{ legend: '{{store}} {{verb}}', query: perSecond('db_statements_total', { by: ['store', 'verb'] }) }],
  },
  {
    title: 'SQL statement latency (P99)',
    width: 8,
    series: [
      {
        legend: '{{store}} {{statement}}',
        query: histogramQuantile(0.99, 'db_statement_latency_seconds', { by: byStatement }),
      },
    ],
    maxDataPoints: 200,
  },
  {
    title: 'Failed SQL statements',
    width: 8,
    series: [{ legend: '{{store}} {{statement}}', query: perSecond('db_statement_errors_total', { by: byStatement }) }],
  },
  {
    title: 'Time lost to locks',
    width: 12,
    series: [{ legend: '{{store}}', query: perSecond('db_busy_seconds_total') }],
    note: 'Statements that failed because another connection held the lock.',
  },
  gaugePanel('Checkpointed part of the write-ahead log', 'db_wal_checkpointed_bytes', 12),
]

/** SQL statements of a SQLite database. */
export const statementsRow: RowSpec = { title: 'SQLite statements and locks', panels }
