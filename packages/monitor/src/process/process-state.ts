/** What is known of the process that every operation depends on. Times are those of `performance.now()`, in milliseconds. */
export interface ProcessState {
  /** How long, within this time, the event loop was kept from turning. */
  loopBlockedSeconds(fromMs: number, toMs: number): number
  /** The longest time without a turn that ended, or still lasts, since then. */
  longestLoopBlockSeconds(sinceMs: number): number
  /** How long, within this time, work waited for a thread of libuv's pool; what the event loop came late for it is not in it. */
  poolWaitedSeconds(fromMs: number, toMs: number): number
  longestPoolWaitSeconds(sinceMs: number): number
  /** How many threads the pool has. */
  readonly poolSize: number
}
