import type { Method } from './method-patch.ts'
import type { StoreContext } from './store-context.ts'

/**
 * Wraps a method that is no operation.
 *
 * @param isNested whether what it calls on the store is none either; with `false` it is counted, as code of the store's caller.
 */
export function wrapNested(context: StoreContext, isNested: boolean, original: Method): Method {
  return function (...args) {
    const before = context.isNested
    context.isNested = isNested
    try {
      return original.apply(this, args)
    } finally {
      context.isNested = before
    }
  }
}
