/** Who is told how an operation came out, by functions that need no `this`. */
export interface Settlement {
  readonly succeeded: (value: unknown) => void
  readonly failed: (error: unknown) => void
}

/** For each promise of the store the one that its callers hold. */
const followers = new WeakMap<object, Promise<unknown>>()

/**
 * Settles an operation as its result does, and gives back what to hand on. All writes of one turn of the event loop have one
 * promise in common: that of their commit. So the promise that follows it is one as well; with one for each write, a caller
 * who waits for the last write only, as lmdb's README advises, would leave the rejections of all others unhandled. It
 * carries whatever the store's own carries (`flushed`).
 */
export function observeLmdbPromise(result: unknown, settlement: Settlement): unknown {
  if (!(result instanceof Promise)) {
    settlement.succeeded(result)
    return result
  }
  // A write in a transaction is done when it returns. Its promise is one of two that lmdb keeps for all of them.
  const { isSync, result: value } = result as { isSync?: boolean; result?: unknown }
  if (isSync === true) {
    settlement.succeeded(value)
    return result
  }
  result.then(settlement.succeeded, settlement.failed)
  let follower = followers.get(result)
  if (follower === undefined) {
    follower = result.then((settled: unknown) => settled)
    Object.defineProperties(follower, Object.getOwnPropertyDescriptors(result))
    followers.set(result, follower)
  }
  return follower
}
