import type { Method } from '../../operations/method-patch.ts'
import type { CallRecorder } from '../../operations/recorder.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'

type RowIterator = Iterator<unknown>

const names = ['next', 'return'] as const

/** An iteration does not reference its iterator, which can be garbage collected while it is open. */
const iterations = new WeakMap<object, Iteration>()

/** The prototype of measured iterators, for each prototype of iterators. */
const measuredPrototypes = new WeakMap<object, object>()

/** Wraps `iterate`: each iterator is one execution of the statement, from the call to the end of the rows. */
export function measureIterate(context: StoreContext, recorder: CallRecorder, original: Method): Method {
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    return new Iteration(context, recorder).start(() => original.apply(this, args) as RowIterator)
  }
}

/** The rows of one execution. */
class Iteration {
  readonly #context: StoreContext
  readonly #operation: ScanOperation

  constructor(context: StoreContext, recorder: CallRecorder) {
    this.#context = context
    this.#operation = new ScanOperation(context, recorder)
  }

  /** Creates the iterator. */
  start(create: () => RowIterator): RowIterator {
    let iterator: RowIterator
    try {
      iterator = this.#operation.runSync(create)
    } catch (error) {
      this.#end()
      throw error
    }
    if (typeof iterator !== 'object' || iterator === null) {
      this.#end()
      return iterator
    }
    this.#operation.open(iterator)
    iterations.set(iterator, this)
    attach(iterator)
    return iterator
  }

  get isEnded(): boolean {
    return this.#operation.isEnded
  }

  /** Runs `next` or `return` of the iterator. */
  step(run: () => IteratorResult<unknown>, isReturn: boolean): IteratorResult<unknown> {
    try {
      const result = this.#operation.runSync(run)
      if (isReturn || result.done === true) this.#end()
      else this.#operation.entries++
      return result
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #end(): void {
    if (this.#context.isMeasuring) this.#operation.end()
    else this.#operation.discard()
  }
}

/**
 * Measures the steps of an iterator by a prototype between the iterator and its own one: it stays the package's object. Early versions
 * of `node:sqlite` (Node 22.15) give each iterator methods of its own; these are replaced.
 */
function attach(iterator: RowIterator): void {
  for (const name of names) {
    if (!Object.hasOwn(iterator, name)) continue
    const descriptor = Object.getOwnPropertyDescriptor(iterator, name)
    Object.defineProperty(iterator, name, { ...descriptor, value: wrapStep(name, Reflect.get(iterator, name) as Method) })
  }
  if (Object.hasOwn(iterator, 'next')) return
  const prototype = Object.getPrototypeOf(iterator) as object
  let measured = measuredPrototypes.get(prototype)
  if (measured === undefined) {
    measured = Object.create(prototype) as object
    for (const name of names) {
      const original: unknown = Reflect.get(prototype, name)
      if (typeof original === 'function') defineMethod(measured, name, wrapStep(name, original as Method), original.length)
    }
    measuredPrototypes.set(prototype, measured)
  }
  Object.setPrototypeOf(iterator, measured)
}

/** Defines a method like those of the packages' prototypes. */
export function defineMethod(target: object, name: string, method: Method, length: number): void {
  Object.defineProperty(method, 'name', { value: name, configurable: true })
  Object.defineProperty(method, 'length', { value: length, configurable: true })
  Object.defineProperty(target, name, { value: method, configurable: true, writable: true, enumerable: true })
}

function wrapStep(name: (typeof names)[number], original: Method): Method {
  const isReturn = name === 'return'
  return function (...args) {
    const iteration = typeof this === 'object' && this !== null ? iterations.get(this) : undefined
    if (iteration === undefined || iteration.isEnded) return original.apply(this, args)
    return iteration.step(() => original.apply(this, args) as IteratorResult<unknown>, isReturn)
  }
}
