import type { LatencyCause } from '../process/process-state.ts'

/** What is known of an operation's duration when it settles. */
export interface OperationTime {
  readonly seconds: number
  /** How long its result may have waited for the event loop. */
  readonly deliveryDelaySeconds: number
  /** How long work waited for threads of the pool that other work held. */
  readonly poolWaitSeconds: number
}

/** The duration of an operation, split into three parts. */
export interface LatencyAttribution {
  /** Lower limit of the time that the store took. */
  readonly storeSeconds: number
  /** Upper limit of the time that the result waited for the event loop. */
  readonly loopSeconds: number
  /** Upper limit of the time that the operation waited for a thread of the pool. */
  readonly poolSeconds: number
  /** The largest part; `store` if it equals another one. */
  readonly cause: LatencyCause
}

/**
 * Splits the duration of an operation. While the event loop is blocked, it is unknown whether the store has finished, so all of
 * that time is attributed to the event loop. The same holds for a full thread pool, which may have given the store a thread. The
 * store gets the rest. Pure.
 */
export function attributeLatency({ seconds, deliveryDelaySeconds, poolWaitSeconds }: OperationTime): LatencyAttribution {
  const loopSeconds = Math.min(deliveryDelaySeconds, seconds)
  const poolSeconds = Math.min(poolWaitSeconds, seconds - loopSeconds)
  const storeSeconds = seconds - loopSeconds - poolSeconds
  const isStore = storeSeconds >= Math.max(loopSeconds, poolSeconds)
  const cause = isStore ? 'store' : loopSeconds >= poolSeconds ? 'event_loop' : 'thread_pool'
  return { storeSeconds, loopSeconds, poolSeconds, cause }
}
