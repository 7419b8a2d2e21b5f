import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, histogramQuantile, perSecond } from '../query.ts'

const byProcess = ['instance', 'service_instance_id']
const processLegend = '{{instance}} {{service_instance_id}}'

const panels: readonly PanelSpec[] = [
  {
    title: 'Event loop time used by monitoring',
    width: 8,
    series: [
      {
        legend: `{{part}} ${processLegend}`,
        query: perSecond('wombat_monitor_busy_seconds_total', { by: ['part', ...byProcess] }),
      },
    ],
    isStacked: true,
  },
  {
    title: 'Overhead per operation',
    width: 8,
    series: [{ legend: processLegend, query: gauge('max', 'wombat_monitor_operation_cost_seconds', { by: byProcess }) }],
  },
  {
    title: 'Share of operations timed, and of a core for measuring',
    width: 8,
    series: [
      { legend: `timed ${processLegend}`, query: gauge('min', 'wombat_monitor_latency_sample_ratio', { by: byProcess }) },
      { legend: `core ${processLegend}`, query: gauge('max', 'wombat_monitor_overhead_ratio', { by: byProcess }) },
    ],
  },
  {
    title: 'Collection and alert evaluation duration (P99)',
    width: 8,
    series: [
      {
        legend: `collection ${processLegend}`,
        query: histogramQuantile(0.99, 'wombat_monitor_collection_duration_seconds', { by: byProcess }),
      },
      {
        legend: `alert rules ${processLegend}`,
        query: histogramQuantile(0.99, 'wombat_monitor_alert_evaluation_duration_seconds', { by: byProcess }),
      },
    ],
  },
  {
    title: 'Exports',
    width: 8,
    series: [
      {
        legend: `{{exporter}} attempted ${processLegend}`,
        query: perSecond('wombat_monitor_exports_total', { by: ['exporter', ...byProcess] }),
      },
      {
        legend: `{{exporter}} failed ${processLegend}`,
        query: perSecond('wombat_monitor_export_failures_total', { by: ['exporter', ...byProcess] }),
      },
    ],
    rules: ['ExporterFailing'],
    noValue: 'No exporter sends data: this data was scraped.',
  },
  {
    title: 'Alert evaluations',
    width: 8,
    series: [
      { legend: `completed ${processLegend}`, query: perSecond('wombat_monitor_alert_evaluations_total', { by: byProcess }) },
    ],
  },
  {
    title: 'Alert evaluations missed',
    width: 8,
    series: [{ legend: processLegend, query: perSecond('wombat_monitor_alert_evaluations_missed_total', { by: byProcess }) }],
    rules: ['AlertEvaluationsMissed'],
  },
  {
    title: 'Failed evaluations of a rule',
    width: 8,
    series: [{ legend: processLegend, query: perSecond('wombat_monitor_alert_evaluation_failures_total', { by: byProcess }) }],
    rules: ['AlertEvaluationsFailing'],
  },
  {
    title: 'History file failures',
    width: 8,
    series: [
      { legend: processLegend, query: perSecond('wombat_monitor_history_failures_total', { by: byProcess }) },
      {
        legend: `damaged parts ${processLegend}`,
        query: perSecond('wombat_monitor_history_damaged_parts_total', { by: byProcess }),
      },
    ],
    rules: ['HistoryFailing'],
  },
  {
    title: 'Monitoring errors',
    width: 8,
    series: [
      {
        legend: `collect callback ${processLegend}`,
        query: perSecond('wombat_monitor_source_failures_total', { by: byProcess }),
      },
      {
        legend: `rejected value, {{reason}} ${processLegend}`,
        query: perSecond('wombat_monitor_refused_values_total', { by: ['reason', ...byProcess] }),
      },
      {
        legend: `{{target}} of the application ${processLegend}`,
        query: perSecond('wombat_monitor_callout_failures_total', { by: ['target', ...byProcess] }),
      },
    ],
  },
  {
    title: 'Data points and cardinality limits',
    width: 8,
    series: [
      { legend: `data points ${processLegend}`, query: gauge('max', 'wombat_monitor_points', { by: byProcess }) },
      {
        legend: `metrics at the cardinality limit ${processLegend}`,
        query: gauge('max', 'wombat_monitor_overflowed_metrics', { by: byProcess }),
      },
      {
        legend: `stores that ended, {{reason}} ${processLegend}`,
        query: perSecond('wombat_monitor_forgotten_stores_total', { by: ['reason', ...byProcess] }),
      },
    ],
  },
  {
    title: 'Notifications',
    width: 8,
    series: [
      {
        legend: `delivered, {{notifier}} ${processLegend}`,
        query: perSecond('wombat_monitor_notifications_sent_total', { by: ['notifier', ...byProcess] }),
      },
      {
        legend: `failed attempts, {{notifier}} ${processLegend}`,
        query: perSecond('wombat_monitor_notification_failures_total', { by: ['notifier', ...byProcess] }),
      },
      {
        legend: `silenced, {{notifier}} ${processLegend}`,
        query: perSecond('wombat_monitor_notifications_silenced_total', { by: ['notifier', ...byProcess] }),
      },
    ],
    noValue: 'No notifier is configured.',
  },
  {
    title: 'Notifications owed',
    width: 8,
    series: [
      {
        legend: `{{notifier}} ${processLegend}`,
        query: gauge('max', 'wombat_monitor_notifications_pending', { by: ['notifier', ...byProcess] }),
      },
    ],
    rules: ['NotificationsOwed'],
  },
  {
    title: 'Notifications given up',
    width: 8,
    series: [
      {
        legend: `{{notifier}} ${processLegend}`,
        query: perSecond('wombat_monitor_notifications_dropped_total', { by: ['notifier', ...byProcess] }),
      },
    ],
    rules: ['NotificationsDropped'],
  },
  {
    title: 'Alert rules that match nothing',
    width: 8,
    series: [{ legend: processLegend, query: gauge('max', 'wombat_monitor_alert_rules_unmatched', { by: byProcess }) }],
    note: '`/api/v1/alerts` shows which: their metric or their labels may be wrong.',
  },
  {
    title: 'Data points left out',
    width: 8,
    series: [
      {
        legend: `rejected by the receiver, {{exporter}} ${processLegend}`,
        query: perSecond('wombat_monitor_rejected_points_total', { by: ['exporter', ...byProcess] }),
      },
      {
        legend: `{{reason}}, {{exporter}} ${processLegend}`,
        query: perSecond('wombat_monitor_dropped_points_total', { by: ['exporter', 'reason', ...byProcess] }),
      },
    ],
  },
  {
    title: 'History size',
    width: 8,
    series: [
      { legend: `memory ${processLegend}`, query: gauge('max', 'wombat_monitor_history_bytes', { by: byProcess }) },
      { legend: `memory limit ${processLegend}`, query: gauge('max', 'wombat_monitor_history_limit_bytes', { by: byProcess }) },
      { legend: `file ${processLegend}`, query: gauge('max', 'wombat_monitor_history_file_bytes', { by: byProcess }) },
    ],
  },
  {
    title: 'History reach',
    width: 8,
    series: [{ legend: processLegend, query: gauge('min', 'wombat_monitor_history_reach_seconds', { by: byProcess }) }],
    note: 'At the memory limit, the oldest data of the store that uses most is deleted: raise historyMemoryBytes.',
  },
  {
    title: 'Samples without memory',
    width: 6,
    series: [{ legend: processLegend, query: perSecond('wombat_monitor_history_dropped_samples_total', { by: byProcess }) }],
  },
  {
    title: 'System clock set',
    width: 6,
    series: [
      { legend: `steps ${processLegend}`, query: perSecond('wombat_monitor_clock_steps_total', { by: byProcess }) },
      { legend: `seconds ${processLegend}`, query: perSecond('wombat_monitor_clock_step_seconds_total', { by: byProcess }) },
    ],
  },
  {
    title: 'Modules that cannot be measured',
    width: 6,
    series: [{ legend: processLegend, query: gauge('max', 'wombat_monitor_unmeasured_modules', { by: byProcess }) }],
    note: 'The log names each with the versions that can be.',
    noValue: 'No loaded module is unmeasured, or stores are not found automatically.',
  },
  {
    title: 'Health status changes',
    width: 6,
    series: [{ legend: '{{store}} {{check}}', query: perSecond('db_health_changes_total', { by: ['store', 'check'] }) }],
    note: 'A check that changes often is near a threshold, or its thresholds are too close together.',
  },
  {
    title: 'Events and their streams dropped',
    width: 8,
    series: [
      { legend: `events ${processLegend}`, query: perSecond('wombat_monitor_events_dropped_total', { by: byProcess }) },
      {
        legend: `streams, {{reason}} ${processLegend}`,
        query: perSecond('wombat_monitor_event_streams_dropped_total', { by: ['reason', ...byProcess] }),
      },
    ],
    note: 'A stream that was dropped continues where it ended as soon as its reader connects again.',
  },
  {
    title: 'Failed logins',
    width: 8,
    series: [{ legend: processLegend, query: perSecond('wombat_monitor_login_failures_total', { by: byProcess }) }],
    note: 'A token or a password was wrong.',
    noValue: 'Without an `authToken`, nobody has to log in.',
  },
  {
    title: 'Changes over HTTP',
    width: 8,
    series: [
      {
        legend: `{{result}} ${processLegend}`,
        query: perSecond('wombat_monitor_changes_total', { by: ['result', ...byProcess] }),
      },
    ],
    note: 'The log and the events have who made each, from where and what.',
  },
  {
    title: 'TLS certificate expires in',
    width: 8,
    series: [
      { legend: processLegend, query: gauge('min', 'wombat_monitor_tls_certificate_remaining_seconds', { by: byProcess }) },
    ],
    noValue: 'The servers do not use the option tls.',
  },
  {
    title: 'TLS connections and files that failed',
    width: 8,
    series: [
      {
        legend: `connections ${processLegend}`,
        query: perSecond('wombat_monitor_tls_handshake_failures_total', { by: byProcess }),
      },
      {
        legend: `file of {{option}} ${processLegend}`,
        query: perSecond('wombat_monitor_reload_failures_total', { by: ['option', ...byProcess] }),
      },
    ],
    note: 'A file that cannot be used leaves what it had before in use; the log has the reason.',
    noValue: 'The servers do not use the option tls, and no credentials are in files.',
  },
  {
    title: 'Processes and threads',
    width: 8,
    series: [
      {
        legend: `{{kind}}, {{state}} ${processLegend}`,
        query: gauge('sum', 'wombat_monitor_workers', { by: ['kind', 'state', ...byProcess] }),
      },
      {
        legend: `{{kind}}, {{how}} ${processLegend}`,
        query: perSecond('wombat_monitor_workers_ended_total', { by: ['kind', 'how', ...byProcess] }),
      },
      {
        legend: `{{kind}}, refused ${processLegend}`,
        query: perSecond('wombat_monitor_workers_refused_total', { by: ['kind', ...byProcess] }),
      },
    ],
    note: '`/api/v1/workers` lists them. Those that are late did not answer the last collection; the log names them.',
    noValue: 'There is only one process, without worker threads.',
  },
  {
    title: 'Longest hold of the event loop by the monitor',
    width: 12,
    series: [
      {
        legend: `{{part}} ${processLegend}`,
        query: gauge('max', 'wombat_monitor_longest_block_seconds', { by: ['part', ...byProcess] }),
      },
    ],
    rules: ['MonitorBlocksEventLoop'],
  },
  {
    title: 'Scrapes given up and requests refused',
    width: 12,
    series: [
      {
        legend: `{{reason}} ${processLegend}`,
        query: perSecond('wombat_monitor_scrapes_dropped_total', { by: ['reason', ...byProcess] }),
      },
      {
        legend: `request: {{reason}} ${processLegend}`,
        query: perSecond('wombat_monitor_requests_refused_total', { by: ['reason', ...byProcess] }),
      },
    ],
    note: 'A client of `/metrics` has left, or reads too slowly: see its scrape timeout. A request met a limit of the HTTP endpoints: the log has the first of each reason.',
  },
]

/** Overhead and errors of the monitoring itself. */
export const monitorRow: RowSpec = { title: 'Monitoring', panels }
