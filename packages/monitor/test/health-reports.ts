import type { HealthCheckResult, HealthReport } from '../src/health/check.ts'
import { type HealthStatus, worstStatus } from '../src/health/status.ts'
import type { HealthSource } from '../src/http/routes/health.ts'

const now = Date.UTC(2026, 10, 23, 9, 30)

/** Results of two stores and their process that are all healthy. */
export const healthyResults: readonly HealthCheckResult[] = [
  {
    name: 'database_connectivity',
    store: 'orders',
    status: 'healthy',
    message: 'Database is responsive',
    lastCheckMs: now - 4000,
    sinceMs: now - 3_600_000,
    durationSeconds: 0.003,
    observed: { name: 'time to write and read', value: 0.0021, unit: 's', bound: 1 },
  },
  {
    name: 'database_connectivity',
    store: 'carts',
    status: 'healthy',
    message: 'Database is responsive',
    lastCheckMs: now - 4000,
    sinceMs: now - 3_600_000,
    durationSeconds: 0.001,
  },
  {
    name: 'disk_space',
    store: 'orders',
    status: 'healthy',
    message: 'Sufficient disk space available',
    lastCheckMs: now - 3000,
    sinceMs: now - 3_600_000,
    durationSeconds: 0.0004,
    observed: { name: 'free space', value: 80_000_000_000, unit: 'By', bound: 1_048_576_000 },
  },
  {
    name: 'memory_usage',
    status: 'healthy',
    message: 'Memory is within its limit',
    lastCheckMs: now - 2000,
    sinceMs: now - 3_600_000,
    durationSeconds: 0.0002,
    observed: { name: 'share of the limit', value: 0.41, unit: '1', bound: 0.8 },
  },
]

/** A degraded result with every field of an explanation. */
export const lowDiskSpace: HealthCheckResult = {
  name: 'disk_space',
  store: 'orders',
  status: 'degraded',
  message: 'Low disk space',
  lastCheckMs: now - 3000,
  sinceMs: now - 600_000,
  durationSeconds: 0.0004,
  observed: { name: 'free space', value: 900_000_000, unit: 'By', bound: 1_048_576_000 },
  reason: 'low',
  cause: { message: 'Compaction does not keep up', check: 'compaction_status', store: 'orders' },
  nextSteps: ['Give the volume more space', 'Delete what is outdated'],
  trend: { direction: 'falling', perHour: -300_000_000, overSeconds: 3600, forecast: 'at this pace it is full in 3 h' },
  runbookUrl: 'https://runbooks.example.org/disk-space',
}

/** Returns the healthy results with others in place of those of the same name and store. */
export function replaceResults(...others: readonly HealthCheckResult[]): HealthCheckResult[] {
  return healthyResults.map((check) => others.find(({ name, store }) => name === check.name && store === check.store) ?? check)
}

/** Returns one of the healthy results with another status and message. */
export function createResult(status: HealthStatus, name: string, store: string | undefined, message: string): HealthCheckResult {
  const check = healthyResults.find((candidate) => candidate.name === name && candidate.store === store)
  if (check === undefined) throw new Error(`no check ${name} of ${store}`)
  return { ...check, status, message, sinceMs: now - 60_000 }
}

/** Creates a report of these results; by default with the worst of their statuses. */
export function createReport(
  checks: readonly HealthCheckResult[],
  phase: HealthReport['phase'] = 'running',
  status = worstStatus(checks),
): HealthReport {
  return { status, timeMs: now, phase, checks }
}

/** Creates a source that returns these reports. Without `live`, no check is part of the liveness. */
export function createHealthSource(report: HealthReport, live: readonly HealthCheckResult[] = []): HealthSource {
  return { report: () => report, liveness: () => createReport(live, report.phase) }
}
