/** Receives the outcome of an operation. Its functions need no `this`. */
export interface SettlementHandler {
  readonly succeeded: (value: unknown) => void
  readonly failed: (error: unknown) => void
}

/** For each promise of the store, the promise that its callers hold. */
const followers = new WeakMap<object, Promise<unknown>>()

/**
 * Settles an operation when its result settles, and returns the result for the caller. All writes of one turn of the event
 * loop share one promise, that of their commit, so their callers share one promise that follows it. With one promise for
 * each write, a caller that awaits only the last write, as lmdb's README advises, would leave the other rejections
 * unhandled. The promise has the properties of the store's own (`flushed`).
 */
export function observeLmdbPromise(result: unknown, handler: SettlementHandler): unknown {
  if (!(result instanceof Promise)) {
    handler.succeeded(result)
    return result
  }
  // A write in a transaction is done when it returns. lmdb returns one of two shared promises for it.
  const { isSync, result: value } = result as { isSync?: boolean; result?: unknown }
  if (isSync === true) {
    handler.succeeded(value)
    return result
  }
  result.then(handler.succeeded, handler.failed)
  let follower = followers.get(result)
  if (follower === undefined) {
    follower = result.then((settled: unknown) => settled)
    Object.defineProperties(follower, Object.getOwnPropertyDescriptors(result))
    followers.set(result, follower)
  }
  return follower
}
