import type { Span } from '@opentelemetry/api'
import type { Operation } from '../metrics/semconv.ts'
import { isRecording, withSpan } from '../otel/span.ts'
import { nowMs } from './clock.ts'
import type { PendingOperation } from './in-flight.ts'
import type { Method } from './method-patch.ts'
import type { CallRecorder, OperationRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'

/** Returns how many entries a call writes, from its arguments. */
type CountEntries = (...args: never[]) => number

/** Settles the pending operation when the result settles. Returns the result for the caller. */
type ResultHandler = (result: unknown, pending: Pick<PendingOperation, 'succeeded' | 'failed'>) => unknown

/**
 * Wraps a method that returns a promise, and records it. The wrapper returns the store's own promise and observes it
 * separately, which marks a rejection as handled. So use it only for methods that the store itself calls: its callers
 * hold another promise.
 */
export function wrapAsync(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  countEntries?: CountEntries,
): Method {
  return wrapCall(context, recorder, original, countEntries, observeResult)
}

/**
 * Wraps a method that the application calls, and records it. The method may return a promise or its result. The wrapper
 * returns a promise derived from the store's: a separate observation of the store's promise would hide unhandled
 * rejections.
 */
export function wrapAsyncForCaller(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  countEntries?: CountEntries,
): Method {
  return wrapCall(context, recorder, original, countEntries, followResult)
}

function wrapCall(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  countEntries: CountEntries | undefined,
  handleResult: ResultHandler,
): Method {
  const { inFlight } = context
  const { observer } = context.registry
  // Operations with entries need an object each, to keep their number.
  const untimed = countEntries === undefined ? inFlight.untimed(recorder) : undefined
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const isTimed = recorder.shouldTime()
    if (!isTimed && untimed !== undefined && observer.tracer === undefined) {
      const group = untimed.begin()
      context.isNested = true
      let result: unknown
      try {
        result = original.apply(this, args)
      } catch (error) {
        group.failed(error)
        throw error
      } finally {
        context.isNested = false
      }
      return handleResult(result, group)
    }
    const entries = countEntries === undefined ? 0 : countEntries.apply(this, args)
    const pending = inFlight.begin(recorder, entries, args[0], args[1], isTimed)
    const { span } = pending
    context.isNested = true
    let result: unknown
    try {
      result = span === undefined ? original.apply(this, args) : inSpan(context, original, span).apply(this, args)
    } catch (error) {
      pending.failed(error)
      throw error
    } finally {
      context.isNested = false
    }
    return handleResult(result, pending)
  }
}

/**
 * Wraps a method to run in a span, if spans may be created below. A function of its own: a closure over `args` in the caller would put them
 * on the heap in every call.
 */
export function inSpan({ registry, hasSpansBelow }: StoreContext, original: Method, span: Span): Method {
  if (!hasSpansBelow || !isRecording(span, registry.observer.onTracerFailure)) return original
  return function (...args) {
    return withSpan(span, () => original.apply(this, args), registry.observer.onTracerFailure)
  }
}

/**
 * Returns a promise that settles like the result, after the operation is settled; the result itself if it is not a
 * promise.
 */
export function followResult(result: unknown, pending: Pick<PendingOperation, 'succeeded' | 'failed'>): unknown {
  try {
    if (isThenable(result)) {
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
  } catch (error) {
    return failUnreadable(result, error, pending)
  }
  pending.succeeded(result)
  return result
}

/**
 * Wraps a synchronous method, and records it. `toCodedError` gives an error a `code` if the errors of the store have
 * none. `countResult` returns how many entries the result of a batch or a scan stands for.
 */
export function wrapSync(
  context: StoreContext,
  recorder: CallRecorder,
  original: Method,
  toCodedError: (error: unknown) => unknown = (error) => error,
  countResult?: (result: unknown) => number,
): Method {
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    context.isNested = true
    const span = recorder.startSpan()
    const isTimed = recorder.shouldTime()
    const startMs = isTimed ? nowMs() : Number.NaN
    try {
      const result = span === undefined ? original.apply(this, args) : inSpan(context, original, span).apply(this, args)
      const seconds = isTimed ? (nowMs() - startMs) / 1000 : Number.NaN
      const entries = countResult === undefined ? 0 : countResult(result)
      if (isTimed) {
        if (span === undefined && seconds < recorder.slowThresholdSeconds) recorder.recordSuccess(seconds, entries)
        else recorder.recordSuccess(seconds, entries, { startMs, key: args[0], value: args[1], span }, result)
      } else recorder.countSuccess(entries, span)
      return result
    } catch (error) {
      if (isTimed)
        recorder.recordFailure((nowMs() - startMs) / 1000, toCodedError(error), { startMs, key: args[0], value: args[1], span })
      else recorder.countFailure(toCodedError(error), span)
      throw error
    } finally {
      context.isNested = false
    }
  }
}

/**
 * Settles the pending operation when the result settles, or immediately if it is not a promise. Returns the result for
 * the caller. A thenable that is not a promise, for example a query builder, may do its work at each `then`: the caller
 * gets a promise of its only `then`.
 */
export function observeResult(result: unknown, pending: Pick<PendingOperation, 'succeeded' | 'failed'>): unknown {
  try {
    if (result instanceof Promise) {
      result.then(pending.succeeded, pending.failed)
      return result
    }
    if (isThenable(result)) {
      const promise = Promise.resolve(result)
      promise.then(pending.succeeded, pending.failed)
      return promise
    }
  } catch (error) {
    return failUnreadable(result, error, pending)
  }
  pending.succeeded(result)
  return result
}

/** Settles an operation whose result throws when its `then` is read or called. Code that waits for the result gets the error. */
function failUnreadable(result: unknown, error: unknown, pending: Pick<PendingOperation, 'failed'>): unknown {
  pending.failed(error)
  return result
}

function toPromise(result: PromiseLike<unknown>): Promise<unknown> {
  return result instanceof Promise ? result : Promise.resolve(result)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** The names of a store's methods. Any name if the type of the store has no members. */
export type MethodName<Store extends object> = [keyof Store] extends [never]
  ? string
  : {
      [Name in keyof Store]-?: NonNullable<Store[Name]> extends (this: never, ...args: never[]) => unknown ? Name : never
    }[keyof Store] &
      string

/**
 * Wraps methods of a store, and records each call as one operation. A method may return a promise or its result.
 * Methods that the store calls on itself during a call are part of the operation. Methods that the store does not have
 * are skipped; `instrument` throws if an operation of the adapter is left without a method.
 *
 * @param methods the operation of each method: `{ get: 'get', put: 'set' }`.
 * @returns a function that restores the methods.
 *
 * @example
 * ```ts
 * import { instrument, type StoreAdapter, wrapMethods } from '@wombat/instrumentation'
 *
 * class Settings {
 *   readonly #values = new Map<string, string>()
 *   read(name: string) {
 *     return this.#values.get(name)
 *   }
 *   write(name: string, value: string) {
 *     this.#values.set(name, value)
 *   }
 * }
 *
 * const settingsAdapter: StoreAdapter<Settings> = {
 *   name: 'settings',
 *   operations: ['get', 'set'],
 *   engineMetrics: {},
 *   errorCodes: new Set(),
 *   matches: (store) => store instanceof Settings,
 *   engine: () => 'settings',
 *   instrument: (settings, context) => ({
 *     state: () => 'open',
 *     detach: wrapMethods(settings, context, { read: 'get', write: 'set' }),
 *   }),
 * }
 *
 * const settings = instrument(new Settings(), { adapter: settingsAdapter })
 * settings.write('color', 'blue') // counted as a set
 * ```
 */
export function wrapMethods<Store extends object>(
  store: Store,
  context: StoreContext,
  methods: Readonly<Partial<Record<MethodName<Store>, Operation>>>,
): () => void {
  const patch = context.patch(store)
  for (const [method, operation] of Object.entries(methods as Readonly<Record<string, Operation>>)) {
    if (typeof Reflect.get(store, method) !== 'function') context.addMissingMethod(method)
    patch.replace(method, (original) => wrapAsyncForCaller(context, context.recorder(operation), original))
  }
  return () => patch.undo()
}
