import type { LatencyCause, ProcessState } from './process-state.ts'

/** A period in which something was slow. Times are those of `performance.now()`, in milliseconds. */
export interface SlowPeriod {
  readonly fromMs: number
  readonly toMs: number
  /** How many store operations were in flight. */
  readonly inFlight: number
}

/**
 * Share of the period in which pool work must have waited. Less than half, because the pool is probed by one piece of work at a
 * time, so the measured wait is shorter than the real one.
 */
const minPoolShare = 0.25

/**
 * Returns what a slow period was spent waiting for. If at least as many store operations are in flight as the pool has threads,
 * the stores themselves fill the pool, so waiting for it counts as waiting for the store.
 */
export function findLatencyCause(process: ProcessState, { fromMs, toMs, inFlight }: SlowPeriod): LatencyCause {
  const seconds = (toMs - fromMs) / 1000
  const blockedSeconds = process.loopBlockedSeconds(fromMs, toMs)
  if (blockedSeconds >= seconds / 2) return 'event_loop'
  const isFilledByOthers = inFlight < process.poolSize
  const waitSeconds = process.poolWaitSeconds(fromMs, toMs)
  return isFilledByOthers && waitSeconds >= (seconds - blockedSeconds) * minPoolShare ? 'thread_pool' : 'store'
}
