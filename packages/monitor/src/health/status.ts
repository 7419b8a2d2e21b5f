/**
 * Health statuses from best to worst. `unknown`: the check has not run yet, its last result is too old, or it cannot measure. It ranks better
 * than `unhealthy`, because a missing result does not prove a failure, but it is not usable.
 */
export const healthStatuses = ['healthy', 'degraded', 'unknown', 'unhealthy', 'critical'] as const

/** The status of one health check, or of all of them. */
export type HealthStatus = (typeof healthStatuses)[number]

/** Returns the status, or `cap` if the status is worse than that. */
export function capStatus(status: HealthStatus, cap: HealthStatus = 'critical'): HealthStatus {
  return isWorse(status, cap) ? cap : status
}

/** Reasons of checks that cannot measure: their own, one without a file system that reports its space, and one without metrics. */
const unmeasurableReasons: ReadonlySet<string | undefined> = new Set(['unmeasurable', 'undetermined', 'no_data'])

/**
 * Returns whether a check cannot measure: it is `unknown` for such a reason. The platform may not have what it reads, or refuse it: that
 * says nothing about the store or the process. A check that is `unknown` otherwise has no result yet.
 */
export function isUnmeasurable({ status, reason }: CheckStatus): boolean {
  return status === 'unknown' && unmeasurableReasons.has(reason)
}

interface CheckStatus {
  readonly status: HealthStatus
  readonly reason?: string
}

/**
 * Returns the worst status, with each check capped at its `maxStatus`; `healthy` if there are no checks. Checks that cannot measure count
 * only if no other one does.
 */
export function worstStatus(checks: ReadonlyArray<CheckStatus & { readonly maxStatus?: HealthStatus }>): HealthStatus {
  const measured = checks.filter((check) => !isUnmeasurable(check))
  if (measured.length === 0 && checks.length > 0) return 'unknown'
  return measured.reduce<HealthStatus>((worst, { status, maxStatus }) => {
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
