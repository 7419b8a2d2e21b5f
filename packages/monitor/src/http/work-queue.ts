import { Semaphore } from '@wombat/instrumentation/internal'

/** Runs a few tasks at the same time, in the order in which they came. */
export class WorkQueue {
  /** The number of tasks that may wait or run at the same time. */
  readonly limit: number
  readonly #semaphore: Semaphore
  #count = 0

  /**
   * @param concurrency the number of tasks that run at the same time.
   * @param limit the number of tasks that may wait or run at the same time.
   */
  constructor(concurrency: number, limit: number) {
    this.#semaphore = new Semaphore(concurrency)
    this.limit = limit
  }

  /** Runs the task after those before it, and returns its result. Returns `undefined` at once if the queue is full. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#count >= this.limit) return undefined
    this.#count++
    return this.#semaphore.run(task).finally(() => {
      this.#count--
    })
  }
}
