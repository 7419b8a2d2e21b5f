import type { Finding, RunThreshold } from '../check.ts'
import { type HealthStatus, healthStatuses } from '../status.ts'

/** How long a check must insist before it is believed. */
export interface Hysteresis {
  readonly failureThreshold: RunThreshold
  readonly recoveryThreshold: RunThreshold
}

/** The state that is told of a check, and what its next one is judged by. */
export interface ReportedState {
  readonly status: HealthStatus
  /** When it began, in Unix milliseconds. */
  readonly sinceMs: number
  /** The newest finding that says what is told: its message and its number belong to the state. */
  readonly finding: Finding
  /** What the last runs found, oldest first: as many as the longer streak looks at. */
  readonly recent: readonly Finding[]
}

/**
 * One run of one check. The first finding ever counts at once. After that, the state becomes what `count` of the last `of` runs
 * agree on at least: of critical, critical and degraded, three of three agree on degraded. A state is never left against the newest finding.
 */
export function step(before: ReportedState | undefined, found: Finding, nowMs: number, damping: Hysteresis): ReportedState {
  if (before === undefined) return { status: found.status, sinceMs: nowMs, finding: found, recent: [found] }
  const recent = [...before.recent, found].slice(-Math.max(damping.failureThreshold.of, damping.recoveryThreshold.of))
  const status = countAgreeing(before.status, recent, damping)
  return {
    status,
    sinceMs: status === before.status ? before.sinceMs : nowMs,
    finding: recent.findLast((finding) => finding.status === status) ?? before.finding,
    recent,
  }
}

function countAgreeing(
  told: HealthStatus,
  recent: readonly Finding[],
  { failureThreshold, recoveryThreshold }: Hysteresis,
): HealthStatus {
  const toldRank = healthStatuses.indexOf(told)
  const ranks = recent.map(({ status }) => healthStatuses.indexOf(status))
  const towards = Math.sign((ranks.at(-1) ?? toldRank) - toldRank)
  if (towards === 0) return told
  const { count, of } = towards > 0 ? failureThreshold : recoveryThreshold
  // The furthest first: the one at `count` is what that many went to, or further.
  const furthest = ranks.slice(-of).sort((a, b) => (b - a) * towards)
  const rank = furthest[count - 1] ?? toldRank
  return (rank - toldRank) * towards > 0 ? (healthStatuses[rank] ?? told) : told
}
