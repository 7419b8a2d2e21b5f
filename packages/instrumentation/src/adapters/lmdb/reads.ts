import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapSync } from '../../operations/wrap-method.ts'
import { withSpan } from '../../otel/span.ts'
import { withErrorCode } from './errors.ts'

/** A read that returns its result at once, timed. */
export function measureRead(context: StoreContext, verb: 'get' | 'has', original: Method): Method {
  return wrapSync(context, context.recorder(verb), original, withErrorCode)
}

type Callback = (...answer: unknown[]) => unknown

/**
 * `getMany` has the pages of its keys fetched by another thread, in `prefetch`, and then gets each key by itself: those gets
 * are part of it. Its own promise is never rejected, so that observing it on the side hides nothing.
 */
export class GetMany {
  readonly #context: StoreContext
  /** The one whose call is running now. */
  #calling: PendingOperation | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  readonly measure = (original: Method): Method => {
    const context = this.#context
    const recorder = context.recorder('get_many')
    const call = (receiver: unknown, args: unknown[]): unknown => {
      const pending = context.inFlight.begin(recorder)
      const callback = args[1] as Callback | undefined
      if (callback !== undefined) {
        args[1] = (...answer: unknown[]) => {
          pending.succeeded()
          return withInside(context, false, () => callback(...answer))
        }
      }
      this.#calling = pending
      try {
        const result = withInside(context, true, () => withSpan(pending.span, () => original.apply(receiver, args as never[])))
        if (result instanceof Promise) result.then(pending.succeeded, pending.failed)
        return result
      } catch (error) {
        pending.failed(withErrorCode(error))
        throw error
      } finally {
        this.#calling = undefined
      }
    }
    return function (...args) {
      return context.isMeasuring ? call(this, args) : original.apply(this, args)
    }
  }

  readonly partOf = (prefetch: Method): Method => {
    const context = this.#context
    const currentCall = (): PendingOperation | undefined => this.#calling
    return function (...args) {
      const pending = currentCall()
      const [keys, fetched] = args as unknown as [unknown, Callback]
      if (pending === undefined) return prefetch.apply(this, args)
      const getAll: Callback = (...answer) => {
        try {
          return withInside(context, true, () => fetched(...answer))
        } catch (error) {
          // Nobody is told: lmdb throws what a get threw at the event loop.
          pending.failed(withErrorCode(error))
          throw error
        }
      }
      return prefetch.apply(this, [keys, getAll] as never[])
    }
  }
}

function withInside<Result>(context: StoreContext, inside: boolean, run: () => Result): Result {
  const before = context.isNested
  context.isNested = inside
  try {
    return run()
  } finally {
    context.isNested = before
  }
}
