import type { HealthCheckResult, HealthReport } from '../../../health/check.ts'
import { type HealthStatus, isUnmeasurable, worstStatus } from '../../../health/status.ts'
import { finiteOrUndefined } from './json.ts'

export const healthContentType = 'application/health+json'

/** The service of a report, in the draft's terms. */
export interface HealthService {
  readonly serviceId?: string
  readonly description?: string
}

/** Converts a status to one of the draft's three. `unknown` is `fail`. */
export function draftStatus(status: HealthStatus): 'pass' | 'warn' | 'fail' {
  if (status === 'healthy') return 'pass'
  return status === 'degraded' ? 'warn' : 'fail'
}

/** Returns a report in the format of draft-inadarei-api-health-check-06. The key of a check is its store and name: `orders:disk_space`. */
export function healthDraft(report: HealthReport, service: HealthService): object {
  const { serviceId, description } = service
  const groups = Object.entries(Object.groupBy(report.checks, checkKey))
  const checks = Object.fromEntries(groups.map(([key, group = []]) => [key, group.map(checkDraft)]))
  return { status: draftStatus(report.status), notes: notes[report.phase], serviceId, description, checks }
}

const notes: Readonly<Record<HealthReport['phase'], readonly string[] | undefined>> = {
  off: ['health checks are off'],
  starting: ['checks have not run yet'],
  running: undefined,
  stopping: ['shutting down'],
}

/** The draft separates the two parts of a key by a colon, and allows no other. */
function checkKey({ name, store }: HealthCheckResult): string {
  return store === undefined ? name : `${store.replaceAll(':', '%3A')}:${name}`
}

function checkDraft(check: HealthCheckResult): object {
  const { status, message, store, observed, lastCheckMs, runbookUrl } = check
  const value = finiteOrUndefined(observed?.value)
  return {
    componentId: store,
    componentType: store === undefined ? 'system' : 'datastore',
    observedValue: value,
    observedUnit: value === undefined ? undefined : observed?.unit,
    status: isUnmeasurable(check) ? 'warn' : draftStatus(worstStatus([check])),
    time: lastCheckMs === undefined ? undefined : new Date(lastCheckMs).toISOString(),
    // The draft omits the output of a check that passes.
    output: status === 'healthy' ? undefined : message,
    links: runbookUrl === undefined ? undefined : { about: runbookUrl },
    ...(status !== 'healthy' && explanation(check)),
  }
}

/** The draft allows additional keys: they explain why a check does not pass. */
function explanation({ observed, sinceMs, cause, trend, nextSteps }: HealthCheckResult): object {
  return {
    since: new Date(sinceMs).toISOString(),
    bound: finiteOrUndefined(observed?.bound),
    cause,
    trend: trend && { ...trend, perHour: finiteOrUndefined(trend.perHour) },
    nextSteps,
  }
}
