/** A timeout that does not keep the process alive. */
export interface Deadline {
  /** Resolves when the time is over or `expireNow` is called; never after `clear`. */
  readonly expired: Promise<void>
  expireNow(): void
  clear(): void
}

/** Starts a deadline of `ms` milliseconds. */
export function startDeadline(ms: number): Deadline {
  const { promise, resolve } = Promise.withResolvers<void>()
  let immediate: NodeJS.Immediate | undefined
  // After a blocked event loop, timers run before the I/O that completed meanwhile. One more iteration delivers that first.
  const timer = setTimeout(() => {
    immediate = setImmediate(resolve)
  }, ms)
  timer.unref()
  const clear = (): void => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
  return {
    expired: promise,
    expireNow: () => {
      clear()
      resolve()
    },
    clear,
  }
}
