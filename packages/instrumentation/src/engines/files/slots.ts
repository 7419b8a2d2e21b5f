/** FIFO semaphore: runs at most `count` tasks concurrently. */
export class Semaphore {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(count: number) {
    this.#free = count
  }

  /** Runs the task when a permit is free. Resolves or rejects as the task does. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}

/**
 * Every access to a file of an engine takes one of these: a thread of the pool does it, and Node has four by default. So a collection
 * of hundreds of stores does not fill the pool's queue, and the stores take turns.
 */
export const fileSlots = new Semaphore(4)
