import { ruleFamily } from '../alert-thresholds.ts'
import { instanceLink, processLink } from '../links.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { aboveZero, divide, gauge, histogramQuantile, mapExpression, type Query } from '../query.ts'
import {
  byProcess,
  checkHealth,
  freeDiskRatio,
  latencyP99,
  oldestOperation,
  stallAge,
  stallTime,
  storeErrorRatio,
  storeLabels,
  withInstance,
} from './fleet-queries.ts'

const seriesLimit = 10

const topSeries = (query: Query): Query => mapExpression(query, (expr) => `topk(${seriesLimit}, ${expr})`)
const bottomSeries = (query: Query): Query => mapExpression(query, (expr) => `bottomk(${seriesLimit}, ${expr})`)

const memoryUtilization = divide(
  gauge('max', 'wombat_process_resident_memory_bytes', byProcess),
  gauge('max', 'wombat_process_memory_limit_bytes', byProcess),
)

const panels: readonly PanelSpec[] = [
  {
    title: 'Health checks not healthy, by instance',
    kind: 'statetimeline',
    width: 12,
    series: [{ legend: '{{instance}} {{store}} {{check}}', query: aboveZero(checkHealth) }],
    links: [processLink],
    noValue: 'All health checks are healthy, or none has run.',
  },
  {
    title: 'Firing alerts by instance',
    width: 12,
    series: [
      {
        legend: '{{instance}} {{store}} {{alertname}}',
        query: gauge('sum', 'db_alerts', {
          by: [...storeLabels, 'alertname'],
          where: { state: 'firing' },
          transform: withInstance,
        }),
      },
    ],
    links: [processLink],
    isStacked: true,
    noValue: 'No alert is firing.',
  },
  {
    title: 'Highest error ratio',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: topSeries(aboveZero(storeErrorRatio)) }],
    rules: ['HighErrorRateGet'],
    links: [instanceLink],
    noValue: 'No operation fails.',
  },
  {
    title: 'Highest latency (P99)',
    width: 6,
    series: [{ legend: '{{instance}} {{store}} {{operation}}', query: topSeries(latencyP99([...storeLabels, 'operation'])) }],
    rules: ruleFamily('SlowResponseTime'),
    links: [instanceLink],
    // The query reads every bucket of every operation in the fleet.
    maxDataPoints: 60,
  },
  {
    title: 'Oldest operations in flight',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: topSeries(aboveZero(oldestOperation)) }],
    rules: ['StoreStalled'],
    links: [instanceLink],
    noValue: 'No operation is in flight.',
  },
  {
    title: 'Longest current write stalls',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: topSeries(aboveZero(stallAge)) }],
    rules: ['WriteStallNow'],
    links: [instanceLink],
    noValue: 'No engine reports a write stall now.',
  },
  {
    title: 'Most write stall time',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: topSeries(aboveZero(stallTime)) }],
    rules: ['WriteStallTime'],
    links: [instanceLink],
    noValue: 'No engine reports write stalls.',
  },
  {
    title: 'Least free disk space',
    width: 6,
    series: [{ legend: '{{instance}} {{store}}', query: bottomSeries(freeDiskRatio) }],
    rules: ['LowDiskSpace'],
    links: [instanceLink],
  },
  {
    title: 'Highest memory utilization',
    width: 6,
    series: [{ legend: '{{instance}}', query: topSeries(memoryUtilization) }],
    rules: ['HighMemoryUsage'],
    links: [processLink],
  },
  {
    title: 'Highest event loop delay (P99)',
    width: 6,
    series: [
      {
        legend: '{{instance}}',
        query: topSeries(histogramQuantile(0.99, 'wombat_process_event_loop_delay_seconds', byProcess)),
      },
    ],
    links: [processLink],
  },
]

/** The worst stores and processes by each indicator. */
export const worstRow: RowSpec = { title: 'Worst stores and instances', panels }
