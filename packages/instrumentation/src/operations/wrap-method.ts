import type { Span } from '@opentelemetry/api'
import type { Operation } from '../metrics/semconv.ts'
import { withSpan } from '../otel/span.ts'
import { nowMs } from './clock.ts'
import type { PendingOperation } from './in-flight.ts'
import { type Method, MethodPatch } from './method-patch.ts'
import type { OperationRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'

/** How many entries a call moves, from its arguments. */
type EntriesOf = (...args: never[]) => number

/** What a call hands on to its caller, having seen to it that the pending operation is settled. */
type ResultHandler = (result: unknown, pending: PendingOperation) => unknown

/**
 * A method that returns a promise, timed. It gives back the very promise of the store, which is observed on the side: so
 * wrap only what the store calls itself, where the promise that the store's caller holds is another one.
 */
export function wrapAsync(context: StoreContext, recorder: OperationRecorder, original: Method, entriesOf?: EntriesOf): Method {
  return wrapCall(context, recorder, original, entriesOf, observeResult)
}

/**
 * A method whose result goes straight to the store's caller, timed; it may return a promise or its result. A promise is
 * handed on as one that follows it: observing the store's own on the side would hide a rejection that nobody handles.
 */
export function wrapAsyncForCaller(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  entriesOf?: EntriesOf,
): Method {
  return wrapCall(context, recorder, original, entriesOf, followResult)
}

function wrapCall(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  entriesOf: EntriesOf | undefined,
  handOn: ResultHandler,
): Method {
  const { inFlight } = context
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const pending = inFlight.begin(recorder, entriesOf === undefined ? 0 : entriesOf.apply(this, args), args[0], args[1])
    const { span } = pending
    context.isNested = true
    let result: unknown
    try {
      result = span === undefined ? original.apply(this, args) : inSpan(original, span).apply(this, args)
    } catch (error) {
      pending.failed(error)
      throw error
    } finally {
      context.isNested = false
    }
    return handOn(result, pending)
  }
}

/** The method as a part of this span. Made for its call: where a closure sees the arguments, they are on the heap in every call. */
function inSpan(original: Method, span: Span): Method {
  return function (...args) {
    return withSpan(span, () => original.apply(this, args))
  }
}

function followResult(result: unknown, pending: PendingOperation): unknown {
  if (!isThenable(result)) {
    pending.succeeded(result)
    return result
  }
  return toPromise(result).then(
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
export function wrapSync(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  named: (error: unknown) => unknown = (error) => error,
): Method {
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    context.isNested = true
    const span = recorder.startSpan()
    const isTimed = recorder.shouldTime()
    const startMs = isTimed ? nowMs() : Number.NaN
    try {
      const result = span === undefined ? original.apply(this, args) : inSpan(original, span).apply(this, args)
      if (isTimed) {
        const seconds = (nowMs() - startMs) / 1000
        if (span === undefined && seconds < recorder.slowThresholdSeconds) recorder.recordSuccess(seconds)
        else recorder.recordSuccess(seconds, 0, { startMs, key: args[0], value: args[1], span }, result)
      } else recorder.countSuccess(0, span)
      return result
    } catch (error) {
      if (isTimed)
        recorder.recordFailure((nowMs() - startMs) / 1000, named(error), { startMs, key: args[0], value: args[1], span })
      else recorder.countFailure(named(error), span)
      throw error
    } finally {
      context.isNested = false
    }
  }
}

/**
 * Settles the pending operation when the result does, at once where it is no promise. Gives back what to hand on: a promise
 * as it is; for any other thenable, which may do its work each time it is asked (a query builder does), a promise that asked.
 */
export function observeResult(result: unknown, pending: Pick<PendingOperation, 'succeeded' | 'failed'>): unknown {
  if (!isThenable(result)) {
    pending.succeeded(result)
    return result
  }
  const promise = toPromise(result)
  promise.then(pending.succeeded, pending.failed)
  return promise
}

function toPromise(result: PromiseLike<unknown>): Promise<unknown> {
  return result instanceof Promise ? result : Promise.resolve(result)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Times these methods of a store, each as one of Wombat's operations: `{ get: 'get', put: 'set' }`. A method may return a
 * promise or its result. What the store calls of itself meanwhile is part of the operation. Returns the way back.
 */
export function wrapMethods(store: object, context: StoreContext, methods: Readonly<Record<string, Operation>>): () => void {
  const patch = new MethodPatch(store)
  for (const [method, operation] of Object.entries(methods)) {
    patch.replace(method, (original) => wrapAsyncForCaller(context, context.recorder(operation), original))
  }
  return () => patch.undo()
}
