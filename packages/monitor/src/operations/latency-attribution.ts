import type { LatencyCause } from '../process/process-state.ts'

/** What is known of an operation's time when it settles. */
export interface OperationTime {
  readonly seconds: number
  /** How long its answer may have lain ready before the event loop came for it. */
  readonly deliveryDelaySeconds: number
  /** How long work waited for threads of the pool that others held. */
  readonly poolWaitSeconds: number
}

/** Three parts that add up to what an operation took. */
export interface LatencyAttribution {
  /** What the store took, at the least. */
  readonly storeSeconds: number
  /** What the event loop needed to come back for the answer, at the most. */
  readonly loopSeconds: number
  readonly poolSeconds: number
  /** What it is put down to: the largest part. */
  readonly cause: LatencyCause
}

/**
 * Takes an operation's time apart. While the event loop is blocked nobody can see whether the store is done: all of that time
 * is the loop's, and the store's is what it took at the least. Likewise with a full pool, whose threads the store may have been
 * given one of. What remains is the store's, and so is the verdict where two parts are the same. Pure.
 */
export function attributeLatency({ seconds, deliveryDelaySeconds, poolWaitSeconds }: OperationTime): LatencyAttribution {
  const loop = Math.min(deliveryDelaySeconds, seconds)
  const pool = Math.min(poolWaitSeconds, seconds - loop)
  const store = seconds - loop - pool
  const cause = store >= Math.max(loop, pool) ? 'store' : loop >= pool ? 'event_loop' : 'thread_pool'
  return { storeSeconds: store, loopSeconds: loop, poolSeconds: pool, cause }
}
