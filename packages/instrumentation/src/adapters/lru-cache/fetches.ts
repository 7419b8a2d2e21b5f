import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapCacheCall } from '../../operations/wrap-cache-call.ts'
import { wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import type { Evictions } from './evictions.ts'

/** What the cache writes into the documented option `status` of a call. */
interface Status {
  readonly fetch?: string
  readonly get?: string
  readonly memo?: string
  readonly set?: string
  readonly returnedStale?: boolean
  readonly fetchAborted?: boolean
  readonly fetchError?: unknown
}

interface CallOptions {
  readonly status?: Status
}

/** The messages of the errors with which the cache aborts a fetch because a call removed its entry. */
const removals: ReadonlySet<string> = new Set(['deleted', 'replaced'])

/**
 * Measures `fetch`, `forceFetch` and `memo` as gets. Whether the cache had the value is in the `status` of the call. A call without
 * one gets one, which is dropped with the call: the cache also writes key and value there.
 */
export class Fetches {
  readonly #context: StoreContext
  readonly #evictions: Evictions
  readonly #isNesting: boolean
  readonly #onLookUp: (isHit: boolean) => void
  /** The statuses of the calls in progress. */
  readonly #statuses = new WeakSet<object>()
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
      if (this.#statuses.has(status)) return original.apply(receiver, args as never[])
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
      const wasThere = this.#evictions.contains(key)
      this.#statuses.add(status)
      try {
        const value = original.apply(receiver, [key, withStatus(options, status), ...others] as never[])
        if (isMeasured) this.#onLookUp(isMemoHit(status))
        return value
      } finally {
        this.#statuses.delete(status)
        this.#recordWrite(key, wasThere)
      }
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
    const wasThere = this.#evictions.contains(key)
    this.#statuses.add(status)
    if (isMeasured) this.#context.isNested = this.#isNesting
    const promise = original.apply(receiver, [key, withStatus(options, status), ...others] as never[])
    this.#recordWrite(key, wasThere)
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

  #recordWrite(key: unknown, wasThere: boolean | undefined): void {
    if (!this.#usesOwnSet) this.#evictions.recordWrite(wasThere, this.#evictions.contains(key))
  }

  /** The entry of a fetch that failed, or found nothing, is removed. That is no eviction. */
  #end(key: unknown, status: Status, isWithoutValue: boolean): void {
    this.#statuses.delete(status)
    if (!isWithoutValue || !isDispatched(status) || isRemovedByCall(status)) return
    if (this.#evictions.contains(key) === false) this.#evictions.recordRemoval()
  }
}

function statusIn(options: unknown): Status {
  const status: unknown = (options as CallOptions | null | undefined)?.status
  return typeof status === 'object' && status !== null ? status : {}
}

/** Returns the caller's options themselves if they have a status. */
function withStatus(options: unknown, status: Status): unknown {
  if ((options as CallOptions | null | undefined)?.status === status) return options
  return { ...(options as CallOptions | null | undefined), status }
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

/** Returns whether a call removed the entry of the fetch, and the fetch ended for that reason. */
function isRemovedByCall({ fetchAborted, fetchError }: Status): boolean {
  return fetchAborted === true && fetchError instanceof Error && removals.has(fetchError.message)
}
