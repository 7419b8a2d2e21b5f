import { nowMs } from '../clock.ts'
import type { StoreOperations } from '../store-operations.ts'
import type { Method } from '../timed.ts'
import { named } from './lmdb-errors.ts'

/** What `getRange()` gives: every way to read it begins with `iterate()`, and so does `getCount()`, which gets a number. */
interface Range {
  iterate: (this: unknown, ...args: unknown[]) => Cursor | number
}

interface Cursor {
  next: (this: unknown, ...args: unknown[]) => { readonly done?: boolean }
  return: (this: unknown, ...args: unknown[]) => unknown
  throw: (this: unknown, ...args: unknown[]) => unknown
}

/**
 * `getRange`, so that each reading of a range is one scan: recorded when it ends, with the time the store took to deliver
 * (not the time its reader took in between) and the entries delivered. A count is a scan that delivers nothing. `getKeys`,
 * `getValues` and the counts go through `getRange`.
 */
export function measureRange(operations: StoreOperations, original: Method): Method {
  const recorder = operations.recorder('scan')
  return function (...args) {
    if (!operations.measures) return original.apply(this, args)
    const startMs = nowMs()
    let range: Range
    try {
      range = original.apply(this, args) as Range
    } catch (error) {
      recorder.fail((nowMs() - startMs) / 1000, named(error))
      throw error
    }
    const { iterate } = range
    range.iterate = function (...options) {
      return operations.measures ? new Scan(operations).begin(() => iterate.apply(this, options)) : iterate.apply(this, options)
    }
    return range
  }
}

class Scan {
  readonly #operations: StoreOperations
  #busyMs = 0
  #entries = 0
  #isOpen = false
  #ended = false

  constructor(operations: StoreOperations) {
    this.#operations = operations
  }

  begin(iterate: () => Cursor | number): Cursor | number {
    const cursor = this.#busy(iterate)
    if (typeof cursor === 'number') {
      this.#operations.recorder('scan').succeed(this.#busyMs / 1000)
      return cursor
    }
    this.#isOpen = true
    this.#operations.openIterators++
    const { next, return: end, throw: giveUp } = cursor
    cursor.next = (...args) => {
      if (this.#ended) return next.apply(cursor, args)
      const result = this.#busy(() => next.apply(cursor, args))
      if (result.done === true) this.#end()
      else this.#entries++
      return result
    }
    cursor.return = (...args) => {
      this.#end()
      return end.apply(cursor, args)
    }
    cursor.throw = (...args) => {
      this.#end()
      return giveUp.apply(cursor, args)
    }
    return cursor
  }

  /** What the store reads of itself meanwhile, to decode a value, is part of the scan. */
  #busy<Result>(read: () => Result): Result {
    const operations = this.#operations
    const before = operations.inside
    operations.inside = true
    const startMs = nowMs()
    try {
      const result = read()
      this.#busyMs += nowMs() - startMs
      return result
    } catch (error) {
      this.#busyMs += nowMs() - startMs
      this.#end({ error })
      throw error
    } finally {
      operations.inside = before
    }
  }

  #end(failure?: { error: unknown }): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#isOpen) this.#operations.openIterators--
    const recorder = this.#operations.recorder('scan')
    if (failure === undefined) recorder.succeed(this.#busyMs / 1000, this.#entries)
    else recorder.fail(this.#busyMs / 1000, named(failure.error))
  }
}
