import type { Method } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { KeyvCalls } from './calls.ts'

type Entries = AsyncGenerator<unknown, unknown>

/** Wraps `iterator`: each iterator is one scan, from its first read to its end. An iterator that is never read is not counted. */
export function measureIterator(context: StoreContext, calls: KeyvCalls, original: Method): Method {
  const recorder = context.recorder('scan')
  const startScan = (): ScanOperation => new ScanOperation(context, recorder)
  return function (...args) {
    if (!context.isMeasuring || calls.isNested(this)) return original.apply(this, args)
    const view = calls.begin(this)
    const entries = original.apply(view, args) as Entries
    new Scan(startScan, () => calls.failureIn(view)).attach(entries)
    return entries
  }
}

/** The scan of one iterator. */
class Scan {
  readonly #start: () => ScanOperation
  readonly #failure: () => { readonly error: unknown } | undefined
  #operation: ScanOperation | undefined
  #isAbandoned = false

  constructor(start: () => ScanOperation, failure: () => { readonly error: unknown } | undefined) {
    this.#start = start
    this.#failure = failure
  }

  attach(entries: Entries): void {
    const { next, return: end, throw: throwInto } = entries
    const hiddenProperty = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
    const wrapEnd = (original: (...args: never[]) => unknown) =>
      hiddenProperty((...args: never[]) => {
        this.#isAbandoned = true
        this.#operation?.end()
        return original.apply(entries, args)
      })
    Object.defineProperties(entries, {
      next: hiddenProperty((...args: [] | [unknown]) => this.#read(entries, () => next.apply(entries, args))),
      return: wrapEnd(end),
      throw: wrapEnd(throwInto),
    })
  }

  #read(entries: Entries, next: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    if (this.#isAbandoned || this.#operation?.isEnded) return next()
    const operation = this.#open(entries)
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

  #open(entries: Entries): ScanOperation {
    if (this.#operation === undefined) {
      this.#operation = this.#start()
      this.#operation.open(entries)
    }
    return this.#operation
  }
}
