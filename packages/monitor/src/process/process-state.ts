/** What kept an operation waiting: the event loop, whoever else fills the thread pool, or the store itself. */
export type LatencyCause = 'event_loop' | 'thread_pool' | 'store'

/** What is known of the process that every operation depends on. Times are those of `performance.now()`, in milliseconds. */
export interface ProcessState {
  /** How long, within this time, the event loop was kept from turning. */
  loopBlockedSeconds(fromMs: number, toMs: number): number
  /** The longest time without a turn that ended, or still lasts, since then. */
  longestLoopBlockSeconds(sinceMs: number): number
  /** How long, within this time, work waited for a thread of libuv's pool; what the event loop came late for it is not in it. */
  poolWaitSeconds(fromMs: number, toMs: number): number
  longestPoolWaitSeconds(sinceMs: number): number
  /** How many threads the pool has. */
  readonly poolSize: number
}

/** What can be known, at the moment in which an operation settles, of its way through the process. */
export interface ProcessDelays extends ProcessState {
  /** How late the event loop is now or, where it is in time, was a moment ago. */
  loopDelaySeconds(): number
  /** Whether the event loop is known to have turned since then. */
  hasIteratedSince(fromMs: number): boolean
  /** How long, since then, an answer that comes in the present turn of the event loop may have lain ready. */
  deliveryDelaySeconds(sinceMs: number): number
  /** The part of `poolWaitedSeconds` in which others than the measured stores held threads of the pool. */
  externalPoolWaitSeconds(fromMs: number, toMs: number): number
}
