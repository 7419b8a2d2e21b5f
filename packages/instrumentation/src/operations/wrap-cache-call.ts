import { withSpan } from '../otel/span.ts'
import { nowMs } from './clock.ts'
import type { Method } from './method-patch.ts'
import type { OperationRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'

/** How a synchronous call of a cache is recorded. */
export interface CacheCall {
  /**
   * Whether the cache may call its own methods during the call. They are part of it then, and so is what the application's
   * callbacks call. If it calls none, what its callbacks call is counted.
   */
  readonly isNesting: boolean
  /** Returns how many entries a successful scan returned or a batch wrote. It must not throw. */
  readonly countEntries?: (result: unknown, args: readonly unknown[]) => number
  /** Runs after each measured call that succeeded. It must not throw. */
  readonly onResult?: (result: unknown, args: readonly unknown[]) => void
  /** Returns an error with a `code` for an error without one. It must not throw. */
  readonly toCodedError?: (error: unknown) => unknown
}

const ignoreResult = (): void => {}
const keepError = (error: unknown): unknown => error

/** Wraps a synchronous method of a cache, and records it; like `wrapSync`, but for methods that tell whether they found an entry. */
export function wrapCacheCall(
  context: StoreContext,
  recorder: OperationRecorder,
  original: Method,
  { isNesting, countEntries, onResult = ignoreResult, toCodedError = keepError }: CacheCall,
): Method {
  const { onTracerFailure } = context.registry.observer
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    context.isNested = isNesting
    const span = recorder.startSpan()
    const isTimed = recorder.shouldTime()
    const startMs = isTimed ? nowMs() : Number.NaN
    let result: unknown
    try {
      result = span === undefined ? original.apply(this, args) : withSpan(span, bindCall(original, this, args), onTracerFailure)
    } catch (error) {
      const coded = toCodedError(error)
      const seconds = (nowMs() - startMs) / 1000
      if (isTimed) recorder.recordFailure(seconds, coded, { startMs, key: args[0], value: args[1], span })
      else recorder.countFailure(coded, span)
      throw error
    } finally {
      context.isNested = false
    }
    const entries = countEntries === undefined ? 0 : countEntries(result, args)
    if (isTimed) {
      const seconds = (nowMs() - startMs) / 1000
      if (span === undefined && seconds < recorder.slowThresholdSeconds) recorder.recordSuccess(seconds, entries)
      else recorder.recordSuccess(seconds, entries, { startMs, key: args[0], value: args[1], span }, result)
    } else recorder.countSuccess(entries, span)
    onResult(result, args)
    return result
  }
}

/** A function of its own: a closure over `args` in the caller would put them on the heap in every call. */
function bindCall(original: Method, receiver: unknown, args: never[]): () => unknown {
  return () => original.apply(receiver, args)
}
