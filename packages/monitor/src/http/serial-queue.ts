/** Runs tasks one at a time, in the order in which they came. */
export class SerialQueue {
  readonly #limit: number
  #count = 0
  #last: Promise<unknown> = Promise.resolve()

  /** @param limit the number of tasks that may wait or run at the same time. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs the task after those before it, and returns its result. Returns `undefined` at once if the queue is full. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#count >= this.#limit) return undefined
    this.#count++
    const result = this.#last.then(task).finally(() => {
      this.#count--
    })
    // A failed task does not stop the next one: only its own caller gets the error.
    this.#last = result.catch(() => undefined)
    return result
  }
}
