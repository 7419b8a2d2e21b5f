import type { MetricName } from '@wombat/instrumentation'
import type { History } from '../../history/history.ts'
import { increaseFromFirst, increaseOver, sumNow } from '../../history/window-queries.ts'
import type { Finding, HealthCheck } from '../check.ts'
import type { Bounds, BoundValues } from './bound.ts'
import type { CheckDependencies, ProcessCheck } from './built-in-check.ts'

const bounds = {
  historyLimitShare: {
    value: 0.9,
    unit: 'share',
    description: 'share of its memory limit from which the history is degraded: it has begun to delete its oldest samples',
  },
  monitoringWindowSeconds: {
    value: 300,
    unit: 'seconds',
    description: 'period over which failures of the monitoring itself are counted',
    range: [30, 3600],
  },
  certificateRemainingSeconds: {
    value: 7 * 86_400,
    unit: 'seconds',
    description: 'time until the TLS certificate of the HTTP servers expires below which it is degraded',
  },
} as const satisfies Bounds

type MonitoringBounds = BoundValues<typeof bounds>

/** Checks the monitoring itself: what it loses, or cannot do. It never makes the process unready. */
export const monitoringStatus = {
  name: 'monitoring',
  scope: 'process',
  bounds,
  remediations: {
    history_limit: {
      cause: 'There are more series than the memory limit of the history holds for the usual time.',
      nextSteps: [
        'Raise historyMemoryBytes.',
        'Measure fewer stores, or give them fewer labels.',
        'Query the past in Prometheus.',
      ],
    },
    certificate: {
      cause: 'The TLS certificate of the HTTP servers was not renewed in time.',
      nextSteps: ['Renew the certificate: its file is read again when it changes.', 'Check what should have renewed it.'],
    },
    files: {
      cause: 'A file with certificates, tokens or users has changed and cannot be used: what it had before stays in use.',
      nextSteps: ['Read the application log for the reason.', 'Correct the file.'],
    },
    log: {
      cause: 'The log cannot be written: its disk is full, its pipe is closed, or the logger throws.',
      nextSteps: ['Free space on the volume of the log.', 'Check the process that reads the log.', 'Correct the logger.'],
    },
    notifications: {
      cause: 'A receiver of alerts rejects notifications, or could not be reached for too long.',
      nextSteps: ['Read the application log for the reason.', 'Correct the URL or the key of the notifier.'],
    },
    alert_rules: {
      cause: 'An alert rule cannot be evaluated: usually two series become one by the labels of the rule.',
      nextSteps: ['Read the error of each rule in /api/v1/alerts.', 'Correct the rule.'],
    },
    history_file: {
      cause: 'The history file cannot be read or written: its disk is full or failing, or permissions changed.',
      nextSteps: ['Read the application log for the reason.', 'Check the volume of historyPath.'],
    },
    history_damage: {
      cause:
        'The history file was damaged: by its disk, by a copy that was not complete, or by another program that wrote to it.',
      nextSteps: [
        'Read in the application log what was lost.',
        'Check the volume of historyPath.',
        'Delete the file with the suffix .damaged when you do not need it.',
      ],
    },
    requests: {
      cause:
        'Clients of the HTTP endpoints ask for more at once than the process answers, or do not read their answers. Probes are answered.',
      nextSteps: [
        'Read the application log for the limit.',
        'Ask less often, or find the client that asks so much.',
        'Raise maxRequests if the process has time for it.',
      ],
    },
    else: {
      cause: 'A part of the monitoring fails.',
      nextSteps: ['Read the application log.'],
    },
  },
  create({ history }: CheckDependencies, bounds: MonitoringBounds): HealthCheck {
    return {
      name: 'monitoring',
      maxStatus: 'degraded',
      statusOnError: 'degraded',
      run: ({ nowMs }) => evaluateMonitoring(history, nowMs, bounds),
    }
  },
} as const satisfies ProcessCheck

/** Failures that are counted, worst first. */
const failures: ReadonlyArray<{
  readonly reason: string
  readonly metric: MetricName
  /** The series that count, each by its labels (default: all). */
  readonly labels?: ReadonlyArray<Readonly<Record<string, string>>>
  /** Whether the first value counts, too: what was found at the start of the process. */
  readonly countsFirst?: boolean
  readonly message: (count: number) => string
}> = [
  {
    reason: 'notifications',
    metric: 'wombat_monitor_notifications_dropped_total',
    message: (count) => `${count} alert notifications were given up`,
  },
  {
    reason: 'alert_rules',
    metric: 'wombat_monitor_alert_evaluation_failures_total',
    message: (count) => `${count} evaluations of alert rules failed`,
  },
  {
    reason: 'history_damage',
    metric: 'wombat_monitor_history_damaged_parts_total',
    countsFirst: true,
    message: (count) => `${count} parts of the history file were damaged and set aside`,
  },
  {
    reason: 'history_file',
    metric: 'wombat_monitor_history_failures_total',
    message: (count) => `The history file failed ${count} times`,
  },
  {
    reason: 'files',
    metric: 'wombat_monitor_reload_failures_total',
    message: () => 'A file with certificates, tokens or users has changed and cannot be used',
  },
  {
    reason: 'log',
    metric: 'wombat_monitor_callout_failures_total',
    labels: [{ target: 'logger' }],
    message: (count) => `${count} log lines could not be written`,
  },
  {
    reason: 'requests',
    metric: 'wombat_monitor_requests_refused_total',
    // A query that costs too much is refused to the one who asks, who sees why.
    labels: ['busy', 'pipelined', 'slow', 'unread', 'connections'].map((reason) => ({ reason })),
    message: (count) => `${count} HTTP requests were refused because of a limit`,
  },
]

/** Returns the finding for what the monitoring has recorded about itself. Pure. */
export function evaluateMonitoring(history: History, nowMs: number, bounds: MonitoringBounds): Finding {
  const { monitoringWindowSeconds, historyLimitShare } = bounds
  for (const { reason, metric, labels = [{}], countsFirst = false, message } of failures) {
    const increase = countsFirst ? increaseFromFirst : increaseOver
    const counts = labels.map((one) => increase(history, metric, one, monitoringWindowSeconds, nowMs) ?? 0)
    const value = Math.round(counts.reduce((sum, count) => sum + count, 0))
    if (value > 0) {
      return { status: 'degraded', message: message(value), reason, observed: { name: 'failures', value, unit: '{failure}' } }
    }
  }
  const remainingSeconds = sumNow(history, 'wombat_monitor_tls_certificate_remaining_seconds', {}, nowMs)
  if (remainingSeconds !== undefined && remainingSeconds < bounds.certificateRemainingSeconds) {
    const isOver = remainingSeconds <= 0
    const message = `The TLS certificate ${isOver ? 'has expired' : `expires in ${formatDays(remainingSeconds)}`}`
    const observed = { name: 'time to expiry', value: remainingSeconds, unit: 's', bound: bounds.certificateRemainingSeconds }
    return { status: 'degraded', message, reason: 'certificate', observed }
  }
  const limit = sumNow(history, 'wombat_monitor_history_limit_bytes', {}, nowMs)
  const used = sumNow(history, 'wombat_monitor_history_bytes', {}, nowMs)
  if (limit === undefined || used === undefined) return { status: 'healthy', message: 'The monitoring works' }
  const share = used / limit
  const observed = { name: 'use of the history memory', value: share, unit: '1', bound: historyLimitShare }
  if (share < historyLimitShare) return { status: 'healthy', message: 'The monitoring works', observed }
  const reachSeconds = sumNow(history, 'wombat_monitor_history_reach_seconds', {}, nowMs) ?? 0
  const message = `The history in memory is at its limit, and reaches back ${formatReach(reachSeconds)} for the store that uses most`
  return { status: 'degraded', message, reason: 'history_limit', observed }
}

function formatReach(seconds: number): string {
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

function formatDays(seconds: number): string {
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}
