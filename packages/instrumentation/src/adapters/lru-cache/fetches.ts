import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapCacheCall } from '../../operations/wrap-cache-call.ts'
import { wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import type { Evictions } from './evictions.ts'
import type { LruCache } from './shape.ts'
import { type CallOptions, type Status, statusIn, withStatus } from './status.ts'

/** The messages of the errors with which the cache aborts a fetch because a call removed its entry. */
const removalsByCall: ReadonlySet<string> = new Set(['deleted', 'replaced'])

/**
 * Measures `fetch`, `forceFetch` and `memo` as gets. Whether the cache had the value is in the `status` of the call. A call without
 * one gets one, which is dropped with the call: the cache also writes key and value there.
 */
export class Fetches {
  readonly #context: StoreContext
  readonly #evictions: Evictions
  readonly #isNesting: boolean
  readonly #onLookUp: (isHit: boolean) => void
  /**
   * The statuses of calls, if the cache may pass them on to its own `set`. That may be long after the call has returned a stale
   * value.
   */
  readonly #statuses = new WeakSet<object>()
  /** The status of the `fetch` or `forceFetch` that is being called. */
  #calling: Status | undefined
  /** Whether the cache adds what it fetches and computes with its own `set`, as it does before 11.3. */
  #usesOwnSet = false

  constructor(context: StoreContext, evictions: Evictions, isNesting: boolean, onLookUp: (isHit: boolean) => void) {
    this.#context = context
    this.#evictions = evictions
    this.#isNesting = isNesting
    this.#onLookUp = onLookUp
  }

  /** Returns whether a `set` is the cache's own: of a value that it fetched or computed, or of the promise of one. */
  isOwnSet(value: unknown, options: unknown): boolean {
    if (!this.#isNesting) return false
    const status = (options as CallOptions | null | undefined)?.status
    const isOwn =
      (status !== undefined && this.#statuses.has(status)) || (value instanceof Promise && '__staleWhileFetching' in value)
    if (isOwn) this.#usesOwnSet = true
    return isOwn
  }

  /** Wraps `fetch` or `forceFetch`. */
  wrapFetch(original: Method): Method {
    const fetch = (receiver: unknown, args: readonly unknown[], isMeasured: boolean): unknown => {
      const status = statusIn(args[1])
      // `forceFetch` may call `fetch`, and passes the status on.
      if (this.#calling === status) return original.apply(receiver, args as never[])
      return this.#fetch(original, receiver, args, status, isMeasured)
    }
    const recorder = this.#context.recorder('get')
    const measured = wrapAsyncForCaller(this.#context, recorder, function (...args) {
      return fetch(this, args, true)
    })
    return this.#choose(measured, function (...args) {
      return fetch(this, args, false)
    })
  }

  /** Wraps `memo`. */
  wrapMemo(original: Method): Method {
    const memo = (receiver: unknown, args: readonly unknown[], isMeasured: boolean): unknown => {
      const [key, options, ...others] = args
      const status = statusIn(options)
      const wasThere = this.#evictions.containsAfterGet(key, options)
      this.#statuses.add(status)
      const value = original.apply(receiver, [key, withStatus(options, status), ...others] as never[])
      const isHit = isMemoHit(status)
      if (isMeasured) this.#onLookUp(isHit)
      if (!isHit && !this.#usesOwnSet && value !== undefined) {
        // A value that is larger than allowed is not kept.
        const isThere = !((receiver as LruCache).maxEntrySize > 0) || this.#evictions.contains(key)
        this.#evictions.recordWrite(wasThere, isThere)
      }
      return value
    }
    const recorder = this.#context.recorder('get')
    const measuredMemo: Method = function (...args) {
      return memo(this, args, true)
    }
    return this.#choose(wrapCacheCall(this.#context, recorder, measuredMemo, { isNesting: this.#isNesting }), function (...args) {
      return memo(this, args, false)
    })
  }

  /** Evictions are counted of every call, also while measuring is off. */
  #choose(measured: Method, unmeasured: Method): Method {
    const context = this.#context
    return function (...args) {
      return (context.isMeasuring ? measured : unmeasured).apply(this, args)
    }
  }

  #fetch(original: Method, receiver: unknown, args: readonly unknown[], status: Status, isMeasured: boolean): unknown {
    const [key, options, ...others] = args
    this.#statuses.add(status)
    if (isMeasured) this.#context.isNested = this.#isNesting
    const before = this.#calling
    this.#calling = status
    let promise: unknown
    try {
      promise = original.apply(receiver, [key, withStatus(options, status), ...others] as never[])
    } finally {
      this.#calling = before
    }
    // The promise of the value is in the cache from now on.
    if (!this.#usesOwnSet && status.fetch === 'miss') this.#evictions.recordWrite(false, true)
    if (isMeasured) this.#onLookUp(isFetchHit(status))
    if (!(promise instanceof Promise)) return promise
    return promise.then(
      (value) => {
        this.#end(key, status, value === undefined)
        return value
      },
      (error: unknown) => {
        this.#end(key, status, true)
        throw error
      },
    )
  }

  /** The entry of a fetch that failed, found nothing, or found a value that is larger than allowed is removed. That is no eviction. */
  #end(key: unknown, status: Status, isWithoutValue: boolean): void {
    const isRemoved = isWithoutValue
      ? isDispatched(status) && !isCountedRemoval(status)
      : status.maxEntrySizeExceeded === true && !this.#usesOwnSet
    if (isRemoved && this.#evictions.contains(key) === false) this.#evictions.recordRemoval()
  }
}

/** Returns whether the caller gets an entry of the cache without waiting for a new one. */
function isFetchHit({ fetch, get, returnedStale }: Status): boolean {
  if (fetch === 'miss') return false
  return fetch === 'hit' || returnedStale === true || (fetch === 'get' && get === 'hit')
}

/** Returns whether this call started the fetch, and did not join one that was in flight. */
function isDispatched({ fetch }: Status): boolean {
  return fetch === 'miss' || fetch === 'stale' || fetch === 'refresh'
}

/** Before 11.3 there is no `memo`: then a value that was computed was also set. */
function isMemoHit({ memo, set }: Status): boolean {
  return memo === undefined ? set === undefined : memo === 'hit'
}

/**
 * Returns whether the fetch ended because its entry was removed, and that is counted: by a call, or as the eviction of the stale
 * entry that it was to replace.
 */
function isCountedRemoval({ fetch, fetchAborted, fetchError }: Status): boolean {
  if (fetchAborted !== true || !(fetchError instanceof Error)) return false
  return removalsByCall.has(fetchError.message) || (fetchError.message === 'evicted' && fetch !== 'miss')
}
