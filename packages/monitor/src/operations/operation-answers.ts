import type { LatencyCause } from '../process/process-state.ts'
import type { ErrorEntry, ErrorHistory } from './error-history.ts'
import type { SlowLog, SlowRecord } from './slow-log.ts'
import type { OperationThreshold } from './slow-thresholds.ts'

/** Which part of a list is asked for. */
export interface Page {
  /** How many entries are left out at the beginning. */
  readonly offset: number
  /** The largest number of entries. */
  readonly limit: number
}

/** Which slow operations are asked for. A field that is undefined matches all. */
export interface SlowQuery extends Page {
  readonly store?: string | undefined
  readonly operation?: string | undefined
  readonly cause?: LatencyCause | undefined
  readonly minSeconds?: number | undefined
  /** Unix time in milliseconds of the first. */
  readonly startMs?: number | undefined
  /** Unix time in milliseconds of the last. */
  readonly endMs?: number | undefined
  /** The newest or the slowest first. */
  readonly sort: SlowOrder
}

export const slowOrders = ['time', 'duration'] as const
export type SlowOrder = (typeof slowOrders)[number]

/** Which errors are asked for. A field that is undefined matches all. */
export interface ErrorQuery extends Page {
  readonly store?: string | undefined
  readonly operation?: string | undefined
  readonly errorType?: string | undefined
  /** The period in milliseconds: of the rate and the counts, and of the entries if neither `startMs` nor `endMs` is given. */
  readonly windowMs?: number | undefined
  /** Unix time in milliseconds from which on the last error of an entry occurred. */
  readonly startMs?: number | undefined
  /** Unix time in milliseconds until which the first error of an entry occurred. */
  readonly endMs?: number | undefined
}

/** The slow operations of one process, or of all of a group; `worker` is the process in which each ran. */
export interface SlowOperations {
  readonly slowOperations: ReadonlyArray<SlowRecord & { readonly worker?: string }>
  /** How many there are, on all pages. */
  readonly total: number
  readonly thresholdSeconds: number
  readonly adaptiveThresholds: readonly OperationThreshold[]
  readonly suppressed: number
  readonly enabled: boolean
}

/** The errors of one process, or of all of a group; `worker` is the process in which each occurred. */
export interface RecentErrors {
  readonly errors: ReadonlyArray<ErrorEntry & { readonly worker?: string }>
  /** How many entries there are, on all pages. */
  readonly total: number
  /** Of the store, whichever operations and types are asked for; so are the counts by type. */
  readonly ratePerSecond: number | undefined
  readonly countsByType: Readonly<Record<string, number>>
  readonly windowSeconds: number
  readonly knownSinceMs: number | undefined
}

/** Provides single operations: those of this process, or of all of its group. */
export interface OperationSource {
  slowOperations(query: SlowQuery): Promise<SlowOperations>
  recentErrors(query: ErrorQuery): Promise<RecentErrors>
}

const defaultWindowMs = 300_000

/** Returns the slow operations of this process. */
export function slowOperations(slowLog: SlowLog, query: SlowQuery): SlowOperations {
  const { store, operation } = query
  const { thresholdSeconds, suppressed, enabled } = slowLog
  const records = slowLog.records.filter(slowFilter(query)).sort(slowOrder(query.sort))
  return {
    slowOperations: pageOf(records, query),
    total: records.length,
    thresholdSeconds,
    adaptiveThresholds: slowLog.adaptiveThresholds.filter(
      (one) => isWanted(store, one.store) && isWanted(operation, one.operation),
    ),
    suppressed,
    enabled,
  }
}

/** Returns the errors of this process. */
export function recentErrors(errors: ErrorHistory, query: ErrorQuery, nowMs: number): RecentErrors {
  const { store, operation, errorType } = query
  const { knownSinceMs } = errors
  const windowMs = query.windowMs ?? Math.max(1000, Math.min(defaultWindowMs, nowMs - (knownSinceMs ?? nowMs)))
  const { endMs = Number.POSITIVE_INFINITY } = query
  const startMs = query.startMs ?? (query.endMs === undefined ? nowMs - windowMs : Number.NEGATIVE_INFINITY)
  const recent = errors.entries.filter(
    (entry) =>
      entry.lastMs >= startMs &&
      entry.firstMs <= endMs &&
      isWanted(store, entry.store) &&
      isWanted(operation, entry.operation) &&
      isWanted(errorType, entry.errorType),
  )
  return {
    errors: pageOf(recent, query),
    total: recent.length,
    ratePerSecond: errors.errorRate(windowMs, store),
    countsByType: errors.countsByType(windowMs, store),
    windowSeconds: windowMs / 1000,
    knownSinceMs,
  }
}

/** Returns the question for each of several processes whose answers become one page: none knows which of its entries are on it. */
export function pageOfEach<Query extends Page>(query: Query): Query {
  return { ...query, offset: 0, limit: query.offset + query.limit }
}

function pageOf<Item>(items: readonly Item[], { offset, limit }: Page): Item[] {
  return items.slice(offset, offset + limit)
}

function isWanted(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value
}

function slowFilter(query: SlowQuery): (record: SlowRecord) => boolean {
  const { store, operation, cause, minSeconds = 0, startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY } = query
  return (record) =>
    isWanted(store, record.store) &&
    isWanted(operation, record.operation) &&
    isWanted(cause, record.cause) &&
    record.durationSeconds >= minSeconds &&
    record.timeMs >= startMs &&
    record.timeMs <= endMs
}

function slowOrder(sort: SlowOrder): (one: SlowRecord, other: SlowRecord) => number {
  if (sort === 'duration') return (one, other) => other.durationSeconds - one.durationSeconds
  return (one, other) => other.timeMs - one.timeMs
}

/** Returns the slow operations of several processes, which have answered `pageOfEach`, with the process of each. */
export function mergeSlowOperations(byWorker: ReadonlyMap<string, SlowOperations>, query: SlowQuery): SlowOperations {
  const all = [...byWorker]
  const records = all.flatMap(([worker, { slowOperations }]) => slowOperations.map((record) => ({ ...record, worker })))
  const [first] = byWorker.values()
  return {
    slowOperations: pageOf(records.sort(slowOrder(query.sort)), query),
    total: sum(all.map(([, { total }]) => total)),
    thresholdSeconds: first?.thresholdSeconds ?? 0,
    adaptiveThresholds: all.flatMap(([worker, { adaptiveThresholds }]) => adaptiveThresholds.map((one) => ({ ...one, worker }))),
    suppressed: sum(all.map(([, { suppressed }]) => suppressed)),
    enabled: all.some(([, { enabled }]) => enabled),
  }
}

/** Returns the errors of several processes, which have answered `pageOfEach`, with the process of each. The rate is unknown if that of one is. */
export function mergeErrors(byWorker: ReadonlyMap<string, RecentErrors>, query: ErrorQuery): RecentErrors {
  const all = [...byWorker]
  const entries = all.flatMap(([worker, { errors }]) => errors.map((entry) => ({ ...entry, worker })))
  const countsByType: Record<string, number> = {}
  for (const [, { countsByType: counts }] of all) {
    for (const [type, count] of Object.entries(counts)) countsByType[type] = (countsByType[type] ?? 0) + count
  }
  const rates = all.map(([, { ratePerSecond }]) => ratePerSecond)
  const known = all.flatMap(([, { knownSinceMs }]) => (knownSinceMs === undefined ? [] : [knownSinceMs]))
  return {
    errors: pageOf(
      entries.sort((one, other) => other.lastMs - one.lastMs),
      query,
    ),
    total: sum(all.map(([, { total }]) => total)),
    ratePerSecond: rates.every((rate) => rate !== undefined) ? sum(rates) : undefined,
    countsByType,
    windowSeconds: Math.max(...all.map(([, { windowSeconds }]) => windowSeconds)),
    knownSinceMs: known.length === 0 ? undefined : Math.max(...known),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
