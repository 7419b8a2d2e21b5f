import type { Method } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { CallView, KeyvCalls } from './calls.ts'

type Entries = AsyncGenerator<unknown, unknown>

/** `iterator`, so that each iterator becomes one scan, which ends with it. An iterator that nobody reads is no scan. */
export function measureIterator(context: StoreContext, calls: KeyvCalls, original: Method): Method {
  return function (...args) {
    if (!context.isMeasuring || calls.isNested(this)) return original.apply(this, args)
    const view = calls.begin(this)
    const entries = original.apply(view, args) as Entries
    new Scan(context, () => calls.failureIn(view)).follow(entries)
    return entries
  }
}

class Scan {
  readonly #context: StoreContext
  readonly #failure: () => CallView[keyof CallView]
  #operation: ScanOperation | undefined
  #isGivenUp = false

  constructor(context: StoreContext, failure: () => { readonly error: unknown } | undefined) {
    this.#context = context
    this.#failure = failure
  }

  follow(entries: Entries): void {
    const { next, return: end, throw: giveUp } = entries
    const property = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
    const ending = (original: (...args: never[]) => unknown) =>
      property((...args: never[]) => {
        this.#isGivenUp = true
        this.#operation?.end()
        return original.apply(entries, args)
      })
    Object.defineProperties(entries, {
      next: property((...args: [] | [unknown]) => this.#read(() => next.apply(entries, args))),
      return: ending(end),
      throw: ending(giveUp),
    })
  }

  #read(next: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    if (this.#isGivenUp || this.#operation?.isEnded) return next()
    const operation = this.#opened()
    const read = operation.beginRead()
    return operation.runInSpan(next).then(
      (result) => {
        operation.endRead(read)
        if (result.done === true) operation.end(this.#failure())
        else operation.entries++
        return result
      },
      (error: unknown) => {
        operation.endRead(read)
        operation.end({ error })
        throw error
      },
    )
  }

  #opened(): ScanOperation {
    if (this.#operation === undefined) {
      this.#operation = new ScanOperation(this.#context)
      this.#operation.open()
    }
    return this.#operation
  }
}
