import type { HealthCheckResult, HealthReport } from '../../../health/check.ts'
import { isUnmeasurable, isUsable, worstStatus } from '../../../health/status.ts'

/** The result of a Kubernetes probe. */
export interface Probe {
  readonly isPassed: boolean
  /** One line per check, in the format of Kubernetes' API server. */
  readonly lines: readonly string[]
  /** The lines of the checks that failed. */
  readonly failedLines: readonly string[]
}

interface ProbeOptions {
  /** The checks to ignore, each by its name or by `store:name`. */
  readonly excluded?: readonly string[]
}

/** Fails if a restart would help. Checks without a result need no restart. */
export function liveness({ checks }: HealthReport, { excluded = [] }: ProbeOptions = {}): Probe {
  return probe(checks, ({ status }) => status !== 'unhealthy' && status !== 'critical', excluded)
}

/**
 * Passes if the process can take requests: all checks are usable, and the process is neither starting nor shutting down. Passes if
 * health checks are off.
 */
export function readiness(report: HealthReport, { excluded = [] }: ProbeOptions = {}): Probe {
  if (report.phase === 'off') return { isPassed: true, lines: ['[+]health checks are off'], failedLines: [] }
  const checksProbe = probe(report.checks, isCheckUsable, excluded)
  const failure = readinessFailure(report)
  if (failure === undefined) return checksProbe
  return { isPassed: false, lines: [failure, ...checksProbe.lines], failedLines: [failure, ...checksProbe.failedLines] }
}

/**
 * Reasons of `compaction_status` with which a store still works, as during a bulk load: writes wait, but not for long. Without requests
 * it would only be idle. A stall of more than a minute is critical.
 */
const backlogReasons: ReadonlySet<string> = new Set(['level_zero', 'pending', 'stalled'])

/**
 * Returns whether a check is usable, considering its `maxStatus`: one that can only degrade the whole is usable even if unknown, and so is one
 * that cannot measure.
 */
function isCheckUsable(check: HealthCheckResult): boolean {
  return isBacklog(check) || isUnmeasurable(check) || isUsable(worstStatus([check]))
}

function isBacklog({ name, status, reason = '' }: HealthCheckResult): boolean {
  return name === 'compaction_status' && status === 'unhealthy' && backlogReasons.has(reason)
}

/** Returns the line for a failure of the process as a whole, if there is one. */
function readinessFailure({ phase, status, checks }: HealthReport): string | undefined {
  if (phase === 'starting') return '[-]startup failed: checks have not run yet'
  if (phase === 'stopping') return '[-]shutdown failed: shutting down'
  const isBehind = status === 'unhealthy' && checks.some(isBacklog)
  const isUnmeasured = status === 'unknown' && checks.length > 0 && checks.every(isUnmeasurable)
  if (isUsable(status) || isBehind || isUnmeasured || !checks.every(isCheckUsable)) return undefined
  return `[-]health failed: ${checks.length === 0 ? 'there are no checks' : `the overall status is ${status}`}`
}

function probe(
  checks: readonly HealthCheckResult[],
  passes: (check: HealthCheckResult) => boolean,
  excluded: readonly string[],
): Probe {
  const names = (check: HealthCheckResult): string[] => [check.name, `${check.store ?? ''}:${check.name}`]
  const isExcluded = (check: HealthCheckResult): boolean => names(check).some((name) => excluded.includes(name))
  const failed = checks.filter((check) => !isExcluded(check) && !passes(check))
  const resultLine = (check: HealthCheckResult): string => {
    if (isExcluded(check)) return `[+]${checkTitle(check)} excluded: ok`
    if (!passes(check)) return failedLine(check)
    return `[+]${checkTitle(check)} ok${check.status === 'healthy' ? '' : `, ${check.status}: ${oneLine(check.message)}`}`
  }
  const unknown = excluded.filter((name) => !checks.some((check) => names(check).includes(name)))
  // A warning and not an error, as in Kubernetes: the probe may have been written for another version of the service.
  const warning = `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(', ')}`
  return {
    isPassed: failed.length === 0,
    lines: [...checks.map(resultLine), ...(unknown.length > 0 ? [warning] : [])],
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
