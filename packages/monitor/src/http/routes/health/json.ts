import type { HealthReport } from '../../../health/check.ts'

/** Returns a report as JSON text: the object that `monitoring.health()` returns. Numbers that JSON cannot express are left out. */
export function healthJson(report: HealthReport): string {
  return JSON.stringify(report, (_, value) => (typeof value === 'number' ? finiteOrUndefined(value) : value))
}

/** Returns `undefined` instead of NaN and infinities, which JSON would write as null. */
export function finiteOrUndefined(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
