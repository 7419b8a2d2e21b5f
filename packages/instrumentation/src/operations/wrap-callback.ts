import { bindActiveContext } from '../otel/span.ts'
import type { PendingOperation } from './in-flight.ts'
import type { Method } from './method-patch.ts'
import type { OperationRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'
import { inSpan } from './wrap-method.ts'

/** What a wrapper must know about the methods of its store. */
export interface CallbackOptions {
  /** Returns how many entries a call writes, from its arguments. */
  readonly countEntries?: (...args: never[]) => number
  /** Returns whether an error is an answer of the store, for example that a key is not there: it counts as a success. */
  readonly isAnswer?: (error: unknown) => boolean
  /** Returns an object with a `code` for an error, if the errors of the store have none. */
  readonly toCodedError?: (error: unknown) => unknown
}

/** A callback of Node's convention: the first argument is an error, or falsy. */
type Callback = (this: unknown, ...results: unknown[]) => unknown

/** How a call ended: what it threw or passed to its callback. */
export interface CallOutcome {
  readonly isFailed: boolean
  readonly error: unknown
  /** The arguments of the callback; empty if the call threw. */
  readonly results: readonly unknown[]
}

/**
 * Wraps a method whose last argument is a callback, and records each call from the call to its callback. The callback gets
 * the same `this` and arguments at the same time. A call without a callback is not recorded.
 */
export function wrapCallback(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  { countEntries, isAnswer, toCodedError = (error) => error }: CallbackOptions = {},
): Method {
  const { inFlight, registry } = context
  const settle = (pending: PendingOperation, { isFailed, error, results }: CallOutcome): void => {
    if (!isFailed) pending.succeeded(results[1])
    else if (isAnswer?.(error) === true) pending.succeeded()
    else pending.failed(toCodedError(error))
  }
  return function (...args) {
    if (!context.isMeasuring || !endsWithCallback(args)) return original.apply(this, args)
    const entries = countEntries === undefined ? 0 : countEntries.apply(this, args)
    const pending = inFlight.begin(recorder, entries, args[0], args[1])
    const { span } = pending
    let method = original
    if (span !== undefined) {
      method = inSpan(context, original, span)
      // What the caller does in the callback belongs to the caller's span: ours has ended.
      args.push(bindActiveContext(args.pop() as never, registry.observer.onTracerFailure))
    }
    context.isNested = true
    try {
      return callWithCallback(context, method, this, args, settle, pending)
    } finally {
      context.isNested = false
    }
  }
}

/** Returns whether the last argument is a function. */
export function endsWithCallback(args: readonly unknown[]): boolean {
  return typeof args.at(-1) === 'function'
}

/**
 * Calls a method whose last argument is a callback. `settle` runs once, with `subject`: before the callback, or when the call
 * throws. What the callback calls on the store is not a part of an operation, also if the store calls it back synchronously.
 *
 * @param args the arguments; their last one is replaced.
 */
export function callWithCallback<Subject>(
  context: StoreContext,
  method: Method,
  receiver: unknown,
  args: unknown[],
  settle: (subject: Subject, outcome: CallOutcome) => void,
  subject: Subject,
): unknown {
  const callback = args.at(-1) as Callback
  // A store may call back twice, or call back and throw: only the first one counts.
  let isSettled = false
  args[args.length - 1] = function (this: unknown, ...results: unknown[]): unknown {
    if (!isSettled) {
      isSettled = true
      // An error that is falsy is none, as for the callers of these methods.
      settle(subject, { isFailed: Boolean(results[0]), error: results[0], results })
    }
    if (!context.isNested) return callback.apply(this, results)
    return context.withNested(false, () => callback.apply(this, results))
  }
  try {
    return method.apply(receiver, args as never[])
  } catch (error) {
    if (!isSettled) {
      isSettled = true
      settle(subject, { isFailed: true, error, results: [] })
    }
    throw error
  }
}

/**
 * Wraps a method that opens or closes the store and takes a callback. Neither is an operation: only failures are counted, as
 * `db_errors_total` with `operation="open"` or `"close"`.
 *
 * @param onSuccess runs each time the method has succeeded, before the callback.
 */
export function wrapLifecycleCallback(
  context: StoreContext,
  verb: 'open' | 'close',
  original: Method,
  onSuccess: () => void = () => {},
  { toCodedError = (error) => error }: Pick<CallbackOptions, 'toCodedError'> = {},
): Method {
  const settle = (_subject: undefined, { isFailed, error }: CallOutcome): void => {
    if (isFailed) {
      context.recordLifecycleError(verb, toCodedError(error))
      return
    }
    if (verb === 'open') context.recordOpened()
    onSuccess()
    if (verb === 'close') context.recordClosed()
  }
  return function (...args) {
    return endsWithCallback(args)
      ? callWithCallback(context, original, this, args, settle, undefined)
      : original.apply(this, args)
  }
}
