import type { AlertRule } from '@wombat/monitor'

const minute = 60_000

/** Rules that are pending after the first write: for an hour, ten minutes, and half a minute. */
export const waitingRules: readonly AlertRule[] = [
  { name: 'AnHour', durationMs: 60 * minute },
  { name: 'TenMinutes', durationMs: 10 * minute },
  { name: 'HalfAMinute', durationMs: minute / 2 },
].map((rule) => ({
  ...rule,
  severity: 'info',
  condition: 'metric_above',
  metric: 'db_set_operations_total',
  threshold: 0,
}))

/** Options for short intervals, without an HTTP server. */
export const fastOptions = {
  jsonApiEnabled: false,
  metricsIntervalMs: 100,
  alertEvaluationIntervalMs: 100,
  alertRules: waitingRules,
}
