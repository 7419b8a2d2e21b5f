import type { History } from '../../history/history.ts'
import { increaseOver, maxNow, maxSeriesNow } from '../../history/window-queries.ts'
import type { Finding } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { type Bounds, type BoundValues, windowBounds } from './bound.ts'
import type { CheckDependencies, StoreCheck, StoreCheckSource } from './built-in-check.ts'
import type { Remediation } from './remediation.ts'
import { above, atLeast, type ThresholdLevel, thresholdLevel, worstFinding } from './threshold-levels.ts'

const gibibyte = 2 ** 30

const bounds = {
  ...windowBounds,
  stallCriticalSeconds: {
    value: 60,
    unit: 'seconds',
    description: 'duration above which a write stall is critical; a shorter one is unhealthy',
  },
  stalledShare: {
    value: 0.05,
    unit: 'share',
    description: 'share of the window above which stalled writes are degraded',
  },
  pendingDegradedBytes: {
    value: 16 * gibibyte,
    unit: 'bytes',
    description: 'pending compaction bytes above which compaction is falling behind',
    below: 'pendingUnhealthyBytes',
  },
  pendingUnhealthyBytes: {
    value: 64 * gibibyte,
    unit: 'bytes',
    description: 'pending compaction bytes above which RocksDB slows down writes',
  },
  leveldbLevelZeroDegradedFiles: {
    value: 8,
    unit: 'count',
    description: 'files in level 0 from which LevelDB slows down writes',
    below: 'leveldbLevelZeroUnhealthyFiles',
  },
  leveldbLevelZeroUnhealthyFiles: {
    value: 12,
    unit: 'count',
    description: 'files in level 0 from which LevelDB stops writes',
  },
  rocksdbLevelZeroDegradedFiles: {
    value: 20,
    unit: 'count',
    description: 'files in level 0 from which RocksDB slows down writes',
    below: 'rocksdbLevelZeroUnhealthyFiles',
  },
  rocksdbLevelZeroUnhealthyFiles: {
    value: 36,
    unit: 'count',
    description: 'files in level 0 from which RocksDB stops writes',
  },
  compactionLeaveFactor: {
    value: 0.75,
    unit: 'share',
    description: 'share of its bound at which a compaction status ends',
  },
} as const satisfies Bounds

type CompactionBounds = BoundValues<typeof bounds>

const compactionBehind: Remediation = {
  cause: 'Writes arrive faster than compaction can process them, or the disk is slow.',
  nextSteps: ['Write less for a while.', 'Check disk utilization.', 'Enlarge the memtable, and write in batches.'],
}

/** Checks whether compaction of an LSM store keeps up, and whether it stalls writes. */
export const compactionStatus = {
  name: 'compaction_status',
  scope: 'store',
  bounds,
  remediations: {
    background_errors: {
      cause: 'The engine could not write or read a table: the disk is full or failing, or data is corrupted.',
      nextSteps: [
        "Read the engine's own log in the store's directory.",
        'Check the kernel log for disk errors.',
        'Fix the cause, then reopen the store.',
      ],
    },
    no_data: {
      cause: 'The engine has not reported its metrics for a while.',
      nextSteps: ['Check whether operations on the store complete.', 'Check the event loop and the thread pool.'],
    },
    else: compactionBehind,
  },
  create(store: string, { registry, history }: CheckDependencies, bounds: CompactionBounds): StoreCheckSource {
    return (stores) => {
      // While recording is disabled, the last values do not describe the present.
      if (!registry.enabled || !reportsCompaction(history, store)) return undefined
      const input = { store, engine: stores[0]?.engine ?? '', storeCount: stores.length, bounds }
      return {
        name: 'compaction_status',
        store,
        run: ({ nowMs, previousStatus }) => evaluateCompaction(history, { ...input, previousStatus }, nowMs),
      }
    }
  },
} as const satisfies StoreCheck

/** An engine that has any of these metrics reports its compaction. */
const compactionMetrics = ['db_level_files', 'db_compaction_pending_bytes', 'db_write_stall_active_seconds'] as const

/** Returns whether the engine of this store reports anything about compaction. */
export function reportsCompaction(history: History, store: string): boolean {
  return compactionMetrics.some((metric) => history.select(metric, { store }).length > 0)
}

/** What the compaction of a store is evaluated with. */
export interface CompactionInput {
  readonly store: string
  /** Selects the bounds of level 0, which is not evaluated for other engines. */
  readonly engine: string
  /** How many stores share this name: their files are summed, and so are the bounds. */
  readonly storeCount: number
  readonly bounds: CompactionBounds
  readonly previousStatus: HealthStatus
}

/** Returns the worst finding about compaction and write stalls. Pure. */
export function evaluateCompaction(history: History, input: CompactionInput, nowMs: number): Finding {
  const { store } = input
  if (compactionMetrics.every((metric) => maxNow(history, metric, { store }, nowMs) === undefined)) {
    return { status: 'unknown', message: 'Compaction status is unknown', reason: 'no_data' }
  }
  const findings = [backgroundErrors, activeStall, levelZero, pendingBytes, recentStalls].flatMap((evaluate) =>
    evaluate(history, input, nowMs),
  )
  return worstFinding(findings) ?? { status: 'healthy', message: 'Compaction keeps up' }
}

type Evaluate = (history: History, input: CompactionInput, nowMs: number) => Finding[]

const backgroundErrors: Evaluate = (history, { store, bounds }, nowMs) => {
  const value = increaseOver(history, 'db_background_errors_total', { store }, bounds.windowSeconds, nowMs) ?? 0
  if (value === 0) return []
  const observed = { name: 'background errors in the window', value, unit: '{error}', bound: 0 }
  return [{ status: 'critical', message: 'Background work of the database fails', reason: 'background_errors', observed }]
}

const activeStall: Evaluate = (history, { store, bounds }, nowMs) => {
  const stall = maxSeriesNow(history, 'db_write_stall_active_seconds', { store }, nowMs)
  if (stall === undefined || stall.value === 0) return []
  const isLong = stall.value > bounds.stallCriticalSeconds
  const { name: metric, labels } = stall.series
  const cause = labels['cause']
  return [
    {
      status: isLong ? 'critical' : 'unhealthy',
      message: `Writes are stalled${cause === undefined ? '' : ` (${cause})`}`,
      reason: 'stalled',
      observed: {
        name: 'duration of the stall',
        value: stall.value,
        unit: 's',
        bound: bounds.stallCriticalSeconds,
        series: { metric, labels },
      },
    },
  ]
}

const levelZero: Evaluate = (history, input, nowMs) => {
  const { store, engine, bounds } = input
  const labels = { store, level: '0' }
  const value = maxNow(history, 'db_level_files', labels, nowMs)
  if (value === undefined || (engine !== 'leveldb' && engine !== 'rocksdb')) return []
  const levels = [
    createLevel('unhealthy', 'Level 0 is full', bounds[`${engine}LevelZeroUnhealthyFiles`], input),
    createLevel('degraded', 'Level 0 is filling up', bounds[`${engine}LevelZeroDegradedFiles`], input),
  ]
  const series = { metric: 'db_level_files', labels }
  return [evaluateLevels({ name: 'files in level 0', value, unit: '{file}', series }, levels, 'level_zero', input, atLeast)]
}

const pendingBytes: Evaluate = (history, input, nowMs) => {
  const { store, bounds } = input
  const metric = 'db_compaction_pending_bytes'
  const value = maxNow(history, metric, { store }, nowMs)
  if (value === undefined) return []
  const levels = [
    createLevel('unhealthy', 'Compaction is far behind', bounds.pendingUnhealthyBytes, input),
    createLevel('degraded', 'Compaction is falling behind', bounds.pendingDegradedBytes, input),
  ]
  const series = { metric, labels: { store } }
  return [evaluateLevels({ name: 'pending compaction bytes', value, unit: 'By', series }, levels, 'pending', input, above)]
}

const recentStalls: Evaluate = (history, { store, bounds, previousStatus }, nowMs) => {
  const seconds = increaseOver(history, 'db_write_stall_seconds_total', { store }, bounds.windowSeconds, nowMs) ?? 0
  const value = seconds / bounds.windowSeconds
  const enter = bounds.stalledShare
  const levels = [{ status: 'degraded', enter, leave: enter * bounds.compactionLeaveFactor }] as const
  const reached = thresholdLevel(value, levels, previousStatus, above)
  if (reached === undefined) return []
  const observed = { name: 'share of the window in which writes were stalled', value, unit: '1', bound: reached.bound }
  return [{ status: 'degraded', message: 'Writes are often stalled', reason: 'often_stalled', observed }]
}

interface CompactionLevel extends ThresholdLevel {
  readonly message: string
}

/** Creates a level. Its bound is multiplied by the number of stores that share the name. */
function createLevel(
  status: HealthStatus,
  message: string,
  bound: number,
  { storeCount, bounds }: CompactionInput,
): CompactionLevel {
  const enter = bound * storeCount
  return { status, message, enter, leave: enter * bounds.compactionLeaveFactor }
}

/** @param levels worst first. */
function evaluateLevels(
  observation: NonNullable<Finding['observed']>,
  levels: readonly CompactionLevel[],
  reason: string,
  { previousStatus }: CompactionInput,
  isPast: (value: number, bound: number) => boolean,
): Finding {
  const reached = thresholdLevel(observation.value, levels, previousStatus, isPast)
  const nextBound = levels.at(-1)?.enter
  const bound = reached?.bound ?? nextBound
  const observed = { ...observation, ...(bound !== undefined && { bound }) }
  if (reached === undefined) return { status: 'healthy', message: 'Compaction keeps up', observed }
  return { status: reached.status, message: reached.message, reason, observed }
}
