interface Running {
  readonly result: Promise<unknown>
  readonly controller: AbortController
  /** How many wait for the result. */
  waiting: number
}

/** Work that several may ask for at the same time: it is done once, for all of them, and ends when nobody waits for it any more. */
export class SharedWork {
  readonly #running = new Map<string, Running>()

  /**
   * Returns the result of the work of this name: of that which is under way, or of new work.
   *
   * @param signal aborted when this caller does not wait any more.
   * @param work gets a signal that is aborted when no caller waits any more.
   * @throws the error of the work, or the reason of the signal.
   */
  async run<Result>(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    signal.throwIfAborted()
    const running = this.#running.get(name) ?? this.#start(name, work)
    running.waiting++
    const { promise: gone, reject } = Promise.withResolvers<never>()
    const leave = (): void => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return (await Promise.race([running.result, gone])) as Result
    } finally {
      signal.removeEventListener('abort', leave)
      running.waiting--
      if (running.waiting === 0) this.#end(name, running)
    }
  }

  #start(name: string, work: (signal: AbortSignal) => Promise<unknown>): Running {
    const controller = new AbortController()
    const running: Running = { result: work(controller.signal), controller, waiting: 0 }
    // Whoever waits gets its error.
    running.result.catch(() => {}).finally(() => this.#forget(name, running))
    this.#running.set(name, running)
    return running
  }

  #end(name: string, running: Running): void {
    running.controller.abort()
    this.#forget(name, running)
  }

  #forget(name: string, running: Running): void {
    if (this.#running.get(name) === running) this.#running.delete(name)
  }
}
