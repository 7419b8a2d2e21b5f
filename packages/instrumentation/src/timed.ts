import type { Span } from '@opentelemetry/api'
import { nowMs } from './clock.ts'
import type { OperationRecorder } from './operation-recorder.ts'
import { within } from './operation-span.ts'
import type { PendingOperation } from './operations-in-flight.ts'
import type { StoreOperations } from './store-operations.ts'

export type Method = (this: unknown, ...args: never[]) => unknown

/** How many entries a call moves, from its arguments. */
type EntriesOf = (...args: never[]) => number

/** What a call hands on to its caller, having seen to it that the pending operation is settled. */
type HandOn = (result: unknown, pending: PendingOperation) => unknown

/**
 * A method that returns a promise, timed. It gives back the very promise of the store, which is observed on the side: so
 * wrap only what the store calls itself, where the promise that the store's caller holds is another one.
 */
export function timed(operations: StoreOperations, recorder: OperationRecorder, original: Method, entriesOf?: EntriesOf): Method {
  return timedCall(operations, recorder, original, entriesOf, settleWith)
}

/**
 * A method whose result goes straight to the store's caller, timed; it may return a promise or its result. A promise is
 * handed on as one that follows it: observing the store's own on the side would hide a rejection that nobody handles.
 */
export function timedForCaller(
  operations: StoreOperations,
  recorder: OperationRecorder,
  original: Method,
  entriesOf?: EntriesOf,
): Method {
  return timedCall(operations, recorder, original, entriesOf, followed)
}

function timedCall(
  operations: StoreOperations,
  recorder: OperationRecorder,
  original: Method,
  entriesOf: EntriesOf | undefined,
  handOn: HandOn,
): Method {
  const { inFlight } = operations
  return function (...args) {
    if (!operations.measures) return original.apply(this, args)
    const pending = inFlight.begin(recorder, entriesOf === undefined ? 0 : entriesOf.apply(this, args), args[0], args[1])
    const { span } = pending
    operations.inside = true
    let result: unknown
    try {
      result = span === undefined ? original.apply(this, args) : spanned(original, span).apply(this, args)
    } catch (error) {
      pending.failed(error)
      throw error
    } finally {
      operations.inside = false
    }
    return handOn(result, pending)
  }
}

/** The method as a part of this span. Made for its call: where a closure sees the arguments, they are on the heap in every call. */
function spanned(original: Method, span: Span): Method {
  return function (...args) {
    return within(span, () => original.apply(this, args))
  }
}

function followed(result: unknown, pending: PendingOperation): unknown {
  if (!isThenable(result)) {
    pending.succeeded(result)
    return result
  }
  return promiseOf(result).then(
    (value) => {
      pending.succeeded(value)
      return value
    },
    (error: unknown) => {
      pending.failed(error)
      throw error
    },
  )
}

/** A method that returns its result at once, timed. Where a store's errors have no codes, `named` gives them one to be counted by. */
export function timedSync(
  operations: StoreOperations,
  recorder: OperationRecorder,
  original: Method,
  named: (error: unknown) => unknown = (error) => error,
): Method {
  return function (...args) {
    if (!operations.measures) return original.apply(this, args)
    operations.inside = true
    const span = recorder.startSpan()
    const isTimed = recorder.isTimed()
    const startMs = isTimed ? nowMs() : Number.NaN
    try {
      const result = span === undefined ? original.apply(this, args) : spanned(original, span).apply(this, args)
      if (isTimed) {
        const seconds = (nowMs() - startMs) / 1000
        if (span === undefined && seconds < recorder.slowSeconds) recorder.succeed(seconds)
        else recorder.succeed(seconds, 0, { startMs, key: args[0], value: args[1], span }, result)
      } else recorder.count(0, span)
      return result
    } catch (error) {
      if (isTimed) recorder.fail((nowMs() - startMs) / 1000, named(error), { startMs, key: args[0], value: args[1], span })
      else recorder.countFailure(named(error), span)
      throw error
    } finally {
      operations.inside = false
    }
  }
}

/**
 * Settles the pending operation when the result does, at once where it is no promise. Gives back what to hand on: a promise
 * as it is; for any other thenable, which may do its work each time it is asked (a query builder does), a promise that asked.
 */
export function settleWith(result: unknown, pending: Pick<PendingOperation, 'succeeded' | 'failed'>): unknown {
  if (!isThenable(result)) {
    pending.succeeded(result)
    return result
  }
  const promise = promiseOf(result)
  promise.then(pending.succeeded, pending.failed)
  return promise
}

function promiseOf(result: PromiseLike<unknown>): Promise<unknown> {
  return result instanceof Promise ? result : Promise.resolve(result)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
