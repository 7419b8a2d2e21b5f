import type { Finding, HealthCheck, HealthCheckResult, HealthReport } from '../health/check.ts'
import type { CheckSource } from '../health/registry/check-sources.ts'
import { isUnmeasurable, isWorse, worstStatus } from '../health/status.ts'
import type { WorkerHealth, WorkerState } from './protocol.ts'

/**
 * Returns one report of several processes. Of the results of one check, the worst counts, with the process that it comes from. A process that
 * has just started does not make the others unready.
 */
export function mergeReports(own: HealthReport, others: readonly WorkerHealth[], ownWorker: string | undefined): HealthReport {
  if (others.length === 0) return own
  const reports = [{ worker: ownWorker, report: own }, ...others].filter(({ report }) => report.phase !== 'off')
  if (reports.length === 0) return own
  const started = reports.filter(({ report }) => report.phase !== 'starting')
  const counted = started.length === 0 ? reports : started
  const checks = new Map<string, HealthCheckResult>()
  for (const { worker, report } of counted) {
    for (const check of report.checks) {
      const key = JSON.stringify([check.name, check.store])
      const known = checks.get(key)
      if (known !== undefined && !isUnmeasurable(known) && (isUnmeasurable(check) || !isWorse(check.status, known.status)))
        continue
      checks.set(key, worker === undefined ? check : { ...check, worker })
    }
  }
  const all = [...checks.values()]
  const isStopping = counted.every(({ report }) => report.phase === 'stopping')
  return {
    status: started.length === 0 ? 'unknown' : worstStatus(all),
    timeMs: own.timeMs,
    phase: isStopping ? 'stopping' : started.length === 0 ? 'starting' : 'running',
    checks: all,
  }
}

/** Returns the check that names the processes that do not answer, as long as there are several. */
export function workersSource(workers: () => readonly WorkerState[]): CheckSource {
  const check: HealthCheck = {
    name: 'workers',
    maxStatus: 'degraded',
    statusOnError: 'degraded',
    run: ({ nowMs }) => evaluateWorkers(workers(), nowMs),
  }
  return () => (workers().length > 1 ? [check] : [])
}

/** Returns the finding for the processes of a group. Pure. */
export function evaluateWorkers(workers: readonly WorkerState[], nowMs: number): Finding {
  const late = workers.filter(({ state }) => state === 'late')
  const observed = { name: 'processes that do not answer', value: late.length, unit: '{worker}', bound: 1 }
  if (late.length === 0) return { status: 'healthy', message: `All ${workers.length} processes answer`, observed }
  const names = late.map(({ worker, pid, thread, lastAnswerMs }) => {
    const seconds = Math.max(0, Math.round((nowMs - lastAnswerMs) / 1000))
    return `worker ${worker} (process ${pid}${thread === undefined ? '' : `, thread ${thread}`}) for ${seconds} s`
  })
  return {
    status: 'degraded',
    message: `${late.length} of ${workers.length} processes do not answer: ${names.slice(0, 5).join(', ')}`,
    reason: 'late',
    observed,
  }
}
