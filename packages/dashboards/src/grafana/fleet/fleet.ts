import { allErrorRatio, allOperations } from '../aggregate-queries.ts'
import { worstHealth } from '../health-states.ts'
import { fromTable, toInstance, toProcess } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import {
  aboveZero,
  and,
  everyOperation,
  gauge,
  latency,
  mapExpression,
  over,
  perSecond,
  type Query,
  sumOf,
  withUnit,
} from '../query.ts'
import { share } from '../units.ts'
import { fleetNumbers } from './fleet-numbers.ts'
import { byStore, named, ofProcess, ofStore } from './fleet-scope.ts'

const shown = 10

function worst(order: 'topk' | 'bottomk', query: Query): Query {
  return mapExpression(query, (text) => `${order}(${shown}, ${text})`)
}

const p99 = (by: readonly string[]): Query =>
  sumOf(
    'max',
    by,
    everyOperation((metrics) => latency(0.99, metrics.latency, ofStore)),
  )
const errorRatio = allErrorRatio(byStore, named)
const stallShare = withUnit(share, perSecond('db_write_stall_seconds_total', ofStore))
/** A stall's time is added to the total when it is over: of one that lasts, only its age tells. */
const stallAge = gauge('max', 'db_write_stall_active_seconds', ofStore)
const oldest = gauge('max', 'db_oldest_operation_age_seconds', ofStore)
const diskLeft = over(gauge('min', 'db_disk_available_bytes', ofStore), gauge('min', 'db_disk_capacity_bytes', ofStore))
const memoryShare = over(
  gauge('max', 'wombat_process_resident_memory_bytes', ofProcess),
  gauge('max', 'wombat_process_memory_limit_bytes', ofProcess),
)
/** Without the checks that are of a whole process: they have no row here. */
const healthOfStores = and(worstHealth(byStore, named), gauge('sum', 'db_store_info', ofStore))
const unhealthy = aboveZero(worstHealth([...byStore, 'check'], named))

const tables: readonly PanelSpec[] = [
  {
    title: 'Stores, the worst first',
    kind: 'table',
    width: 24,
    series: [
      { legend: 'Health', query: healthOfStores, isHealth: true },
      { legend: 'Failing', query: errorRatio, rules: ['HighErrorRateGet'] },
      { legend: 'P99', query: p99(byStore) },
      { legend: 'Oldest operation', query: oldest, rules: ['StoreStalled'] },
      { legend: 'Stalled for', query: stallAge, rules: ['WriteStallNow'] },
      { legend: 'Held back', query: stallShare, rules: ['WriteStallTime'] },
      { legend: 'Disk left', query: diskLeft, rules: ['LowDiskSpace'] },
      { legend: 'Queue', query: gauge('sum', 'db_queue_depth', ofStore) },
      { legend: 'Operations', query: allOperations(byStore, named) },
    ],
    labels: { instance: 'Instance', store: 'Store' },
    sortedBy: { column: 'Health', isDescending: true },
    noValue: 'No store is measured.',
    note: 'A click on a store leads to its Overview. P99 is that of its slowest kind of operation.',
    links: [fromTable],
  },
]

const lines: readonly PanelSpec[] = [
  {
    title: 'Not healthy',
    kind: 'statetimeline',
    width: 12,
    series: [{ legend: '{{instance}} {{store}} {{check}}', query: unhealthy }],
    links: [toProcess],
    noValue: 'All checks are healthy, or none has run.',
  },
  {
    title: 'Firing alerts by instance',
    width: 12,
    series: [
      {
        legend: '{{instance}} {{store}} {{alertname}}',
        query: gauge('sum', 'db_alerts', { by: [...byStore, 'alertname'], where: { state: 'firing' }, each: named }),
      },
    ],
    links: [toProcess],
    isStacked: true,
    noValue: 'No alert is firing.',
  },
  {
    title: 'Most errors',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: worst('topk', aboveZero(errorRatio)) }],
    rules: ['HighErrorRateGet'],
    links: [toInstance],
    noValue: 'No operation fails.',
  },
  {
    title: 'Slowest operations (P99)',
    width: 6,
    series: [{ legend: '{{instance}} {{store}} {{operation}}', query: worst('topk', p99([...byStore, 'operation'])) }],
    rules: ['SlowResponseTimeGet', 'SlowResponseTimeSet', 'SlowResponseTimeDelete', 'SlowResponseTimeBatch'],
    links: [toInstance],
    // All buckets of all operations of the whole fleet.
    points: 60,
  },
  {
    title: 'Longest waiting operations',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: worst('topk', aboveZero(oldest)) }],
    rules: ['StoreStalled'],
    links: [toInstance],
    noValue: 'No operation is in flight.',
  },
  {
    title: 'Longest stalls in progress',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: worst('topk', aboveZero(stallAge)) }],
    rules: ['WriteStallNow'],
    links: [toInstance],
    noValue: 'No engine that would say so holds its writers back now.',
  },
  {
    title: 'Most held back',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: worst('topk', aboveZero(stallShare)) }],
    rules: ['WriteStallTime'],
    links: [toInstance],
    noValue: 'No engine that would say so holds its writers back.',
  },
  {
    title: 'Least disk space left',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: worst('bottomk', diskLeft) }],
    rules: ['LowDiskSpace'],
    links: [toInstance],
  },
  {
    title: 'Most memory, share of the limit',
    width: 6,
    series: [{ legend: '{{instance}}', query: worst('topk', memoryShare) }],
    rules: ['HighMemoryUsage'],
    links: [toProcess],
  },
  {
    title: 'Latest event loops (P99)',
    width: 6,
    series: [
      { legend: '{{instance}}', query: worst('topk', latency(0.99, 'wombat_process_event_loop_delay_seconds', ofProcess)) },
    ],
    links: [toProcess],
  },
]

/** Which of the many is it? */
export const fleetRows: readonly RowSpec[] = [
  { title: 'All together', panels: fleetNumbers },
  { title: 'Stores', panels: tables },
  { title: 'The worst', panels: lines },
]
