import type { PendingOperation } from '../../operations/in-flight.ts'
import { type Method, memoizeWrapper } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { observeResult } from '../../operations/wrap-method.ts'

interface Iterator {
  /** The number of entries delivered so far. */
  readonly count: number
}

/** Where an iterator keeps its scan, so that all iterators share one wrapper for each method. */
const scanKey = Symbol('@wombat/instrumentation scan')
type MeasuredIterator = Iterator & { [scanKey]: Scan }

/** Wraps a method that creates iterators: each iterator is one scan, which ends when it is closed. */
export function measureIterator(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('scan')
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const operation = new ScanOperation(context, recorder)
    let iterator: Iterator
    try {
      iterator = operation.runSync(() => original.apply(this, args)) as Iterator
    } catch (error) {
      operation.end()
      throw error
    }
    if (isMeasurable(iterator)) new Scan(operation).attach(iterator)
    else operation.discard()
    return iterator
  }
}

const methods = ['_next', '_nextv', '_all', '_close'] as const

/** Returns false for anything but an abstract-level iterator, which some engines return. That is not measured. */
function isMeasurable(iterator: unknown): iterator is Iterator {
  if (typeof iterator !== 'object' || iterator === null || !Object.isExtensible(iterator)) return false
  return methods.every((name) => typeof Reflect.get(iterator, name) === 'function')
}

/** The scan of one iterator. */
class Scan {
  readonly #operation: ScanOperation
  readonly #succeeded = (): void => this.#settle()
  readonly #failed = (error: unknown): void => this.#settle({ error })
  #read: PendingOperation | undefined

  constructor(operation: ScanOperation) {
    this.#operation = operation
  }

  attach(iterator: Iterator): void {
    this.#operation.open(iterator)
    const hiddenProperty = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
    const descriptors: PropertyDescriptorMap = { [scanKey]: hiddenProperty(this) }
    for (const name of ['_next', '_nextv', '_all'])
      descriptors[name] = hiddenProperty(wrapRead(Reflect.get(iterator, name) as Method))
    descriptors['_close'] = hiddenProperty(wrapClose(Reflect.get(iterator, '_close') as Method))
    Object.defineProperties(iterator, descriptors)
  }

  read(iterator: Iterator, original: Method, args: never[]): unknown {
    // `_all` may call `_nextv`, and that may call `_next`: together they are one read.
    if (this.#read !== undefined) return original.apply(iterator, args)
    this.#read = this.#operation.beginRead()
    let result: unknown
    try {
      result = original.apply(iterator, args)
    } catch (error) {
      this.#failed(error)
      throw error
    }
    return observeResult(result, { succeeded: this.#succeeded, failed: this.#failed })
  }

  end(iterator: Iterator): void {
    this.#operation.entries = iterator.count
    this.#operation.end()
  }

  #settle(failure?: { error: unknown }): void {
    const read = this.#read
    if (read === undefined) return
    this.#read = undefined
    this.#operation.endRead(read, failure)
  }
}

const wrapRead = memoizeWrapper((original) => {
  return function (this: unknown, ...args) {
    return (this as MeasuredIterator)[scanKey].read(this as MeasuredIterator, original, args)
  }
})

const wrapClose = memoizeWrapper((original) => {
  return function (this: unknown, ...args) {
    ;(this as MeasuredIterator)[scanKey].end(this as MeasuredIterator)
    return original.apply(this, args)
  }
})
