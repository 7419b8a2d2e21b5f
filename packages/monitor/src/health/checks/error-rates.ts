import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { increaseFromFirst, increaseOver } from '../../history/window-queries.ts'
import type { CheckContext, Finding } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { type Bounds, type BoundValues, windowBounds } from './bound.ts'
import type { CheckDependencies, StoreCheck, StoreCheckSource } from './built-in-check.ts'
import { corruptionCodes, withCode } from './error-codes.ts'
import { corruptedData } from './remediation.ts'
import { above, thresholdLevel, worstFinding } from './threshold-levels.ts'

const bounds = {
  ...windowBounds,
  errorDegradedShare: {
    value: 0.01,
    unit: 'share',
    description: 'share of failed operations of one kind above which the store is degraded',
    below: 'errorUnhealthyShare',
  },
  errorUnhealthyShare: {
    value: 0.05,
    unit: 'share',
    description: 'share of failed operations of one kind above which the store is unhealthy',
    below: 'errorCriticalShare',
  },
  errorCriticalShare: {
    value: 0.5,
    unit: 'share',
    description: 'share of failed operations of one kind above which the store is critical',
  },
  errorLeaveFactor: {
    value: 0.5,
    unit: 'share',
    description: 'share of its bound at which an error status ends',
  },
  errorMinimumOperations: {
    value: 20,
    unit: 'count',
    description: 'operations in the window below which the share of failed ones is not evaluated',
  },
} as const satisfies Bounds

type ErrorBounds = BoundValues<typeof bounds>

/** Checks the share of failed operations of a store, for each kind of operation separately, and reports corrupted data. */
export const errorRates = {
  name: 'error_rates',
  scope: 'store',
  bounds,
  remediations: {
    corruption: corruptedData,
    else: {
      cause: 'The store rejects operations. The error types show why.',
      nextSteps: [
        'Check db_errors_total by operation and error_type.',
        'Read the application log.',
        'Check the disk: free space and errors.',
      ],
    },
  },
  create(store: string, { registry, history }: CheckDependencies, bounds: ErrorBounds): StoreCheckSource {
    const check = {
      name: 'error_rates',
      store,
      run: ({ nowMs, previousStatus }: CheckContext) => evaluateErrors(history, { store, bounds, previousStatus }, nowMs),
    }
    // While recording is disabled, the last values do not describe the present.
    return () => (registry.enabled && countsOperations(history, store) ? check : undefined)
  },
} as const satisfies StoreCheck

function countsOperations(history: History, store: string): boolean {
  return operations.some((operation) => history.select(operationMetrics(operation).operations, { store }).length > 0)
}

interface ErrorInput {
  readonly store: string
  readonly bounds: ErrorBounds
  readonly previousStatus: HealthStatus
}

/** Evaluates each kind of operation separately, so that many successful reads do not hide that every write fails. */
function evaluateErrors(history: History, input: ErrorInput, nowMs: number): Finding {
  const { store, bounds } = input
  const findings = evaluateCorruption(history, input, nowMs)
  let failed = 0
  for (const operation of operations) {
    const metrics = operationMetrics(operation)
    const increase = (metric: typeof metrics.operations): number =>
      increaseOver(history, metric, { store }, bounds.windowSeconds, nowMs) ?? 0
    const counts = { operation, total: increase(metrics.operations), failed: increase(metrics.errors) }
    failed += counts.failed
    findings.push(...evaluateShare(counts, input))
  }
  const message = failed > 0 ? 'Too few operations to evaluate' : 'No failed operations'
  return worstFinding(findings) ?? { status: 'healthy', message }
}

/** One corrupted read is enough, however few operations there were. */
function evaluateCorruption(history: History, { store, bounds }: ErrorInput, nowMs: number): Finding[] {
  for (const error_type of corruptionCodes) {
    const value = increaseFromFirst(history, 'db_errors_total', { store, error_type }, bounds.windowSeconds, nowMs)
    if (value === 0) continue
    const observed = { name: 'operations that found corrupted data in the window', value, unit: '{error}', bound: 0 }
    return [{ status: 'critical', message: withCode('Corrupted data was found', error_type), reason: 'corruption', observed }]
  }
  return []
}

interface OperationCounts {
  readonly operation: Operation
  readonly total: number
  readonly failed: number
}

const levelTable = [
  { status: 'critical', bound: 'errorCriticalShare' },
  { status: 'unhealthy', bound: 'errorUnhealthyShare' },
  { status: 'degraded', bound: 'errorDegradedShare' },
] as const

/** Returns no finding if nothing failed, or if there were too few operations. */
function evaluateShare({ operation, total, failed }: OperationCounts, { bounds, previousStatus }: ErrorInput): Finding[] {
  if (failed === 0 || total < bounds.errorMinimumOperations) return []
  const value = failed / total
  const levels = levelTable.map(({ status, bound }) => {
    return { status, enter: bounds[bound], leave: bounds[bound] * bounds.errorLeaveFactor }
  })
  const reached = thresholdLevel(value, levels, previousStatus, above)
  return [
    {
      status: reached?.status ?? 'healthy',
      message: `${Number((value * 100).toPrecision(2))} % of the ${operation.replace('_', ' ')} operations failed`,
      observed: { name: 'share of failed operations', value, unit: '1', bound: reached?.bound ?? bounds.errorDegradedShare },
      ...(reached !== undefined && { reason: 'failures' }),
    },
  ]
}
