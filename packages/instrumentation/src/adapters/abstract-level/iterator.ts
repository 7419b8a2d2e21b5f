import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { observeResult } from '../../operations/wrap-method.ts'

interface Iterator {
  /** How many entries it has delivered. */
  readonly count: number
}

const scanKey = Symbol('@wombat/instrumentation scan')
type Scanned = Iterator & { [scanKey]: Scan }

/** A method that makes an iterator, so that each iterator becomes one scan, which ends when it closes. */
export function measureIterator(context: StoreContext, original: Method): Method {
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const operation = new ScanOperation(context)
    let iterator: Iterator
    try {
      iterator = operation.runSync(() => original.apply(this, args)) as Iterator
    } catch (error) {
      operation.end()
      throw error
    }
    if (canFollow(iterator)) new Scan(operation).follow(iterator)
    else operation.discard()
    return iterator
  }
}

const methods = ['_next', '_nextv', '_all', '_close'] as const

/** An engine may give what is no iterator of abstract-level's; its caller gets that, unmeasured. */
function canFollow(iterator: unknown): iterator is Iterator {
  if (typeof iterator !== 'object' || iterator === null || !Object.isExtensible(iterator)) return false
  return methods.every((name) => typeof Reflect.get(iterator, name) === 'function')
}

class Scan {
  readonly #operation: ScanOperation
  readonly #succeeded = (): void => this.#settle()
  readonly #failed = (error: unknown): void => this.#settle({ error })
  #read: PendingOperation | undefined

  constructor(operation: ScanOperation) {
    this.#operation = operation
  }

  follow(iterator: Iterator): void {
    this.#operation.open()
    const property = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
    const descriptors: PropertyDescriptorMap = { [scanKey]: property(this) }
    for (const name of ['_next', '_nextv', '_all']) descriptors[name] = property(readWith(Reflect.get(iterator, name) as Method))
    descriptors['_close'] = property(closeWith(Reflect.get(iterator, '_close') as Method))
    Object.defineProperties(iterator, descriptors)
  }

  read(iterator: Iterator, original: Method, args: never[]): unknown {
    // `_all` may read through `_nextv`, and that through `_next`: one read.
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

const reads = new WeakMap<Method, Method>()
const closes = new WeakMap<Method, Method>()

/** One wrapper for each method there is, not one for each iterator. */
function readWith(original: Method): Method {
  let made = reads.get(original)
  if (made === undefined) {
    made = function (this: unknown, ...args) {
      return (this as Scanned)[scanKey].read(this as Scanned, original, args)
    }
    reads.set(original, made)
  }
  return made
}

function closeWith(original: Method): Method {
  let made = closes.get(original)
  if (made === undefined) {
    made = function (this: unknown, ...args) {
      ;(this as Scanned)[scanKey].end(this as Scanned)
      return original.apply(this, args)
    }
    closes.set(original, made)
  }
  return made
}
