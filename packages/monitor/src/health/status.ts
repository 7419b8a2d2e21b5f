/**
 * Health statuses from best to worst. `unknown`: the check has not run yet, or its last result is too old. It ranks better than
 * `unhealthy`, because a missing result does not prove a failure, but it is not usable.
 */
export const healthStatuses = ['healthy', 'degraded', 'unknown', 'unhealthy', 'critical'] as const

/** The status of one health check, or of all of them. */
export type HealthStatus = (typeof healthStatuses)[number]

/** Returns the status, or `cap` if the status is worse than that. */
export function capStatus(status: HealthStatus, cap: HealthStatus = 'critical'): HealthStatus {
  return isWorse(status, cap) ? cap : status
}

/** Returns the worst status, with each check capped at its `maxStatus`; `healthy` if there are no checks. */
export function worstStatus(
  checks: ReadonlyArray<{ readonly status: HealthStatus; readonly maxStatus?: HealthStatus }>,
): HealthStatus {
  return checks.reduce<HealthStatus>((worst, { status, maxStatus }) => {
    const capped = capStatus(status, maxStatus)
    return isWorse(capped, worst) ? capped : worst
  }, 'healthy')
}

/** Returns whether the status is worse than another one. */
export function isWorse(status: HealthStatus, than: HealthStatus): boolean {
  return healthStatuses.indexOf(status) > healthStatuses.indexOf(than)
}

/** Returns whether probes report this status as a success. */
export function isUsable(status: HealthStatus): boolean {
  return status === 'healthy' || status === 'degraded'
}
