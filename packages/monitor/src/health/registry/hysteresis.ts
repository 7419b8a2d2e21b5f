import type { Finding, RunThreshold } from '../check.ts'
import { type HealthStatus, healthStatuses } from '../status.ts'

/** How many runs must agree before the reported status changes. */
export interface Hysteresis {
  readonly failureThreshold: RunThreshold
  readonly recoveryThreshold: RunThreshold
}

/** The reported state of a check, and what the next state depends on. */
export interface ReportedState {
  readonly status: HealthStatus
  /** Unix time in milliseconds since when the check has this status. */
  readonly sinceMs: number
  /** The newest finding with the reported status: message and value match the status. */
  readonly finding: Finding
  /** Findings of the last runs, oldest first: as many as the larger threshold needs. */
  readonly recent: readonly Finding[]
}

/**
 * Advances the state of a check by one finding. Pure. The first finding is reported at once, and so is the first one after `unknown`.
 * After that, the status becomes the one that `count` of the last `of` runs reach or exceed: for critical, critical and degraded, three
 * of three reach degraded. The status never moves away from the newest finding.
 */
export function nextReportedState(
  state: ReportedState | undefined,
  finding: Finding,
  nowMs: number,
  hysteresis: Hysteresis,
): ReportedState {
  if (state === undefined) return { status: finding.status, sinceMs: nowMs, finding, recent: [finding] }
  const length = Math.max(hysteresis.failureThreshold.of, hysteresis.recoveryThreshold.of)
  const recent = [...state.recent, finding].slice(-length)
  const status = nextStatus(state.status, recent, hysteresis)
  return {
    status,
    sinceMs: status === state.status ? state.sinceMs : nowMs,
    finding: recent.findLast((one) => one.status === status) ?? state.finding,
    recent,
  }
}

function nextStatus(
  reported: HealthStatus,
  recent: readonly Finding[],
  { failureThreshold, recoveryThreshold }: Hysteresis,
): HealthStatus {
  const reportedRank = healthStatuses.indexOf(reported)
  const ranks = recent.map(({ status }) => healthStatuses.indexOf(status))
  // The first result is reported at once.
  if (reported === 'unknown') return recent.at(-1)?.status ?? reported
  const direction = Math.sign((ranks.at(-1) ?? reportedRank) - reportedRank)
  if (direction === 0) return reported
  const { count, of } = direction > 0 ? failureThreshold : recoveryThreshold
  // Sorted with the furthest first, the rank at `count` is the one that `count` runs reach or exceed.
  const furthest = ranks.slice(-of).sort((a, b) => (b - a) * direction)
  const rank = furthest[count - 1] ?? reportedRank
  return (rank - reportedRank) * direction > 0 ? (healthStatuses[rank] ?? reported) : reported
}
