/** How well something is, from best to worst. `unknown`: not looked at yet, or too long ago. */
export const healthStatuses = ['healthy', 'degraded', 'unknown', 'unhealthy', 'critical'] as const
export type HealthStatus = (typeof healthStatuses)[number]

/** The worst of them; `unknown` where there is none. */
export function worst(statuses: Iterable<HealthStatus>): HealthStatus {
  let rank = -1
  for (const status of statuses) rank = Math.max(rank, healthStatuses.indexOf(status))
  return healthStatuses[rank] ?? 'unknown'
}

/** Whether it can be used, which is all that a probe from outside asks. */
export function isUsable(status: HealthStatus): boolean {
  return status === 'healthy' || status === 'degraded'
}
