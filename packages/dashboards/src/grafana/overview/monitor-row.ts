import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, latency, perSecond } from '../query.ts'

const byProcess = ['instance', 'service_instance_id']
const its = '{{instance}} {{service_instance_id}}'

const panels: readonly PanelSpec[] = [
  {
    title: 'Share of the event loop',
    width: 8,
    series: [
      { legend: `{{part}} ${its}`, query: perSecond('wombat_monitor_busy_seconds_total', { by: ['part', ...byProcess] }) },
    ],
    isStacked: true,
  },
  {
    title: 'Cost of measuring one operation',
    width: 8,
    series: [{ legend: its, query: gauge('max', 'wombat_monitor_operation_cost_seconds', { by: byProcess }) }],
  },
  {
    title: 'Share of operations that are timed',
    width: 8,
    series: [{ legend: its, query: gauge('min', 'wombat_monitor_latency_sample_ratio', { by: byProcess }) }],
  },
  {
    title: 'Collecting and judging (P99)',
    width: 8,
    series: [
      {
        legend: `collection ${its}`,
        query: latency(0.99, 'wombat_monitor_collection_duration_seconds', { by: byProcess }),
      },
      {
        legend: `alert rules ${its}`,
        query: latency(0.99, 'wombat_monitor_alert_evaluation_duration_seconds', { by: byProcess }),
      },
    ],
  },
  {
    title: 'Exports',
    width: 8,
    series: [
      {
        legend: `{{exporter}} tried ${its}`,
        query: perSecond('wombat_monitor_exports_total', { by: ['exporter', ...byProcess] }),
      },
      {
        legend: `{{exporter}} failed ${its}`,
        query: perSecond('wombat_monitor_export_failures_total', { by: ['exporter', ...byProcess] }),
      },
    ],
    rules: ['ExporterFailing'],
    noValue: 'Nothing is exported: what is seen here was fetched.',
  },
  {
    title: 'Alert evaluations',
    width: 8,
    series: [
      { legend: `done ${its}`, query: perSecond('wombat_monitor_alert_evaluations_total', { by: byProcess }) },
      { legend: `missed ${its}`, query: perSecond('wombat_monitor_alert_evaluations_missed_total', { by: byProcess }) },
      { legend: `failed ${its}`, query: perSecond('wombat_monitor_alert_evaluation_failures_total', { by: byProcess }) },
    ],
  },
  {
    title: 'What went wrong in the monitor',
    width: 8,
    series: [
      { legend: `source ${its}`, query: perSecond('wombat_monitor_source_failures_total', { by: byProcess }) },
      { legend: `history ${its}`, query: perSecond('wombat_monitor_history_failures_total', { by: byProcess }) },
      {
        legend: `refused value, {{reason}} ${its}`,
        query: perSecond('wombat_monitor_refused_values_total', { by: ['reason', ...byProcess] }),
      },
      {
        legend: `dropped notification, {{notifier}} ${its}`,
        query: perSecond('wombat_monitor_notifications_dropped_total', { by: ['notifier', ...byProcess] }),
      },
    ],
  },
  {
    title: 'Points and full metrics',
    width: 8,
    series: [
      { legend: `points ${its}`, query: gauge('max', 'wombat_monitor_points', { by: byProcess }) },
      { legend: `metrics at their limit ${its}`, query: gauge('max', 'wombat_monitor_overflowed_metrics', { by: byProcess }) },
    ],
  },
  {
    title: 'History',
    width: 8,
    series: [{ legend: its, query: gauge('max', 'wombat_monitor_history_bytes', { by: byProcess }) }],
  },
  {
    title: 'Changes of health',
    width: 12,
    series: [{ legend: '{{store}} {{check}}', query: perSecond('db_health_changes_total', { by: ['store', 'check'] }) }],
    note: 'A check that changes often is near its bound, or its bounds are too near to each other.',
  },
]

/** What watching costs, and whether it works. */
export const monitorRow: RowSpec = { title: 'The monitor itself', panels }
