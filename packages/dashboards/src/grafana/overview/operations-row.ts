import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { toStore } from '../links.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { latency, over, perSecond, type Query } from '../query.ts'

function byOperation(queryOf: (metrics: ReturnType<typeof operationMetrics>) => Query): readonly PanelSeries[] {
  return operations.map((operation) => ({ legend: operation, query: queryOf(operationMetrics(operation)) }))
}

const judgedOperations = {
  HighErrorRate: ['Get', 'Set', 'Delete', 'Batch', 'Scan'],
  SlowResponseTime: ['Get', 'Set', 'Delete', 'Batch'],
} as const

function rulesOf(rule: keyof typeof judgedOperations): readonly string[] {
  return judgedOperations[rule].map((operation) => rule + operation)
}

const quantilePanel = (q: number): PanelSpec => ({
  title: `Latency, P${q * 100}`,
  width: 8,
  series: byOperation((metrics) => latency(q, metrics.latency)),
  ...(q === 0.99 && { rules: rulesOf('SlowResponseTime') }),
})

/** Entries in one operation, where it has many. */
const entriesPerOperation = (entries: 'db_batch_entries_total' | 'db_scan_entries_total', operation: Operation): PanelSeries => ({
  legend: operation,
  query: perSecond(entries),
})

const panels: readonly PanelSpec[] = [
  { title: 'Operations', width: 8, series: byOperation((metrics) => perSecond(metrics.operations)), links: [toStore('engine')] },
  {
    title: 'Share that fails',
    width: 8,
    series: byOperation((metrics) => over(perSecond(metrics.errors), perSecond(metrics.operations))),
    rules: rulesOf('HighErrorRate'),
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
  ...[0.5, 0.95, 0.99].map(quantilePanel),
  {
    title: 'Entries of batches and scans',
    width: 12,
    series: [entriesPerOperation('db_batch_entries_total', 'batch'), entriesPerOperation('db_scan_entries_total', 'scan')],
  },
  {
    title: 'Slow operations',
    width: 12,
    series: [{ legend: '{{operation}}', query: perSecond('db_slow_operations_total', { by: ['operation'] }) }],
    note: 'The slow log of the process has each of them.',
  },
]

/** What each store was asked to do, and how well it did it. */
export const operationsRow: RowSpec = { title: 'Operations of $store', repeat: 'store', panels }
