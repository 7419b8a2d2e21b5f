import { worstHealth } from '../health-status.ts'
import { storeLink } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { aggregateBy, errorRatio, firingAlerts, gauge, histogramQuantile, operationRate } from '../query.ts'
import { plainUnit } from '../units.ts'

const panels: readonly PanelSpec[] = [
  {
    title: 'Firing alerts',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'alerts', query: firingAlerts() }],
    noValue: 'No process evaluates alert rules.',
    isErrorCount: true,
  },
  {
    title: 'Operations per second',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'all stores', query: aggregateBy('sum', [], operationRate(['store'])) }],
  },
  {
    title: 'Error ratio',
    kind: 'stat',
    width: 6,
    series: [{ legend: 'all stores', query: errorRatio([]) }],
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
    note: 'Worst status of each check across the selected processes.',
  },
  {
    title: 'Pending and firing alerts',
    kind: 'table',
    width: 12,
    series: [
      {
        legend: 'Alerts',
        query: gauge('sum', 'db_alerts', { by: ['store', 'alertname', 'severity', 'state'] }),
        unit: plainUnit,
      },
    ],
    labelColumns: { alertname: 'Alert', severity: 'Severity', state: 'State', store: 'Store' },
    noValue: 'No alert is pending or firing.',
  },
  {
    title: 'Operations by store',
    width: 8,
    series: [{ legend: '{{store}}', query: operationRate(['store']) }],
    links: [storeLink('engine')],
  },
  {
    title: 'Error ratio by store',
    width: 8,
    series: [{ legend: '{{store}}', query: errorRatio(['store']) }],
    rules: ['HighErrorRateGet'],
    links: [storeLink('engine')],
  },
  {
    title: 'Stores',
    kind: 'table',
    width: 8,
    series: [{ legend: 'Open', query: gauge('sum', 'db_store_info', { by: ['store', 'engine', 'engine_version', 'adapter'] }) }],
    labelColumns: { store: 'Store', engine: 'Engine', engine_version: 'Version', adapter: 'Adapter' },
  },
  {
    title: 'Health check duration (P99)',
    width: 24,
    series: [
      {
        legend: '{{store}} {{check}}',
        query: histogramQuantile(0.99, 'db_health_check_duration_seconds', { by: ['store', 'check'] }),
      },
    ],
  },
]

/** Health, alerts and totals of all selected stores. */
export const healthRow: RowSpec = { title: 'Health and alerts', panels }
