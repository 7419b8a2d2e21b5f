import type { HealthCheckResult, HealthReport, Trend } from '../../../health/check.ts'

/** Returns a report as JSON, with every field of its checks; times are Unix times in milliseconds. */
export function healthJson({ status, timeMs, phase, checks }: HealthReport): object {
  return { status, timestamp: timeMs, phase, checks: checks.map(checkJson) }
}

/** Unknown values are undefined, which JSON omits. */
function checkJson(check: HealthCheckResult): object {
  const { name, store, status, message, lastCheckMs, sinceMs, durationSeconds, observed, reason } = check
  return {
    name,
    store,
    status,
    message,
    last_check: lastCheckMs,
    since: sinceMs,
    duration_seconds: durationSeconds,
    value: finiteOrUndefined(observed?.value),
    unit: observed?.unit,
    bound: finiteOrUndefined(observed?.bound),
    reason,
    cause: check.cause,
    next_steps: check.nextSteps,
    trend: check.trend && trendJson(check.trend),
    runbook_url: check.runbookUrl,
  }
}

function trendJson({ direction, perHour, overSeconds, forecast }: Trend): object {
  return { direction, per_hour: finiteOrUndefined(perHour), over_seconds: overSeconds, forecast }
}

/** Returns `undefined` instead of NaN and infinities, which JSON would write as null. */
export function finiteOrUndefined(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
