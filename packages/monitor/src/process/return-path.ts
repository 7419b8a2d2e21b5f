import type { ProcessState } from './process-state.ts'

/** What can be known, at the moment in which an operation settles, of its way through the process. Times as in `ProcessState`. */
export interface ReturnPath extends ProcessState {
  /** How late the event loop is now or, where it is in time, was a moment ago. */
  loopDelaySeconds(): number
  /** Whether the event loop is known to have turned since then. */
  hasTurnedSince(fromMs: number): boolean
  /** How long, since then, an answer that comes in the present turn of the event loop may have lain ready. */
  heldUpSeconds(sinceMs: number): number
  /** The part of `poolWaitedSeconds` in which others than the measured stores held threads of the pool. */
  poolWaitedForOthersSeconds(fromMs: number, toMs: number): number
}
