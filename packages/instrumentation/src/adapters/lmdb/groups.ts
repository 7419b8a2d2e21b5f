import type { StoreContext } from '../../operations/store-context.ts'

export type Callback = (this: unknown, ...args: unknown[]) => unknown

/** A transaction or a batch: what is written while its callback runs are its entries. */
export class Group {
  entries = 0
  began = false
  threw = false
  ended = false
  outer: Group | undefined
}

/** Which transaction or batch is running. lmdb runs one at a time, and others within it. */
export class Groups {
  readonly #context: StoreContext
  #running: Group | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  get running(): Group | undefined {
    return this.#running
  }

  /** The callback of a group. What it calls are its caller's operations, not what the store calls of itself. */
  callback(group: Group, callback: Callback): Callback {
    const context = this.#context
    const enter = (): void => this.#enter(group)
    const leave = (): void => this.#leave(group)
    const fail = (): void => {
      group.threw = true
      leave()
    }
    return function (...args) {
      const before = context.isNested
      context.isNested = false
      enter()
      try {
        const result = callback.apply(this, args)
        // lmdb waits for it, and takes its rejection.
        if (result instanceof Promise) result.then(leave, fail)
        else leave()
        return result
      } catch (error) {
        fail()
        throw error
      } finally {
        context.isNested = before
      }
    }
  }

  #enter(group: Group): void {
    group.began = true
    group.outer = this.#running
    this.#running = group
  }

  /** Those that wait for something may end in any order. */
  #leave(group: Group): void {
    group.ended = true
    while (this.#running?.ended) this.#running = this.#running.outer
  }
}
