import type { History } from '../../history/history.ts'
import { increaseOver, maxNow, maxSeriesNow } from '../../history/window-queries.ts'
import type { HealthBounds } from '../bounds.ts'
import type { Finding } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { above, atLeast, type ThresholdLevel, thresholdLevel, worstFinding } from './threshold-levels.ts'

/** By any of these an engine tells how its compaction does. */
const telling = ['db_level_files', 'db_compaction_pending_bytes', 'db_write_stall_active_seconds'] as const

/** Whether the engine of this store tells of its compaction at all. */
export function reportsCompaction(history: History, store: string): boolean {
  return telling.some((metric) => history.select(metric, { store }).length > 0)
}

export interface CompactionInput {
  readonly store: string
  /** Which bounds of level 0 are its own; of other engines level 0 is not judged. */
  readonly engine: string
  /** How many stores have this name: their files are added up, and so are their bounds. */
  readonly storeCount: number
  readonly bounds: HealthBounds
  readonly before: HealthStatus
}

/** How far compaction is behind, and what that does to writers. Pure. */
export function compactionFinding(history: History, judging: CompactionInput, nowMs: number): Finding {
  const { store } = judging
  if (telling.every((metric) => maxNow(history, metric, { store }, nowMs) === undefined)) {
    return { status: 'unknown', message: 'Compaction status is not known', reason: 'silent' }
  }
  const findings = [backgroundErrors, stallNow, levelZero, pendingBytes, stalledLately].flatMap((judge) =>
    judge(history, judging, nowMs),
  )
  return worstFinding(findings) ?? { status: 'healthy', message: 'Compaction keeps up' }
}

type Judge = (history: History, judging: CompactionInput, nowMs: number) => Finding[]

const backgroundErrors: Judge = (history, { store, bounds }, nowMs) => {
  const value = increaseOver(history, 'db_background_errors_total', { store }, bounds.windowSeconds, nowMs) ?? 0
  if (value === 0) return []
  const observed = { name: 'background errors in the window', value, unit: '{error}', bound: 0 }
  return [{ status: 'critical', message: 'Background work of the database fails', reason: 'background_errors', observed }]
}

const stallNow: Judge = (history, { store, bounds }, nowMs) => {
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
        name: 'age of the stall',
        value: stall.value,
        unit: 's',
        bound: bounds.stallCriticalSeconds,
        series: { metric, labels },
      },
    },
  ]
}

const levelZero: Judge = (history, { store, engine, storeCount, bounds, before }, nowMs) => {
  const labels = { store, level: '0' }
  const value = maxNow(history, 'db_level_files', labels, nowMs)
  if (value === undefined || (engine !== 'leveldb' && engine !== 'rocksdb')) return []
  const level = (status: HealthStatus, message: string, files: number): ThresholdLevel & { readonly message: string } => {
    return { status, message, enter: files * storeCount, leave: files * storeCount * bounds.compactionLeaveFactor }
  }
  const levels = [
    level('unhealthy', 'Level 0 is full', bounds[`${engine}LevelZeroUnhealthyFiles`]),
    level('degraded', 'Level 0 fills up', bounds[`${engine}LevelZeroDegradedFiles`]),
  ]
  const found = thresholdLevel(value, levels, before, atLeast)
  const bound = found?.bound ?? bounds[`${engine}LevelZeroDegradedFiles`] * storeCount
  const observed = { name: 'files in level 0', value, unit: '{file}', bound, series: { metric: 'db_level_files', labels } }
  if (found === undefined) return [{ status: 'healthy', message: 'Compaction keeps up', observed }]
  return [{ status: found.status, message: found.message, reason: 'level_zero', observed }]
}

const pendingBytes: Judge = (history, { store, storeCount, bounds, before }, nowMs) => {
  const metric = 'db_compaction_pending_bytes'
  const value = maxNow(history, metric, { store }, nowMs)
  if (value === undefined) return []
  const level = (status: HealthStatus, message: string, bytes: number): ThresholdLevel & { readonly message: string } => {
    return { status, message, enter: bytes * storeCount, leave: bytes * storeCount * bounds.compactionLeaveFactor }
  }
  const levels = [
    level('unhealthy', 'Compaction is far behind', bounds.pendingUnhealthyBytes),
    level('degraded', 'Compaction falls behind', bounds.pendingDegradedBytes),
  ]
  const found = thresholdLevel(value, levels, before, above)
  const bound = found?.bound ?? bounds.pendingDegradedBytes * storeCount
  const observed = { name: 'left to rewrite', value, unit: 'By', bound, series: { metric, labels: { store } } }
  if (found === undefined) return [{ status: 'healthy', message: 'Compaction keeps up', observed }]
  return [{ status: found.status, message: found.message, reason: 'pending', observed }]
}

const stalledLately: Judge = (history, { store, bounds, before }, nowMs) => {
  const seconds = increaseOver(history, 'db_write_stall_seconds_total', { store }, bounds.windowSeconds, nowMs) ?? 0
  const value = seconds / bounds.windowSeconds
  const enter = bounds.stalledShare
  const found = thresholdLevel(value, [{ status: 'degraded', enter, leave: enter * bounds.compactionLeaveFactor }], before, above)
  if (found === undefined) return []
  const observed = { name: 'time for which writers were held back', value, unit: '1', bound: found.bound }
  return [{ status: 'degraded', message: 'Writes are stalled often', reason: 'often_stalled', observed }]
}
