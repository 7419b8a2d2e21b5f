import type { StoreContext } from '../../operations/store-context.ts'

/** A callback that the user passed to lmdb. */
export type Callback = (this: unknown, ...args: unknown[]) => unknown

/** A transaction or a batch. What is written while its callback runs are its entries. */
export class WriteGroup {
  entries = 0
  hasBegun = false
  hasThrown = false
  hasEnded = false
  /** Whether the callback returned a promise. */
  isAsynchronous = false
  outer: WriteGroup | undefined
}

/** Tracks the transaction or batch that runs now. lmdb runs one at a time; others may be nested in it. */
export class WriteGroups {
  readonly #context: StoreContext
  #current: WriteGroup | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  /** The innermost group with a callback that runs now. */
  get current(): WriteGroup | undefined {
    return this.#current
  }

  /** Wraps the callback of a group. What it calls are the user's operations, not calls of the store itself. */
  wrapCallback(group: WriteGroup, callback: Callback): Callback {
    const context = this.#context
    const enter = (): void => this.#enter(group)
    const leave = (): void => this.#leave(group)
    const fail = (): void => {
      group.hasThrown = true
      leave()
    }
    return function (...args) {
      const before = context.isNested
      context.isNested = false
      enter()
      try {
        const result = callback.apply(this, args)
        // lmdb waits for the promise and handles its rejection.
        if (result instanceof Promise) {
          group.isAsynchronous = true
          result.then(leave, fail)
        } else leave()
        return result
      } catch (error) {
        fail()
        throw error
      } finally {
        context.isNested = before
      }
    }
  }

  #enter(group: WriteGroup): void {
    group.hasBegun = true
    group.outer = this.#current
    this.#current = group
  }

  /** Asynchronous callbacks may end in any order. */
  #leave(group: WriteGroup): void {
    group.hasEnded = true
    while (this.#current?.hasEnded) this.#current = this.#current.outer
  }
}
