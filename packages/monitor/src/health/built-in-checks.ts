import { compactionStatus } from './checks/compaction-status.ts'
import { databaseConnectivity } from './checks/database-connectivity.ts'
import { diskSpace } from './checks/disk-space.ts'
import { errorRates } from './checks/error-rates.ts'
import { memoryUsage } from './checks/memory-usage.ts'
import { monitoringStatus } from './checks/monitoring-status.ts'
import { responsiveness } from './checks/responsiveness.ts'

/**
 * All built-in checks, in the order in which a report lists them. Bounds, remediations and the names of checks are derived from
 * this list.
 */
export const builtInChecks = [
  responsiveness,
  memoryUsage,
  monitoringStatus,
  databaseConnectivity,
  diskSpace,
  compactionStatus,
  errorRates,
] as const

/** The name of a built-in check. */
export type BuiltInCheckName = (typeof builtInChecks)[number]['name']
