import type { HealthCheck } from '../../api/types.ts'
import { statusRank } from '../../components/status.tsx'

/** A check that is not healthy, with the checks that are its symptoms. */
export interface Problem {
  readonly root: HealthCheck
  readonly symptoms: readonly HealthCheck[]
}

export interface ArrangedChecks {
  /** The worst first. */
  readonly problems: readonly Problem[]
  readonly healthy: readonly HealthCheck[]
  /** They have not run yet, or their last result is too old. */
  readonly waiting: readonly HealthCheck[]
}

/** Returns the name of a check among all: `STORE/CHECK`, or `CHECK` of the process. */
export function checkId({ name, store }: Pick<HealthCheck, 'name' | 'store'>): string {
  return store === undefined ? name : `${store}/${name}`
}

/** Returns the name of a check for people. */
export function checkName(name: string): string {
  return name.replaceAll('_', ' ')
}

/**
 * Puts the symptoms of a check below it, as the checks name their causes. A check whose cause is not among the failing ones, or that
 * names itself, stands for itself.
 */
export function arrangeChecks(checks: readonly HealthCheck[]): ArrangedChecks {
  const failing = checks.filter(isFailing)
  const byId = new Map(failing.map((check) => [checkId(check), check]))
  const rootOf = (check: HealthCheck, seen: ReadonlySet<string> = new Set()): HealthCheck => {
    const parent = findCause(check, byId)
    const id = checkId(check)
    return parent === undefined || seen.has(id) ? check : rootOf(parent, new Set([...seen, id]))
  }
  const groups = Map.groupBy(failing, (check) => checkId(rootOf(check)))
  const problems = [...groups].map(([id, members]): Problem => {
    const root = byId.get(id) ?? (members[0] as HealthCheck)
    return { root, symptoms: sortByStatus(members.filter((check) => check !== root)) }
  })
  return {
    problems: problems.sort((a, b) => worstRank(b) - worstRank(a) || a.root.sinceMs - b.root.sinceMs),
    healthy: checks.filter(({ status }) => status === 'healthy'),
    waiting: checks.filter((check) => check.status === 'unknown' && !isFailing(check)),
  }
}

/** An unknown status with a reason is a check that could not find out. */
function isFailing({ status, reason }: HealthCheck): boolean {
  return status === 'unknown' ? reason !== undefined : status !== 'healthy'
}

function findCause({ store, cause }: HealthCheck, byId: ReadonlyMap<string, HealthCheck>): HealthCheck | undefined {
  if (cause?.check === undefined) return undefined
  const { check: name, store: causeStore } = cause
  // Without a store, the cause is a check of the process.
  return byId.get(checkId({ name, ...(causeStore !== undefined && { store: causeStore }) })) ?? byId.get(`${store}/${name}`)
}

function sortByStatus(checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return [...checks].sort((a, b) => statusRank(b.status) - statusRank(a.status) || checkId(a).localeCompare(checkId(b), 'en'))
}

function worstRank({ root, symptoms }: Problem): number {
  return Math.max(...[root, ...symptoms].map(({ status }) => statusRank(status)))
}
