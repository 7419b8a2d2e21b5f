import type { Counter } from '../../metrics/counter.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { lengthOf } from '../../operations/length-of.ts'
import type { Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { type CacheCall, wrapCacheCall } from '../../operations/wrap-cache-call.ts'
import type { StoreAdapter } from '../adapter.ts'
import { Evictions } from './evictions.ts'
import { Fetches } from './fetches.ts'
import { callsItself, isLruCache, type LruCache } from './shape.ts'
import { statusIn, withStatus } from './status.ts'

/** The look-ups that return the entry, or undefined if there is none. */
const lookUps = ['get', 'peek', 'info'] as const

/**
 * LRUCache of lru-cache 10 and 11, in both of its builds. `find` and `dump` are scans, `load` is a batch and `pop` a delete.
 * `fetch` and `memo` are gets that may have to compute the value. Iteration is not measured, as in a Map.
 *
 * It does not use the cache's diagnostics channel: that publishes no evictions, times, errors or spans, and a subscriber makes each
 * call of every cache in the process create an object with key and value.
 */
export const lruCache: StoreAdapter<LruCache> = {
  name: 'lru-cache',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has'],
  engineMetrics: {
    'lru-cache': ['db_get_hits_total', 'db_get_misses_total', 'db_evictions_total', 'db_entries', 'db_cache_bytes'],
  },
  packages: { 'lru-cache': '10, 11' },
  errorCodes: new Set(),

  matches: isLruCache,

  engine: () => 'lru-cache',

  instrument(cache, context) {
    const labels = { store: context.name }
    const evictions = new Evictions(cache, context.registry.counter('db_evictions_total', labels))
    const patch = context.patch(cache)
    new MeasuredCache(context, evictions, callsItself(cache)).wrap(patch)
    context.observeGauge('db_entries', () => cache.size)
    // The sizes are those of the application's `sizeCalculation`.
    context.observeGauge('db_cache_bytes', () => (cache.maxSize > 0 || cache.maxEntrySize > 0 ? cache.calculatedSize : undefined))
    return {
      state: () => 'open',
      // Read only: a new key would evict one of the users' keys.
      probe: () => ({
        async read(key) {
          const value = context.withoutMeasuring(() => cache.info(key))?.value
          return typeof value === 'string' ? value : undefined
        },
      }),
      collect: () => evictions.count(),
      detach() {
        evictions.count()
        patch.undo()
      },
    }
  },
}

/** The wrappers of one cache. */
class MeasuredCache {
  readonly #context: StoreContext
  readonly #evictions: Evictions
  readonly #isNesting: boolean
  readonly #hits: Counter
  readonly #misses: Counter
  /** Whether `load` runs and has not called `clear` yet. */
  #isLoading = false

  constructor(context: StoreContext, evictions: Evictions, isNesting: boolean) {
    this.#context = context
    this.#evictions = evictions
    this.#isNesting = isNesting
    this.#hits = context.registry.counter('db_get_hits_total', { store: context.name })
    this.#misses = context.registry.counter('db_get_misses_total', { store: context.name })
  }

  wrap(patch: MethodPatch): void {
    const fetches = new Fetches(this.#context, this.#evictions, this.#isNesting, (isHit) => this.#countLookUp(isHit))
    const onResult = (result: unknown): void => this.#countLookUp(result !== undefined)
    for (const method of lookUps) patch.replace(method, (original) => this.#measure('get', original, { onResult }))
    patch.replace('has', (original) => this.#measure('has', original))
    patch.replace('set', (original) => this.#wrapSet(original, fetches))
    patch.replace('delete', (original) => this.#measure('delete', this.#withRemoval(original)))
    patch.replace('pop', (original) => this.#measure('delete', this.#withRestart(original)))
    patch.replace('clear', (original) => this.#wrapClear(original))
    patch.replace('load', (original) => this.#wrapLoad(original))
    patch.replace('find', (original) => this.#measure('scan', original, { countEntries: (found) => Number(found !== undefined) }))
    patch.replace('dump', (original) => this.#measure('scan', original, { countEntries: lengthOf }))
    patch.replace('fetch', (original) => fetches.wrapFetch(original))
    patch.replace('forceFetch', (original) => fetches.wrapFetch(original))
    patch.replace('memo', (original) => fetches.wrapMemo(original))
  }

  #measure(operation: Operation, original: Method, call: Omit<CacheCall, 'isNesting'> = {}): Method {
    return wrapCacheCall(this.#context, this.#context.recorder(operation), original, { ...call, isNesting: this.#isNesting })
  }

  #countLookUp(isHit: boolean): void {
    if (isHit) this.#hits.add(1)
    else this.#misses.add(1)
  }

  /** A set of `undefined` calls `delete`, which is what is measured. */
  #wrapSet(original: Method, fetches: Fetches): Method {
    const write = this.#withWrite(original)
    const measured = this.#measure('set', write)
    return function (...args) {
      const [, value, options] = args as readonly unknown[]
      if (value === undefined) return original.apply(this, args)
      return (fetches.isOwnSet(value, options) ? write : measured).apply(this, args)
    }
  }

  /** A value that was set is in the cache, whatever callbacks did with it afterwards, unless it is larger than allowed. */
  #withWrite(original: Method): Method {
    const evictions = this.#evictions
    return function (...args) {
      const [key, value, options, ...others] = args
      const wasThere = evictions.contains(key)
      let isThere: boolean | undefined
      try {
        if (!((this as LruCache).maxEntrySize > 0)) {
          const result = original.apply(this, args)
          isThere = true
          return result
        }
        const status = statusIn(options)
        const result = original.apply(this, [key, value, withStatus(options, status), ...others] as never[])
        isThere = status.maxEntrySizeExceeded !== true
        return result
      } catch (error) {
        isThere = evictions.contains(key)
        throw error
      } finally {
        evictions.recordWrite(wasThere, isThere)
      }
    }
  }

  #withRemoval(original: Method): Method {
    const evictions = this.#evictions
    return function (...args) {
      const isRemoved = original.apply(this, args)
      if (isRemoved === true) evictions.recordRemoval()
      return isRemoved
    }
  }

  /** For a call that removes what is there: that is no eviction. */
  #withRestart(original: Method): Method {
    const evictions = this.#evictions
    return function (...args) {
      evictions.count()
      try {
        return original.apply(this, args)
      } finally {
        evictions.restart()
      }
    }
  }

  /** `load` calls `clear`: that is part of it. */
  #wrapClear(original: Method): Method {
    const measured = this.#measure('clear', this.#withRestart(original))
    const takeLoading = (): boolean => {
      const isLoading = this.#isLoading
      this.#isLoading = false
      return isLoading
    }
    return function (...args) {
      return (takeLoading() ? original : measured).apply(this, args)
    }
  }

  #wrapLoad(original: Method): Method {
    const setLoading = (isLoading: boolean): void => {
      this.#isLoading = isLoading
    }
    const loading: Method = function (...args) {
      setLoading(true)
      try {
        return original.apply(this, args)
      } finally {
        setLoading(false)
      }
    }
    return this.#measure('batch', this.#withRestart(loading), { countEntries: (_result, [entries]) => lengthOf(entries) })
  }
}
