import { worstHealth } from '../health-status.ts'
import { tableRowLink } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { and, gauge, operationRate } from '../query.ts'
import {
  byStore,
  freeDiskRatio,
  latencyP99,
  oldestOperation,
  stallAge,
  stallTime,
  storeErrorRatio,
  storeLabels,
  withInstance,
} from './fleet-queries.ts'

/** Without the checks of the whole process, which have no store and so no row in the table. */
const storeHealth = and(worstHealth(storeLabels, withInstance), gauge('sum', 'db_store_info', byStore))

const panels: readonly PanelSpec[] = [
  {
    title: 'Stores, worst first',
    kind: 'table',
    width: 24,
    series: [
      { legend: 'Health', query: storeHealth, isHealth: true },
      { legend: 'Error ratio', query: storeErrorRatio, rules: ['HighErrorRateGet'] },
      { legend: 'Latency P99', query: latencyP99(storeLabels) },
      { legend: 'Oldest operation', query: oldestOperation, rules: ['StoreStalled'] },
      { legend: 'Current stall', query: stallAge, rules: ['WriteStallNow'] },
      { legend: 'Stall time', query: stallTime, rules: ['WriteStallTime'] },
      { legend: 'Free disk space', query: freeDiskRatio, rules: ['LowDiskSpace'] },
      { legend: 'Queue depth', query: gauge('sum', 'db_queue_depth', byStore) },
      { legend: 'Operations', query: operationRate(storeLabels, withInstance) },
    ],
    labelColumns: { instance: 'Instance', store: 'Store' },
    sortBy: { column: 'Health', isDescending: true },
    noValue: 'No store is monitored.',
    note: 'Click a store to open its Overview. Latency P99 is that of its slowest operation type.',
    links: [tableRowLink],
  },
]

/** One table row per store and process. */
export const storesRow: RowSpec = { title: 'Stores', panels }
