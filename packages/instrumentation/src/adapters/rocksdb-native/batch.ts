import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import { MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'

/** What `read()` and `write()` of rocksdb-native return: calls collected for one flush to the engine. */
interface Batch {
  readonly _operations?: readonly unknown[]
}

/**
 * Wraps a method that creates batches: each flush of a batch is one operation, from the flush to its settlement. Collected
 * calls wait for the flush, which passes them to the engine in one call. A batch may be flushed several times.
 *
 * `flush()` and `tryFlush()` both call `_flush()` and end with `_onfinished()`; `tryFlush()` returns no promise to observe.
 * Destroyed batches are reused, so the patch is undone then.
 */
export function measureBatch(context: StoreContext, operation: 'get_many' | 'batch', original: Method): Method {
  const recorder = context.recorder(operation)
  return function (...args) {
    const batch = original.apply(this, args) as Batch
    // The batch behind a single `get()` or `put()` is part of that operation.
    if (context.isNested) return batch
    const patch = new MethodPatch(batch)
    let flushing: PendingOperation | undefined
    patch.replace('_flush', (flush) => {
      return function (this: unknown, ...flushArgs) {
        if (context.isMeasuring) {
          flushing = context.inFlight.begin(recorder, operation === 'batch' ? (batch._operations?.length ?? 0) : 0)
        }
        return flush.apply(this, flushArgs)
      }
    })
    patch.replace('_onfinished', (finish) => {
      return function (this: unknown, ...finishArgs) {
        const pending = flushing
        flushing = undefined
        const error: unknown = finishArgs[0]
        if (error) pending?.failed(error)
        else pending?.succeeded()
        return finish.apply(this, finishArgs)
      }
    })
    patch.replace('_onfree', (free) => {
      return function (this: unknown, ...freeArgs) {
        patch.undo()
        return free.apply(this, freeArgs)
      }
    })
    return batch
  }
}
