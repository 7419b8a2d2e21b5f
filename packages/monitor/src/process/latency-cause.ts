import type { LatencyCause, ProcessState } from './process-state.ts'

/** What was the case while something was slow. Times are those of `performance.now()`, in milliseconds. */
export interface SlowPeriod {
  readonly fromMs: number
  readonly toMs: number
  /** How many operations of stores were in flight. */
  readonly inFlight: number
}

/**
 * The part of the time for which work must have been seen to wait for the pool: less than half, because the pool is tried by one
 * piece of work now and then, and what was seen is less than what was.
 */
const poolShare = 0.25

/**
 * Why something was slow: what it waited for during most of its time. A pool with as many of the stores' own operations in
 * flight as it has threads is full of them, and waiting for it is waiting for the store.
 */
export function findLatencyCause(process: ProcessState, { fromMs, toMs, inFlight }: SlowPeriod): LatencyCause {
  const seconds = (toMs - fromMs) / 1000
  const blocked = process.loopBlockedSeconds(fromMs, toMs)
  if (blocked >= seconds / 2) return 'event_loop'
  const isFilledByOthers = inFlight < process.poolSize
  const waited = process.poolWaitSeconds(fromMs, toMs)
  return isFilledByOthers && waited >= (seconds - blocked) * poolShare ? 'thread_pool' : 'store'
}
