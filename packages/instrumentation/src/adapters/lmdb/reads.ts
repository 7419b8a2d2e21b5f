import type { Span } from '@opentelemetry/api'
import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapSync } from '../../operations/wrap-method.ts'
import { withSpan } from '../../otel/span.ts'
import { withErrorCode } from './errors.ts'

/** Wraps a synchronous read. */
export function measureRead(context: StoreContext, operation: 'get' | 'has', original: Method): Method {
  return wrapSync(context, context.recorder(operation), original, withErrorCode)
}

type Callback = (...answer: unknown[]) => unknown

/**
 * Measures `getMany`. It lets another thread load the pages of its keys, in `prefetch`, and then gets each key: those gets
 * are part of it. Its own promise never rejects, so observing that promise hides no rejection.
 */
export class GetMany {
  readonly #context: StoreContext
  /** The operation of the call that runs now. */
  #current: PendingOperation | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  readonly wrapGetMany = (original: Method): Method => {
    const context = this.#context
    const recorder = context.recorder('get_many')
    const { onTracerFailure } = context.registry.observer
    const runInSpan = (span: Span | undefined, receiver: unknown, args: unknown[]): unknown =>
      withSpan(span, () => original.apply(receiver, args as never[]), onTracerFailure)
    const call = (receiver: unknown, args: unknown[]): unknown => {
      const pending = context.inFlight.begin(recorder)
      const callback = args[1] as Callback | undefined
      if (callback !== undefined) {
        args[1] = (...answer: unknown[]) => {
          pending.succeeded()
          return context.withNested(false, () => callback(...answer))
        }
      }
      this.#current = pending
      try {
        const result = context.withNested(true, () => runInSpan(pending.span, receiver, args))
        if (result instanceof Promise) result.then(pending.succeeded, pending.failed)
        return result
      } catch (error) {
        pending.failed(withErrorCode(error))
        throw error
      } finally {
        this.#current = undefined
      }
    }
    return function (...args) {
      return context.isMeasuring ? call(this, args) : original.apply(this, args)
    }
  }

  readonly wrapPrefetch = (prefetch: Method): Method => {
    const context = this.#context
    const currentOperation = (): PendingOperation | undefined => this.#current
    return function (...args) {
      const pending = currentOperation()
      const [keys, fetched] = args as unknown as [unknown, Callback]
      if (pending === undefined) return prefetch.apply(this, args)
      const getAll: Callback = (...answer) => {
        try {
          return context.withNested(true, () => fetched(...answer))
        } catch (error) {
          // lmdb throws the error of a get as an uncaught exception; the caller's promise stays pending.
          pending.failed(withErrorCode(error))
          throw error
        }
      }
      return prefetch.apply(this, [keys, getAll] as never[])
    }
  }
}
