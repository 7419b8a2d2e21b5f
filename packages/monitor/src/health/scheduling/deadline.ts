/** A span of time that keeps no process alive. */
export interface Deadline {
  /** Resolves when the time is over or was cut short; never, where it was cleared before. */
  readonly expired: Promise<void>
  expireNow(): void
  clear(): void
}

export function deadline(ms: number): Deadline {
  const { promise, resolve } = Promise.withResolvers<void>()
  let immediate: NodeJS.Immediate | undefined
  // After a stalled event loop the timer comes before the answers that waited with it: those have one more turn.
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
