import type { HealthCheckResult, HealthReport } from '../../../health/check.ts'
import { isUsable, worstStatus } from '../../../health/status.ts'

/** What a probe of Kubernetes' kind is told. */
export interface Probe {
  readonly isPassed: boolean
  /** A line for each check, as its API server writes them. */
  readonly lines: readonly string[]
  readonly failedLines: readonly string[]
}

interface ProbeOptions {
  /** Checks that are left out, each by its name or by `store:name`. */
  readonly excluded?: readonly string[]
}

/** Whether a restart would help. What was not looked at yet is no reason for one, and nothing to look at is none either. */
export function liveness({ checks }: HealthReport, { excluded = [] }: ProbeOptions = {}): Probe {
  return probe(checks, ({ status }) => status !== 'unhealthy' && status !== 'critical', excluded)
}

/**
 * Whether questions can be sent here: all checks can be used, and the process is neither starting nor being shut down. Who turns
 * the checks off does not want them to keep anybody from coming.
 */
export function readiness(report: HealthReport, { excluded = [] }: ProbeOptions = {}): Probe {
  if (report.phase === 'off') return { isPassed: true, lines: ['[+]health checks are off'], failedLines: [] }
  const own = probe(report.checks, isFine, excluded)
  const hindrance = readinessFailure(report)
  if (hindrance === undefined) return own
  return { isPassed: false, lines: [hindrance, ...own.lines], failedLines: [hindrance, ...own.failedLines] }
}

/** As much as it counts: what is not known of a check that can only degrade the whole makes it no worse than that. */
function isFine(check: HealthCheckResult): boolean {
  return isUsable(worstStatus([check]))
}

/** What is said of the process rather than of any check. */
function readinessFailure({ phase, status, checks }: HealthReport): string | undefined {
  if (phase === 'starting') return '[-]startup failed: checks have not run yet'
  if (phase === 'stopping') return '[-]shutdown failed: shutting down'
  if (isUsable(status) || !checks.every(isFine)) return undefined
  return `[-]health failed: ${checks.length === 0 ? 'nothing is checked' : `it is ${status} as a whole`}`
}

function probe(
  checks: readonly HealthCheckResult[],
  passes: (check: HealthCheckResult) => boolean,
  excluded: readonly string[],
): Probe {
  const names = (check: HealthCheckResult): string[] => [check.name, `${check.store ?? ''}:${check.name}`]
  const isExcluded = (check: HealthCheckResult): boolean => names(check).some((name) => excluded.includes(name))
  const failed = checks.filter((check) => !isExcluded(check) && !passes(check))
  const lineOf = (check: HealthCheckResult): string => {
    if (isExcluded(check)) return `[+]${checkTitle(check)} excluded: ok`
    if (!passes(check)) return failedLine(check)
    return `[+]${checkTitle(check)} ok${check.status === 'healthy' ? '' : `, ${check.status}: ${oneLine(check.message)}`}`
  }
  const unknown = excluded.filter((name) => !checks.some((check) => names(check).includes(name)))
  // As Kubernetes does: a probe may be newer or older than the service, and know checks that are not there.
  const warning = `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(', ')}`
  return {
    isPassed: failed.length === 0,
    lines: [...checks.map(lineOf), ...(unknown.length > 0 ? [warning] : [])],
    failedLines: failed.map(failedLine),
  }
}

function failedLine(check: HealthCheckResult): string {
  return `[-]${checkTitle(check)} failed: ${oneLine(check.message)}`
}

function checkTitle({ name, store }: HealthCheckResult): string {
  return store === undefined ? name : `${name}{store=${JSON.stringify(store)}}`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
