import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { firingAlerts, gauge, mapExpression, operationRate, or, type Query, unless } from '../query.ts'
import { plainUnit } from '../units.ts'
import { byStore, checkHealth, storeLabels, withInstance } from './fleet-queries.ts'

/** Stores that existed in the selected time range and do not exist now; 0 if none is missing. */
const storesInTimeRange = gauge('max', 'db_store_info', {
  by: storeLabels,
  transform: (series) => withInstance(`last_over_time(${series}[$__range])`),
})
const missingStores = or(
  mapExpression(unless(storesInTimeRange, gauge('max', 'db_store_info', byStore)), (expr) => `count(${expr})`),
  mapExpression(storesInTimeRange, (expr) => `(count(${expr}) * 0)`),
)

/** Counts series above 0; no value if there are no series at all. */
const countAboveZero = (query: Query): Query => ({
  ...mapExpression(query, (expr) => `sum((${expr}) > bool 0)`),
  unit: plainUnit,
})

const panels: readonly PanelSpec[] = [
  {
    title: 'Open stores',
    kind: 'stat',
    width: 4,
    series: [{ legend: 'stores', query: gauge('sum', 'db_store_info', { by: [] }) }],
  },
  {
    title: 'Missing stores',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'stores', query: missingStores }],
    note: 'Stores that were open in the selected time range and are not now: closed, or their process has ended or is unreachable.',
  },
  {
    title: 'Health checks not healthy',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'checks', query: countAboveZero(checkHealth) }],
    noValue: 'No health check has run.',
    isErrorCount: true,
  },
  {
    title: 'Firing alerts',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'alerts', query: firingAlerts() }],
    noValue: 'No process evaluates alert rules.',
    isErrorCount: true,
  },
  {
    title: 'Operations per second',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'all stores', query: operationRate([]) }],
  },
]

/** Totals of all processes and stores. */
export const summaryRow: RowSpec = { title: 'Summary', panels }
