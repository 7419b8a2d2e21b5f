import type { HealthCheckResult } from './check.ts'
import { type HealthStatus, healthStatuses, worst } from './status.ts'

/** What the checks make of the whole: the worst wins, each counting no more than it may; healthy where there is none. */
export function overall(checks: readonly HealthCheckResult[]): HealthStatus {
  return checks.length === 0 ? 'healthy' : worst(checks.map(({ status, atWorst }) => capped(status, atWorst)))
}

/** A status, but no worse than the cap. */
export function capped(status: HealthStatus, cap: HealthStatus = 'critical'): HealthStatus {
  return healthStatuses.indexOf(status) > healthStatuses.indexOf(cap) ? cap : status
}
