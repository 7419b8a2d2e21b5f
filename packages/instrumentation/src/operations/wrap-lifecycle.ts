import type { Method } from './method-patch.ts'
import type { StoreContext } from './store-context.ts'
import { observeResult } from './wrap-method.ts'

/**
 * Wraps a method that opens or closes the store. Neither is an operation: only failures are counted, as `db_errors_total`
 * with `operation="open"` or `"close"`.
 *
 * @param onSuccess runs each time the method has succeeded.
 */
export function wrapLifecycle(
  context: StoreContext,
  verb: 'open' | 'close',
  original: Method,
  onSuccess: () => void = () => {},
): Method {
  const succeeded = (): void => {
    if (verb === 'open') context.recordOpened()
    onSuccess()
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
    return observeResult(result, { succeeded, failed })
  }
}
