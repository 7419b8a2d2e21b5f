import type { Counter } from '../metrics/counter.ts'
import type { Operation } from '../metrics/semconv.ts'
import { lengthOf } from '../operations/length-of.ts'
import type { Method } from '../operations/method-patch.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { type CacheCall, wrapCacheCall } from '../operations/wrap-cache-call.ts'
import { wrapNested } from '../operations/wrap-nested.ts'
import type { StoreAdapter } from './adapter.ts'

/** The parts of a NodeCache that the adapter uses; the package itself is not loaded. */
interface NodeCache {
  /** The entries by key. A key that is not there may be found in the prototype. */
  readonly data: Readonly<Record<string, { readonly v: unknown } | undefined>>
  /** How many keys there are, and the sizes of keys and values in bytes, as the cache estimates them. */
  readonly stats: { readonly keys: number; readonly ksize: number; readonly vsize: number }
}

const methods = ['get', 'mget', 'take', 'set', 'mset', 'del', 'has', 'keys', 'flushAll', 'getStats', '_check', 'emit'] as const

/**
 * node-cache 5. `mget` and `keys` are one operation each, `take` is a get; `del` of several keys and `mset` are batches. What
 * expires is an eviction, whether a call or the cache's own timer finds it. Listeners are code of the application: what they do
 * with the cache is counted.
 *
 * `close` only stops that timer: the cache stays open.
 */
export const nodeCache: StoreAdapter<NodeCache> = {
  name: 'node-cache',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  engineMetrics: {
    'node-cache': ['db_get_hits_total', 'db_get_misses_total', 'db_evictions_total', 'db_entries', 'db_cache_bytes'],
  },
  packages: { 'node-cache': '5' },
  errorCodes: new Set(['ECACHEFULL', 'EKEYTYPE', 'EKEYSTYPE', 'ETTLTYPE', 'ENOTFOUND']),

  matches(store): store is NodeCache {
    const { data, stats } = descriptorsOf(store)
    return (
      typeof data?.value === 'object' &&
      typeof stats?.value === 'object' &&
      methods.every((name) => typeof Reflect.get(store, name) === 'function')
    )
  },

  engine: () => 'node-cache',

  instrument(cache, context) {
    const labels = { store: context.name }
    const hits = context.registry.counter('db_get_hits_total', labels)
    const misses = context.registry.counter('db_get_misses_total', labels)
    const evictions = context.registry.counter('db_evictions_total', labels)
    const patch = context.patch(cache)
    // Other code may have wrapped our `_check` and so keep it.
    let isDetached = false
    const onExpired = (): void => {
      if (!isDetached) evictions.add(1)
    }
    const measure = (method: string, operation: Operation, call: Omit<CacheCall, 'isNesting' | 'toCodedError'> = {}): void => {
      const recorder = context.recorder(operation)
      patch.replace(method, (original) => wrapCacheCall(context, recorder, original, { ...call, isNesting: true, toCodedError }))
    }
    const countOne = (result: unknown): void => (result === undefined ? misses : hits).add(1)
    measure('get', 'get', { onResult: countOne })
    measure('take', 'get', { onResult: countOne })
    measure('mget', 'get_many', { onResult: (found, [keys]) => countMany(hits, misses, found, keys) })
    measure('set', 'set')
    measure('mset', 'batch', { countEntries: (_result, [entries]) => lengthOf(entries) })
    measure('has', 'has')
    measure('keys', 'scan', { countEntries: lengthOf })
    measure('flushAll', 'clear')
    patch.replace('del', (original) => wrapDelete(context, original))
    patch.replace('_check', (original) => wrapCheck(context, onExpired, original))
    patch.replace('ttl', (original) => wrapNested(context, true, original))
    // What listeners call on the cache is counted.
    patch.replace('emit', (original) => wrapNested(context, false, original))
    context.observeGauge('db_entries', () => cache.stats.keys)
    context.observeGauge('db_cache_bytes', () => cache.stats.ksize + cache.stats.vsize)
    return {
      state: () => 'open',
      // Read only: the cache may be full. Its own `get` would remove an expired entry, and emit an event.
      probe: () => ({
        async read(key) {
          const value = Object.hasOwn(cache.data, key) ? cache.data[key]?.v : undefined
          return typeof value === 'string' ? value : undefined
        },
      }),
      detach() {
        isDetached = true
        patch.undo()
      },
    }
  },
}

function descriptorsOf(store: object): Readonly<Record<'data' | 'stats', PropertyDescriptor | undefined>> {
  return { data: Object.getOwnPropertyDescriptor(store, 'data'), stats: Object.getOwnPropertyDescriptor(store, 'stats') }
}

/** The cache's errors have their code in `errorcode`. */
function toCodedError(error: unknown): unknown {
  try {
    const code: unknown = (error as { errorcode?: unknown } | null | undefined)?.errorcode
    return code === undefined ? error : { code }
  } catch {
    // A getter of the error threw: the code is unknown.
    return undefined
  }
}

/** Counts each key of a look-up of several. */
function countMany(hits: Counter, misses: Counter, found: unknown, keys: unknown): void {
  if (!Array.isArray(keys) || typeof found !== 'object' || found === null) return
  let hitCount = 0
  for (const key of keys) if (Object.hasOwn(found, key)) hitCount++
  hits.add(hitCount)
  misses.add(keys.length - hitCount)
}

/** Wraps `del`: of one key a delete, of an array of keys a batch. */
function wrapDelete(context: StoreContext, original: Method): Method {
  const one = wrapCacheCall(context, context.recorder('delete'), original, { isNesting: true, toCodedError })
  const countEntries: CacheCall['countEntries'] = (_result, [keys]) => lengthOf(keys)
  const many = wrapCacheCall(context, context.recorder('batch'), original, { isNesting: true, toCodedError, countEntries })
  return function (...args) {
    return (Array.isArray(args[0]) ? many : one).apply(this, args)
  }
}

/** Wraps `_check`, which every look-up and the cache's timer call with an entry: it returns false if the entry expired and is removed. */
function wrapCheck(context: StoreContext, onExpired: () => void, original: Method): Method {
  const uncounted = wrapNested(context, true, original)
  return function (...args) {
    const isKept = uncounted.apply(this, args)
    if (isKept === false) onExpired()
    return isKept
  }
}
