import type { MetricName } from '@wombat/instrumentation'
import { storeLink } from '../links.ts'
import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, gaugeRatio, histogramQuantile, perSecond, withUnit } from '../query.ts'
import { ratioUnit } from '../units.ts'

/** Depending on the route, a process has one of these labels, both or none. */
const byProcess = { by: ['instance', 'service_instance_id'] } as const
const processLegend = '{{instance}} {{service_instance_id}}'

const memorySeries = (legend: string, name: MetricName): PanelSeries => ({
  legend: `${legend} ${processLegend}`,
  query: gauge('max', name, byProcess),
})

const panels: readonly PanelSpec[] = [
  {
    title: 'Queue depth',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('sum', 'db_queue_depth') }],
    rules: ['QueueTooDeep'],
    links: [storeLink('engine')],
  },
  {
    title: 'Oldest operation by store',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('max', 'db_oldest_operation_age_seconds') }],
    rules: ['StoreStalled'],
    links: [storeLink('engine')],
  },
  {
    title: 'Slow operations by store',
    width: 8,
    series: [{ legend: '{{store}}', query: perSecond('db_slow_operations_total') }],
    links: [storeLink('engine')],
  },
  {
    title: 'Event loop delay',
    width: 8,
    series: [0.5, 0.99].map((q) => ({
      legend: `P${q * 100} ${processLegend}`,
      query: histogramQuantile(q, 'wombat_process_event_loop_delay_seconds', byProcess),
    })),
    rules: ['EventLoopLate'],
    note: 'A delayed event loop makes every operation look slow, even if the store is fast.',
  },
  {
    title: 'Event loop utilization',
    width: 8,
    series: [
      {
        legend: processLegend,
        query: withUnit(ratioUnit, perSecond('wombat_process_event_loop_active_seconds_total', byProcess)),
      },
    ],
  },
  {
    title: 'Thread pool wait',
    width: 8,
    series: [0.5, 0.99].map((q) => ({
      legend: `P${q * 100} ${processLegend}`,
      query: histogramQuantile(q, 'wombat_process_thread_pool_wait_seconds', byProcess),
    })),
    note: 'If the wait is long, try a larger UV_THREADPOOL_SIZE.',
  },
  {
    title: 'Memory utilization',
    width: 8,
    series: [
      {
        legend: processLegend,
        query: gaugeRatio('max', 'wombat_process_resident_memory_bytes', 'wombat_process_memory_limit_bytes', byProcess),
      },
    ],
    rules: ['HighMemoryUsage'],
  },
  {
    title: 'Process memory',
    width: 8,
    series: [
      memorySeries('control group', 'wombat_process_group_memory_bytes'),
      memorySeries('resident', 'wombat_process_resident_memory_bytes'),
      memorySeries('heap', 'wombat_process_heap_used_bytes'),
      memorySeries('external', 'wombat_process_external_memory_bytes'),
      memorySeries('array buffers (part of external)', 'wombat_process_array_buffer_bytes'),
    ],
  },
  {
    title: 'Free disk space ratio',
    width: 8,
    series: [{ legend: '{{store}}', query: gaugeRatio('min', 'db_disk_available_bytes', 'db_disk_capacity_bytes') }],
    rules: ['LowDiskSpace'],
    links: [storeLink('engine')],
  },
]

/** Resources that are near their limit. */
export const saturationRow: RowSpec = { title: 'Saturation', panels }
