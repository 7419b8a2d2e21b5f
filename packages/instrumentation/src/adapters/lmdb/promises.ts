/** Receives the outcome of an operation. Its functions need no `this`. */
export interface SettlementHandler {
  readonly succeeded: (value: unknown) => void
  readonly failed: (error: unknown) => void
}

/** For each promise of the store, the promise that its callers hold. */
const followers = new WeakMap<object, Promise<unknown>>()

/** Causes of failed commits that contained a write of the application. */
const causesOfApplication = new WeakSet<object>()

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
  result.then(handler.succeeded, (error: unknown) => {
    const cause = findCause(error)
    if (cause !== undefined) causesOfApplication.add(cause)
    handler.failed(error)
  })
  let follower = followers.get(result)
  if (follower === undefined) {
    follower = result.then((settled: unknown) => settled)
    Object.defineProperties(follower, Object.getOwnPropertyDescriptors(result))
    followers.set(result, follower)
  }
  return follower
}

/**
 * Waits for a write that the application does not know of. If its commit fails, two promises of lmdb reject that nothing handles,
 * which would end a process without a listener for `unhandledRejection`: the cause of the error, and the promise of the
 * instruction that begins the batch of this turn. They are handled, unless a write of the application was in the same commit:
 * then they end the process as they would without this write. Call it in the turn of the write.
 *
 * @param committed lmdb's `committed`, whose `then` is that of the promise of the last commit.
 * @throws the error of the write.
 */
export async function waitForOwnCommit(written: unknown, committed: PromiseLike<unknown>): Promise<void> {
  // The batch begins in the immediate that lmdb requested with the write.
  setImmediate(() =>
    committed.then(
      () => {},
      async (error: unknown) => {
        if (await isCauseOfApplication(findCause(error))) throw error
      },
    ),
  )
  try {
    await written
  } catch (error) {
    const cause = findCause(error)
    if (!(await isCauseOfApplication(cause))) cause?.catch(() => {})
    throw error
  }
}

/** Call it in the turn of the rejection: lmdb rejects all writes of a commit at once, and a later handler is too late. */
async function isCauseOfApplication(cause: Promise<unknown> | undefined): Promise<boolean> {
  // After some microtasks, the rejection of each write has been observed, also if it is in a transaction.
  for (let turn = 0; turn < 5; turn++) await undefined
  return cause !== undefined && causesOfApplication.has(cause)
}

function findCause(error: unknown): Promise<unknown> | undefined {
  const cause: unknown = (error as { commitError?: unknown } | null | undefined)?.commitError
  return cause instanceof Promise ? cause : undefined
}
