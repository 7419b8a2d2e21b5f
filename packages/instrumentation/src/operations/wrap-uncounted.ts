import type { Method } from './method-patch.ts'
import type { StoreContext } from './store-context.ts'

/** Wraps a method that is no operation, so that what it calls on the store is none either. */
export function wrapUncounted(context: StoreContext, original: Method): Method {
  return function (...args) {
    const before = context.isNested
    context.isNested = true
    try {
      return original.apply(this, args)
    } finally {
      context.isNested = before
    }
  }
}
