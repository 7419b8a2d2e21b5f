import type { MetricName } from '@wombat/instrumentation'
import { toStore } from '../links.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, latency, perSecond, shareOf, withUnit } from '../query.ts'
import { share } from '../units.ts'

/** A process goes by one of these, by the other, or by neither. */
const ofProcess = { by: ['instance', 'service_instance_id'] } as const
const its = '{{instance}} {{service_instance_id}}'

const memory = (legend: string, name: MetricName): PanelSeries => ({
  legend: `${legend} ${its}`,
  query: gauge('max', name, ofProcess),
})

const panels: readonly PanelSpec[] = [
  {
    title: 'Queue depth',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('sum', 'db_queue_depth') }],
    links: [toStore('engine')],
  },
  {
    title: 'Age of the oldest operation',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_oldest_operation_age_seconds') }],
    rules: ['StoreStalled'],
    links: [toStore('engine')],
  },
  {
    title: 'Slow operations by store',
    width: 8,
    series: [{ legend: '{{store}}', query: perSecond('db_slow_operations_total') }],
    links: [toStore('engine')],
  },
  {
    title: 'Event loop delay',
    width: 8,
    series: [0.5, 0.99].map((q) => ({
      legend: `P${q * 100} ${its}`,
      query: latency(q, 'wombat_process_event_loop_delay_seconds', ofProcess),
    })),
    rules: ['EventLoopLate'],
    note: 'While the event loop is late, every operation looks slow, however fast the store is.',
  },
  {
    title: 'Event loop utilization',
    width: 8,
    series: [{ legend: its, query: withUnit(share, perSecond('wombat_process_event_loop_active_seconds_total', ofProcess)) }],
  },
  {
    title: 'Wait for a thread of the pool',
    width: 8,
    series: [0.5, 0.99].map((q) => ({
      legend: `P${q * 100} ${its}`,
      query: latency(q, 'wombat_process_thread_pool_wait_seconds', ofProcess),
    })),
    note: 'If this is long, a larger UV_THREADPOOL_SIZE may help.',
  },
  {
    title: 'Memory, share of the limit',
    width: 8,
    series: [
      {
        legend: its,
        query: shareOf('max', 'wombat_process_resident_memory_bytes', 'wombat_process_memory_limit_bytes', ofProcess),
      },
    ],
    rules: ['HighMemoryUsage'],
  },
  {
    title: 'Memory of the process',
    width: 8,
    series: [
      memory('control group', 'wombat_process_group_memory_bytes'),
      memory('resident', 'wombat_process_resident_memory_bytes'),
      memory('heap', 'wombat_process_heap_used_bytes'),
      memory('external', 'wombat_process_external_memory_bytes'),
      memory('of that buffers', 'wombat_process_array_buffer_bytes'),
    ],
  },
  {
    title: 'Disk space left',
    width: 8,
    series: [{ legend: '{{store}}', query: shareOf('min', 'db_disk_available_bytes', 'db_disk_capacity_bytes') }],
    rules: ['LowDiskSpace'],
    links: [toStore('engine')],
  },
]

/** What is near its limit. */
export const saturationRow: RowSpec = { title: 'Saturation', panels }
