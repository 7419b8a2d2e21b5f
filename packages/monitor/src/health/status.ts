/** How well something is, from best to worst. `unknown`: not looked at yet, or too long ago. */
export const healthStatuses = ['healthy', 'degraded', 'unknown', 'unhealthy', 'critical'] as const
export type HealthStatus = (typeof healthStatuses)[number]

/** A status, but no worse than the cap. */
export function capStatus(status: HealthStatus, cap: HealthStatus = 'critical'): HealthStatus {
  return healthStatuses.indexOf(status) > healthStatuses.indexOf(cap) ? cap : status
}

/** What checks make of the whole: the worst wins, each counting no more than it may; healthy where there is none. */
export function worstStatus(
  checks: ReadonlyArray<{ readonly status: HealthStatus; readonly maxStatus?: HealthStatus }>,
): HealthStatus {
  const ranks = checks.map(({ status, maxStatus }) => healthStatuses.indexOf(capStatus(status, maxStatus)))
  return healthStatuses[Math.max(0, ...ranks)] as HealthStatus
}

/** Whether it can be used, which is all that a probe from outside asks. */
export function isUsable(status: HealthStatus): boolean {
  return status === 'healthy' || status === 'degraded'
}
