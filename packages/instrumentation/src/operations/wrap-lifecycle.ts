import type { Method } from './method-patch.ts'
import type { StoreContext } from './store-context.ts'
import { observeResult } from './wrap-method.ts'

/**
 * Wraps a method that opens or closes the store. Neither is an operation: only failures are counted, as `db_errors_total`
 * with `operation="open"` or `"close"`.
 *
 * @param onSuccess runs each time the method has succeeded.
 * @param observe settles when the method's result does, and returns the result for the caller.
 */
export function wrapLifecycle(
  context: StoreContext,
  verb: 'open' | 'close',
  original: Method,
  onSuccess: () => void = () => {},
  observe: typeof observeResult = observeResult,
): Method {
  const succeeded = (): void => {
    if (verb === 'open') context.recordOpened()
    onSuccess()
    if (verb === 'close') context.recordClosed()
  }
  const failed = (error: unknown): void => context.recordLifecycleError(verb, error)
  return function (...args) {
    let result: unknown
    try {
      result = original.apply(this, args)
    } catch (error) {
      failed(error)
      throw error
    }
    return observe(result, { succeeded, failed })
  }
}
