import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { increaseFromFirst, increaseOver } from '../../history/window-queries.ts'
import type { HealthBounds } from '../bounds.ts'
import type { Finding } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { corruptionCodes, formatCode } from './error-codes.ts'
import { above, thresholdLevel, worstFinding } from './threshold-levels.ts'

export interface ErrorInput {
  readonly store: string
  readonly bounds: HealthBounds
  readonly before: HealthStatus
}

/** Whether any operation of this store is counted. */
export function countsOperations(history: History, store: string): boolean {
  return operations.some((operation) => history.select(operationMetrics(operation).operations, { store }).length > 0)
}

/** How many of a store's operations failed lately: of each kind apart, so that many reads do not hide that no write works. Pure. */
export function errorFinding(history: History, judging: ErrorInput, nowMs: number): Finding {
  const findings = [...corruption(history, judging, nowMs)]
  let failed = 0
  for (const operation of operations) {
    const { operations: all, errors } = operationMetrics(operation)
    const within = (metric: typeof all): number =>
      increaseOver(history, metric, { store: judging.store }, judging.bounds.windowSeconds, nowMs) ?? 0
    const counts = { operation, total: within(all), failed: within(errors) }
    failed += counts.failed
    findings.push(...shareFinding(counts, judging))
  }
  return worstFinding(findings) ?? { status: 'healthy', message: failed > 0 ? tooLittle : 'No failed operations' }
}

const tooLittle = 'Too little traffic to judge'

/** Damage is damage, however few operations met it. */
function corruption(history: History, { store, bounds }: ErrorInput, nowMs: number): Finding[] {
  for (const error_type of corruptionCodes) {
    const value = increaseFromFirst(history, 'db_errors_total', { store, error_type }, bounds.windowSeconds, nowMs)
    if (value === 0) continue
    const observed = { name: 'operations that met damage, in the window', value, unit: '{error}', bound: 0 }
    return [{ status: 'critical', message: formatCode('Damaged data was found', error_type), reason: 'corruption', observed }]
  }
  return []
}

interface Counts {
  readonly operation: Operation
  readonly total: number
  readonly failed: number
}

const states = [
  { status: 'critical', bound: 'errorCriticalShare' },
  { status: 'unhealthy', bound: 'errorUnhealthyShare' },
  { status: 'degraded', bound: 'errorDegradedShare' },
] as const

/** Nothing where there was too little traffic to judge, or no failure. */
function shareFinding({ operation, total, failed }: Counts, { bounds, before }: ErrorInput): Finding[] {
  if (failed === 0 || total < bounds.errorMinimumOperations) return []
  const value = failed / total
  const levels = states.map(({ status, bound }) => {
    return { status, enter: bounds[bound], leave: bounds[bound] * bounds.errorLeaveFactor }
  })
  const found = thresholdLevel(value, levels, before, above)
  return [
    {
      status: found?.status ?? 'healthy',
      message: `${Number((value * 100).toPrecision(2))} % of the ${operation.replace('_', ' ')} operations failed`,
      observed: { name: 'share of failed operations', value, unit: '1', bound: found?.bound ?? bounds.errorDegradedShare },
      ...(found !== undefined && { reason: 'failures' }),
    },
  ]
}
