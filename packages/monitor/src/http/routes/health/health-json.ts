import type { HealthCheckResult, HealthReport, Trend } from '../../../health/check.ts'

/** A report as JSON: each check with its status and message, and all else that is known of it; times are Unix times in milliseconds. */
export function healthJson({ status, timeMs, phase, checks }: HealthReport): object {
  return { status, timestamp: timeMs, phase, checks: checks.map(checkJson) }
}

/** What is unknown is undefined, which JSON leaves out. */
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
    value: finite(observed?.value),
    unit: observed?.unit,
    bound: finite(observed?.bound),
    reason,
    cause: check.cause,
    next_steps: check.nextSteps,
    trend: check.trend && trendJson(check.trend),
    runbook_url: check.runbookUrl,
  }
}

function trendJson({ direction, perHour, overSeconds, outlook }: Trend): object {
  return { direction, per_hour: finite(perHour), over_seconds: overSeconds, outlook }
}

/** JSON would say null of all others. */
export function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
