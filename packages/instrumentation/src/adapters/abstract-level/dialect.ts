import type { Method } from '../../operations/method-patch.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { type CallbackOptions, wrapCallback, wrapLifecycleCallback } from '../../operations/wrap-callback.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import { wrapAsync } from '../../operations/wrap-method.ts'
import type { IteratorMethods } from './iterator.ts'

/** How the private methods of a store report that they are done, and how they are wrapped for that. */
export interface Dialect {
  readonly returns: 'promise' | 'callback'
  readonly iterators: IteratorMethods
  /** Wraps a method that performs an operation. */
  wrap(context: StoreContext, recorder: OperationRecorder, original: Method, options: CallbackOptions): Method
  /** Wraps a method that opens or closes the store. */
  wrapLifecycle(context: StoreContext, verb: 'open' | 'close', original: Method, onSuccess: () => void): Method
}

/** abstract-level from version 2 on. */
export const promises: Dialect = {
  returns: 'promise',
  iterators: { reads: ['_next', '_nextv', '_all'], close: '_close', returns: 'promise' },
  wrap: (context, recorder, original, { countEntries }) => wrapAsync(context, recorder, original, countEntries),
  wrapLifecycle,
}

/** abstract-level 1. */
export const callbacks: Dialect = {
  returns: 'callback',
  iterators: { reads: ['_next', '_nextv', '_all'], close: '_close', returns: 'callback' },
  wrap: wrapCallback,
  wrapLifecycle: wrapLifecycleCallback,
}

/**
 * Returns whether an error says that a key is not there, as abstract-level 1 and levelup recognize it. It is an answer of the
 * store, not a failure.
 */
export function isNotFound(error: unknown): boolean {
  try {
    const { code, notFound } = error as { readonly code?: unknown; readonly notFound?: unknown }
    return code === 'LEVEL_NOT_FOUND' || notFound === true || /notfound/i.test(String(error))
  } catch {
    return false
  }
}
