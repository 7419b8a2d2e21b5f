import { allErrorRatio, allOperations, firingAlerts } from '../aggregate-queries.ts'
import { worstHealth } from '../health-states.ts'
import { toStore } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, latency, sumOf } from '../query.ts'
import { plain } from '../units.ts'
import { monitorRow } from './monitor-row.ts'
import { operationsRow } from './operations-row.ts'
import { saturationRow } from './saturation-row.ts'

const wellness: readonly PanelSpec[] = [
  {
    title: 'Firing alerts',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'alerts', query: firingAlerts() }],
    noValue: 'Not judged.',
    isBadAboveZero: true,
  },
  {
    title: 'Operations per second',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'all stores', query: sumOf('sum', [], allOperations(['store'])) }],
  },
  {
    title: 'Share of operations that fail',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'all stores', query: allErrorRatio([]) }],
    rules: ['HighErrorRateGet'],
  },
  {
    title: 'Oldest operation in flight',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'all stores', query: gauge('max', 'db_oldest_operation_age_seconds', { by: [] }) }],
    rules: ['StoreStalled'],
  },
  {
    title: 'Health',
    kind: 'statetimeline',
    width: 12,
    series: [{ legend: '{{store}} {{check}}', query: worstHealth(['store', 'check']) }],
    note: 'The worst state of each check among the processes that are chosen.',
  },
  {
    title: 'Live alerts',
    kind: 'table',
    width: 12,
    series: [
      { legend: 'Alerts', query: gauge('sum', 'db_alerts', { by: ['store', 'alertname', 'severity', 'state'] }), unit: plain },
    ],
    labels: { alertname: 'Alert', severity: 'Severity', state: 'State', store: 'Store' },
    noValue: 'No alert is pending or firing.',
  },
  {
    title: 'Operations by store',
    width: 8,
    series: [{ legend: '{{store}}', query: allOperations(['store']) }],
    links: [toStore('engine')],
  },
  {
    title: 'Errors by store',
    width: 8,
    series: [{ legend: '{{store}}', query: allErrorRatio(['store']) }],
    rules: ['HighErrorRateGet'],
    links: [toStore('engine')],
  },
  {
    title: 'Stores',
    kind: 'table',
    width: 8,
    series: [{ legend: 'Open', query: gauge('sum', 'db_store_info', { by: ['store', 'engine', 'engine_version', 'adapter'] }) }],
    labels: { store: 'Store', engine: 'Engine', engine_version: 'Version', adapter: 'Adapter' },
  },
  {
    title: 'Health checks: time they take (P99)',
    width: 12,
    series: [
      { legend: '{{store}} {{check}}', query: latency(0.99, 'db_health_check_duration_seconds', { by: ['store', 'check'] }) },
    ],
  },
]

/** Is it well? And if not, where does it hurt? */
export const overviewRows: readonly RowSpec[] = [
  { title: 'Is it well?', panels: wellness },
  operationsRow,
  saturationRow,
  monitorRow,
]
