import type { HealthChange, HealthCheck, HealthStatus, TimelineEvent } from '../../api/types.ts'
import type { TimelineInterval, TimelineLane } from '../../charts/timeline.tsx'
import { statusRank } from '../../components/status.tsx'
import { checkId, checkName } from './arrange-checks.ts'

const statuses: readonly string[] = ['healthy', 'degraded', 'unhealthy', 'critical', 'unknown'] satisfies readonly HealthStatus[]

/** The worse, the higher. */
const heights: Readonly<Record<HealthStatus, number>> = {
  healthy: 0.2,
  unknown: 0.35,
  degraded: 0.5,
  unhealthy: 0.75,
  critical: 1,
}

/** Joins the changes of an answer with those of the timeline of events, oldest first. Both have most of them. */
export function mergeChanges(changes: readonly HealthChange[], events: readonly TimelineEvent[]): readonly HealthChange[] {
  const all = [...changes, ...events.map(toChange).filter((change) => change !== undefined)]
  const unique = new Map(all.map((change) => [`${checkId(change)} ${Math.round(change.timeMs)} ${change.to}`, change]))
  return [...unique.values()].sort((a, b) => a.timeMs - b.timeMs)
}

function toChange({ kind, startMs, store, details }: TimelineEvent): HealthChange | undefined {
  const { check, from, to, message } = details
  if (kind !== 'health_change' || typeof check !== 'string' || !isStatus(from) || !isStatus(to)) return undefined
  return { timeMs: startMs, name: check, ...(store !== undefined && { store }), from, to, message: String(message ?? '') }
}

function isStatus(value: unknown): value is HealthStatus {
  return typeof value === 'string' && statuses.includes(value)
}

/**
 * Returns a lane for each check that was not healthy in a range, the worst now first. Before its first change, and back to
 * `knownSinceMs`, a check had the status that it changed from.
 */
export function healthLanes(
  checks: readonly HealthCheck[],
  changes: readonly HealthChange[],
  { startMs, endMs, knownSinceMs }: { readonly startMs: number; readonly endMs: number; readonly knownSinceMs: number },
): readonly TimelineLane[] {
  const byCheck = Map.groupBy(changes, checkId)
  const lanes = checks.map((check) => {
    const intervals = toIntervals(check, byCheck.get(checkId(check)) ?? [], knownSinceMs)
    const shown = intervals.filter((one) => one.startMs <= endMs && (one.endMs ?? endMs) >= startMs)
    return { check, intervals: shown }
  })
  return lanes
    .filter(({ intervals }) => intervals.some(({ status }) => statusRank(status) > statusRank('unknown')))
    .sort(
      (a, b) => statusRank(b.check.status) - statusRank(a.check.status) || checkId(a.check).localeCompare(checkId(b.check), 'en'),
    )
    .map(({ check, intervals }) => ({
      key: checkId(check),
      label: `${check.store === undefined ? '' : `${check.store}: `}${checkName(check.name)}`,
      intervals,
    }))
}

type StatusInterval = TimelineInterval & { readonly status: HealthStatus }

function toIntervals(check: HealthCheck, changes: readonly HealthChange[], knownSinceMs: number): readonly StatusInterval[] {
  const first = changes[0]
  if (first === undefined) return [toInterval(check.status, Math.max(check.sinceMs, knownSinceMs), undefined, check.message)]
  const before =
    first.from === 'unknown' || first.timeMs <= knownSinceMs ? [] : [toInterval(first.from, knownSinceMs, first.timeMs, '')]
  return [
    ...before,
    ...changes.map(({ to, timeMs, message }, index) => toInterval(to, timeMs, changes[index + 1]?.timeMs, message)),
  ]
}

function toInterval(status: HealthStatus, startMs: number, endMs: number | undefined, message: string): StatusInterval {
  return {
    key: `${startMs} ${status}`,
    status,
    startMs,
    endMs,
    title: message === '' ? status : `${status}: ${message}`,
    color: `--${status}`,
    height: heights[status],
    ...(status === 'unknown' && { isLight: true }),
  }
}
