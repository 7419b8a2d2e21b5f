import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { ruleFamily } from '../alert-thresholds.ts'
import { storeLink } from '../links.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { divide, histogramQuantile, perSecond, type Query } from '../query.ts'

function seriesPerOperation(createQuery: (metrics: ReturnType<typeof operationMetrics>) => Query): readonly PanelSeries[] {
  return operations.map((operation) => ({ legend: operation, query: createQuery(operationMetrics(operation)) }))
}

const latencyPanel = (q: number): PanelSpec => ({
  title: `Latency (P${q * 100})`,
  width: 8,
  series: seriesPerOperation((metrics) => histogramQuantile(q, metrics.latency)),
  ...(q === 0.99 && { rules: ruleFamily('SlowResponseTime') }),
})

const entriesSeries = (entries: 'db_batch_entries_total' | 'db_scan_entries_total', operation: Operation): PanelSeries => ({
  legend: operation,
  query: perSecond(entries),
})

const panels: readonly PanelSpec[] = [
  {
    title: 'Operations by type',
    width: 8,
    series: seriesPerOperation((metrics) => perSecond(metrics.operations)),
    links: [storeLink('engine')],
  },
  {
    title: 'Error ratio by operation',
    width: 8,
    series: seriesPerOperation((metrics) => divide(perSecond(metrics.errors), perSecond(metrics.operations))),
    rules: ruleFamily('HighErrorRate'),
  },
  {
    title: 'Errors by type',
    width: 8,
    series: [
      {
        legend: '{{operation}} {{error_type}}',
        query: perSecond('db_errors_total', { by: ['operation', 'error_type'] }),
      },
    ],
    noValue: 'No operation has failed.',
  },
  ...[0.5, 0.95, 0.99].map(latencyPanel),
  {
    title: 'Batch and scan entries',
    width: 12,
    series: [entriesSeries('db_batch_entries_total', 'batch'), entriesSeries('db_scan_entries_total', 'scan')],
  },
  {
    title: 'Slow operations',
    width: 12,
    series: [{ legend: '{{operation}}', query: perSecond('db_slow_operations_total', { by: ['operation'] }) }],
    note: "Each slow operation is in the process's slow log.",
  },
]

/** Rate, errors and latency of each operation, for each store. */
export const operationsRow: RowSpec = { title: 'Operations of $store', repeat: 'store', panels }
