import type { PendingOperation } from '../../operations/in-flight.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { followResult } from '../../operations/wrap-method.ts'
import { hasMethods } from './database.ts'

/** What a flush of a batch calls at its start and at its end. */
const flushMethods = ['_flush', '_onfinished']

/**
 * The batches that `read()` or `write()` of one database return: calls collected for one flush to the engine. Each flush of a
 * batch is one operation, from the flush to its settlement. Collected calls wait for the flush, which passes them to the engine in
 * one call. A batch may be flushed several times.
 */
export class Batches {
  readonly #context: StoreContext
  readonly #operation: 'get_many' | 'batch'
  readonly #recorder: OperationRecorder
  readonly #flushes = new WeakMap<object, Flush>()

  constructor(context: StoreContext, operation: 'get_many' | 'batch') {
    this.#context = context
    this.#operation = operation
    this.#recorder = context.recorder(operation)
  }

  /** Wraps a method that creates batches. */
  wrap(original: Method): Method {
    const measure = (batch: unknown): void => this.#measure(batch)
    const context = this.#context
    return function (...args) {
      const batch: unknown = original.apply(this, args)
      // The batch behind a single `get()` or `put()` is part of that operation.
      if (!context.isNested) measure(batch)
      return batch
    }
  }

  /** Wraps the flush of a batch. A database may return anything, or a batch that it has returned before. */
  #measure(batch: unknown): void {
    let flush: Flush | undefined
    try {
      if (hasMethods(batch, flushMethods)) {
        flush = this.#flushes.get(batch) ?? new Flush(this.#context, this.#recorder, batch, this.#operation === 'batch')
        this.#flushes.set(batch, flush)
        flush.wrap()
        return
      }
    } catch {
      // It is frozen, or a proxy that throws.
      flush?.unwrap()
    }
    if (!this.#context.isMeasuring) return
    const { name, registry } = this.#context
    registry.warnOnce(
      `${this.#operation} of RocksDB ${name}`,
      `store ${name}: a ${this.#operation} is not measured if the batch cannot be wrapped: it must be an extensible object with the methods ${flushMethods.join(', ')}`,
    )
  }
}

/** The flush of one batch that is in flight, if there is one. */
class Flush {
  readonly #context: StoreContext
  readonly #recorder: OperationRecorder
  readonly #batch: object
  readonly #hasEntries: boolean
  #patch: MethodPatch | undefined
  #pending: PendingOperation | undefined
  /** Observes what `_flush()` returns. It is done before the flush is. */
  readonly #start = { succeeded: (): void => {}, failed: (error: unknown): void => this.#end(true, error) }

  constructor(context: StoreContext, recorder: OperationRecorder, batch: object, hasEntries: boolean) {
    this.#context = context
    this.#recorder = recorder
    this.#batch = batch
    this.#hasEntries = hasEntries
  }

  /**
   * Wraps the methods of the batch, unless they are wrapped. `flush()` and `tryFlush()` both call `_flush()` and end with
   * `_onfinished()`; `tryFlush()` returns no promise to observe. Destroyed batches are reused, so the patch is undone then.
   */
  wrap(): void {
    if (this.#patch !== undefined) return
    const flush = this
    this.#patch = new MethodPatch(this.#batch)
    this.#patch.replace('_flush', (original) => {
      return function (this: unknown, ...args) {
        return flush.#run(this, original, args)
      }
    })
    this.#patch.replace('_onfinished', (original) => {
      return function (this: unknown, ...args) {
        const error: unknown = args[0]
        flush.#end(Boolean(error), error)
        return original.apply(this, args)
      }
    })
    this.#patch.replace('_onfree', (original) => {
      return function (this: unknown, ...args) {
        flush.unwrap()
        return original.apply(this, args)
      }
    })
  }

  unwrap(): void {
    this.#patch?.undo()
    this.#patch = undefined
  }

  #run(batch: unknown, original: Method, args: never[]): unknown {
    // Wrapped twice, because other code keeps an earlier wrapper in use: it is one flush.
    if (this.#pending !== undefined || !this.#context.isMeasuring) return original.apply(batch, args)
    this.#pending = this.#context.inFlight.begin(this.#recorder, this.#hasEntries ? countOperations(this.#batch) : 0)
    let result: unknown
    try {
      result = original.apply(batch, args)
    } catch (error) {
      this.#end(true, error)
      throw error
    }
    // If the database cannot be opened, it rejects, and `_onfinished()` is not called.
    return followResult(result, this.#start)
  }

  #end(isFailed: boolean, error: unknown): void {
    const pending = this.#pending
    this.#pending = undefined
    if (isFailed) pending?.failed(error)
    else pending?.succeeded()
  }
}

/** Returns how many writes a batch has collected; 0 if it does not say. */
function countOperations(batch: object): number {
  try {
    const operations: unknown = Reflect.get(batch, '_operations')
    return Array.isArray(operations) ? operations.length : 0
  } catch {
    return 0
  }
}
