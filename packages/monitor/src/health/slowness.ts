import type { ProcessState } from '../process/process-state.ts'

/** Who kept an operation waiting: the event loop, whoever else fills the thread pool, or the store itself. */
export type Slowness = 'event_loop' | 'thread_pool' | 'store'

/** What was the case while something was slow. Times are those of `performance.now()`, in milliseconds. */
export interface SlowTime {
  readonly fromMs: number
  readonly toMs: number
  /** How long it took; by default all of the time. */
  readonly seconds?: number
  /** How many operations of stores were in flight. */
  readonly inFlight: number
}

/**
 * Why something was slow: what it waited for during most of its time. A pool with as many of the stores' own operations in
 * flight as it has threads is full of them, and waiting for it is waiting for the store.
 */
export function whySlow(process: ProcessState, { fromMs, toMs, seconds, inFlight }: SlowTime): Slowness {
  const total = seconds ?? (toMs - fromMs) / 1000
  const blocked = process.loopBlockedSeconds(fromMs, toMs)
  if (blocked >= total / 2) return 'event_loop'
  const waited = process.poolWaitedSeconds(fromMs, toMs)
  const isFilledByOthers = inFlight < process.poolSize
  return isFilledByOthers && waited >= (total - blocked) / 2 ? 'thread_pool' : 'store'
}
