import { fleetNumbers } from './fleet-numbers.ts'
import { byStore, named, ofProcess, ofStore } from './fleet-scope.ts'
import { worstHealth } from './health-states.ts'
import { fromTable, toInstance, toProcess } from './links.ts'
import type { PanelSpec, RowSpec } from './panel-spec.ts'
import {
  aboveZero,
  everyOperation,
  inUnit,
  latency,
  now,
  onlyWith,
  over,
  perSecond,
  type Query,
  summedUp,
  wrapped,
} from './query.ts'
import { allErrorRatio, allOperations } from './totals.ts'
import { share } from './units.ts'

const shown = 10

function worst(order: 'topk' | 'bottomk', query: Query): Query {
  return wrapped(query, (text) => `${order}(${shown}, ${text})`)
}

const p99 = (by: readonly string[]): Query =>
  summedUp(
    'max',
    by,
    everyOperation((metrics) => latency(0.99, metrics.latency, ofStore)),
  )
const errorRatio = allErrorRatio(byStore, named)
const stallShare = inUnit(share, perSecond('db_write_stall_seconds_total', ofStore))
/** A stall's time is added to the total when it is over: of one that lasts, only its age tells. */
const stallAge = now('max', 'db_write_stall_active_seconds', ofStore)
const oldest = now('max', 'db_oldest_operation_age_seconds', ofStore)
const diskLeft = over(now('min', 'db_disk_available_bytes', ofStore), now('min', 'db_disk_capacity_bytes', ofStore))
const memoryShare = over(
  now('max', 'wombat_process_resident_memory_bytes', ofProcess),
  now('max', 'wombat_process_memory_limit_bytes', ofProcess),
)
/** Without the checks that are of a whole process: they have no row here. */
const healthOfStores = onlyWith(worstHealth(byStore, named), now('sum', 'db_store_info', ofStore))
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
      { legend: 'Queue', query: now('sum', 'db_queue_depth', ofStore) },
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
    kind: 'states',
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
        query: now('sum', 'db_alerts', { by: [...byStore, 'alertname'], where: { state: 'firing' }, each: named }),
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
