import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import { MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'

/** What `read()` and `write()` of rocksdb-native give: calls gathered for one way to the engine. */
interface Batch {
  readonly _operations?: readonly unknown[]
}

/**
 * A method that makes a batch, so that each flush of the batch becomes one operation, from the flush to its settlement: what
 * is gathered waits until then, and goes to the engine as one call. A batch may be flushed again and again.
 *
 * `flush()` and `tryFlush()` both begin with `_flush()` and end with `_onfinished()`; after the latter there is no promise to
 * observe. A batch that was destroyed is lent again, so it must be given back as it was.
 */
export function measureBatch(context: StoreContext, verb: 'get_many' | 'batch', original: Method): Method {
  const recorder = context.recorder(verb)
  return function (...args) {
    const batch = original.apply(this, args) as Batch
    // The batch behind a single `get()` or `put()` is part of that.
    if (context.isNested) return batch
    const patch = new MethodPatch(batch)
    let flushing: PendingOperation | undefined
    patch.replace('_flush', (flush) => {
      return function (this: unknown, ...flushArgs) {
        if (context.isMeasuring) {
          flushing = context.inFlight.begin(recorder, verb === 'batch' ? (batch._operations?.length ?? 0) : 0)
        }
        return flush.apply(this, flushArgs)
      }
    })
    patch.replace('_onfinished', (finish) => {
      return function (this: unknown, ...finishArgs) {
        const settled = flushing
        flushing = undefined
        const error: unknown = finishArgs[0]
        if (error) settled?.failed(error)
        else settled?.succeeded()
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
