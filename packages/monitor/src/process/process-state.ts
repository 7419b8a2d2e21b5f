/** What an operation waited for: the event loop, a thread pool that other work fills, or the store itself. */
export type LatencyCause = 'event_loop' | 'thread_pool' | 'store'

/** Every cause. */
export const latencyCauses = ['event_loop', 'thread_pool', 'store'] as const satisfies readonly LatencyCause[]

/** Delays that the process adds to every operation. Times are those of `performance.now()`, in milliseconds. */
export interface ProcessState {
  /** Returns for how long the event loop was blocked within a period. */
  loopBlockedSeconds(fromMs: number, toMs: number): number
  /** Returns the longest block of the event loop that ended after `sinceMs`, or is still active. */
  longestLoopBlockSeconds(sinceMs: number): number
  /** Returns for how long work waited for a thread of libuv's pool within a period. Delays of the event loop are not included. */
  poolWaitSeconds(fromMs: number, toMs: number): number
  /** Returns the longest wait for a thread of the pool that ended after `sinceMs`, or is still active. */
  longestPoolWaitSeconds(sinceMs: number): number
  /** Number of threads in the pool. */
  readonly poolSize: number
  /**
   * Measures as closely as while an operation of a store is in flight, until the returned function is called: for work that waits for the
   * same and is no such operation, for example the probe of a health check.
   */
  watch(): () => void
}

/** Delays that are known at the moment an operation settles. */
export interface ProcessDelays extends ProcessState {
  /** Returns the current delay of the event loop or, if it is on time, the delay of its last tick. */
  loopDelaySeconds(): number
  /** Returns whether the event loop is known to have iterated after this time. */
  hasIteratedSince(fromMs: number): boolean
  /** Returns for how long a result that is delivered in the current iteration may have waited for the event loop. */
  deliveryDelaySeconds(sinceMs: number): number
  /** Returns the part of `poolWaitSeconds` in which work other than that of measured stores held threads of the pool. */
  externalPoolWaitSeconds(fromMs: number, toMs: number): number
}
