import type { ErrorEntry, ErrorHistory } from './error-history.ts'
import type { SlowLog, SlowRecord } from './slow-log.ts'
import type { OperationThreshold } from './slow-thresholds.ts'

/** Which slow operations or errors are asked for. */
export interface OperationQuery {
  readonly store?: string | undefined
  /** The largest number of records. */
  readonly limit: number
  /** Of errors: the period in milliseconds. */
  readonly windowMs?: number | undefined
}

/** The slow operations of one process, or of all of a group; `worker` is the process in which each ran. */
export interface SlowOperations {
  readonly slowOperations: ReadonlyArray<SlowRecord & { readonly worker?: string }>
  readonly thresholdSeconds: number
  readonly adaptiveThresholds: readonly OperationThreshold[]
  readonly suppressed: number
  readonly enabled: boolean
}

/** The errors of one process, or of all of a group; `worker` is the process in which each occurred. */
export interface RecentErrors {
  readonly errors: ReadonlyArray<ErrorEntry & { readonly worker?: string }>
  readonly ratePerSecond: number | undefined
  readonly countsByType: Readonly<Record<string, number>>
  readonly windowSeconds: number
  readonly knownSinceMs: number | undefined
}

/** Provides single operations: those of this process, or of all of its group. */
export interface OperationSource {
  slowOperations(query: OperationQuery): Promise<SlowOperations>
  recentErrors(query: OperationQuery): Promise<RecentErrors>
}

const defaultWindowMs = 300_000

/** Returns the slow operations of this process. */
export function slowOperations(slowLog: SlowLog, { store, limit }: OperationQuery): SlowOperations {
  const isWanted = (one: { readonly store: string }): boolean => store === undefined || one.store === store
  const { thresholdSeconds, suppressed, enabled } = slowLog
  return {
    slowOperations: slowLog.records.filter(isWanted).slice(0, limit),
    thresholdSeconds,
    adaptiveThresholds: slowLog.adaptiveThresholds.filter(isWanted),
    suppressed,
    enabled,
  }
}

/** Returns the errors of this process. */
export function recentErrors(
  errors: ErrorHistory,
  { store, limit, windowMs: wanted }: OperationQuery,
  nowMs: number,
): RecentErrors {
  const { knownSinceMs } = errors
  const windowMs = wanted ?? Math.max(1000, Math.min(defaultWindowMs, nowMs - (knownSinceMs ?? nowMs)))
  const recent = errors.entries.filter(
    (entry) => entry.lastMs >= nowMs - windowMs && (store === undefined || entry.store === store),
  )
  return {
    errors: recent.slice(0, limit),
    ratePerSecond: errors.errorRate(windowMs, store),
    countsByType: errors.countsByType(windowMs, store),
    windowSeconds: windowMs / 1000,
    knownSinceMs,
  }
}

/** Returns the slow operations of several processes, newest first, with the process of each. */
export function mergeSlowOperations(byWorker: ReadonlyMap<string, SlowOperations>, limit: number): SlowOperations {
  const all = [...byWorker]
  const records = all.flatMap(([worker, { slowOperations }]) => slowOperations.map((record) => ({ ...record, worker })))
  const [first] = byWorker.values()
  return {
    slowOperations: records.sort((one, other) => other.timeMs - one.timeMs).slice(0, limit),
    thresholdSeconds: first?.thresholdSeconds ?? 0,
    adaptiveThresholds: all.flatMap(([worker, { adaptiveThresholds }]) => adaptiveThresholds.map((one) => ({ ...one, worker }))),
    suppressed: sum(all.map(([, { suppressed }]) => suppressed)),
    enabled: all.some(([, { enabled }]) => enabled),
  }
}

/** Returns the errors of several processes, newest first, with the process of each. The rate is unknown if that of one is. */
export function mergeErrors(byWorker: ReadonlyMap<string, RecentErrors>, limit: number): RecentErrors {
  const all = [...byWorker]
  const entries = all.flatMap(([worker, { errors }]) => errors.map((entry) => ({ ...entry, worker })))
  const countsByType: Record<string, number> = {}
  for (const [, { countsByType: counts }] of all) {
    for (const [type, count] of Object.entries(counts)) countsByType[type] = (countsByType[type] ?? 0) + count
  }
  const rates = all.map(([, { ratePerSecond }]) => ratePerSecond)
  const known = all.flatMap(([, { knownSinceMs }]) => (knownSinceMs === undefined ? [] : [knownSinceMs]))
  return {
    errors: entries.sort((one, other) => other.lastMs - one.lastMs).slice(0, limit),
    ratePerSecond: rates.every((rate) => rate !== undefined) ? sum(rates) : undefined,
    countsByType,
    windowSeconds: Math.max(...all.map(([, { windowSeconds }]) => windowSeconds)),
    knownSinceMs: known.length === 0 ? undefined : Math.max(...known),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
