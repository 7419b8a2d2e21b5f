import type { MetricName } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import { evaluateMonitoring } from './monitoring-status.ts'

type Values = Partial<Record<MetricName, readonly [before: number, now: number]>>

const ownLabels: Readonly<Record<string, Record<string, string>>> = {
  wombat_monitor_callout_failures_total: { target: 'logger' },
  wombat_monitor_requests_refused_total: { reason: 'busy' },
}

/** Returns the finding after these metrics went from one value to another. */
function evaluate(values: Values, labels: Record<string, string> = {}) {
  const history = new TimeSeries({ intervalMs: 10_000 })
  for (const index of [0, 1]) {
    const samples = Object.entries(values).map(([name, both]) => ({
      series: { name, labels: ownLabels[name] ?? labels, isCounter: name.endsWith('_total') },
      value: both[index] as number,
    }))
    history.append(1000 + index * 10_000, samples)
  }
  return evaluateMonitoring(history, 11_000, bounds)
}

const mebibyte = 2 ** 20

test.each<[Values, string, string | undefined]>([
  [{}, 'The monitoring works', undefined],
  [
    { wombat_monitor_history_bytes: [1, 40 * mebibyte], wombat_monitor_history_limit_bytes: [64 * mebibyte, 64 * mebibyte] },
    'The monitoring works',
    undefined,
  ],
  [
    {
      wombat_monitor_history_bytes: [1, 62 * mebibyte],
      wombat_monitor_history_limit_bytes: [64 * mebibyte, 64 * mebibyte],
      wombat_monitor_history_reach_seconds: [1, 5400],
    },
    'The history in memory is at its limit, and reaches back 90 min for the store that uses most',
    'history_limit',
  ],
  [{ wombat_monitor_callout_failures_total: [0, 3] }, '3 log lines could not be written', 'log'],
  [{ wombat_monitor_callout_failures_total: [3, 3] }, 'The monitoring works', undefined],
  [
    { wombat_monitor_reload_failures_total: [0, 2] },
    'A file with certificates, tokens or users has changed and cannot be used',
    'files',
  ],
  [{ wombat_monitor_tls_certificate_remaining_seconds: [8 * 86_400, 8 * 86_400] }, 'The monitoring works', undefined],
  [
    { wombat_monitor_tls_certificate_remaining_seconds: [6 * 86_400, 6 * 86_400] },
    'The TLS certificate expires in 6 days',
    'certificate',
  ],
  [{ wombat_monitor_tls_certificate_remaining_seconds: [10, -1] }, 'The TLS certificate has expired', 'certificate'],
  [{ wombat_monitor_requests_refused_total: [0, 7] }, '7 HTTP requests were refused because of a limit', 'requests'],
  [{ wombat_monitor_history_failures_total: [0, 2] }, 'The history file failed 2 times', 'history_file'],
  [
    { wombat_monitor_history_damaged_parts_total: [2, 2], wombat_monitor_history_failures_total: [1, 1] },
    '2 parts of the history file were damaged and set aside',
    'history_damage',
  ],
  [{ wombat_monitor_alert_evaluation_failures_total: [0, 2] }, '2 evaluations of alert rules failed', 'alert_rules'],
  [
    { wombat_monitor_notifications_dropped_total: [0, 2], wombat_monitor_callout_failures_total: [0, 9] },
    '2 alert notifications were given up',
    'notifications',
  ],
])('%o: %s', (values, message, reason) => {
  const finding = evaluate(values)
  expect(finding).toMatchObject({ status: reason === undefined ? 'healthy' : 'degraded', message })
  expect(finding.reason).toBe(reason)
})
