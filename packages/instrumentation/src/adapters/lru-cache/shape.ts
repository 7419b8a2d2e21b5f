/** The parts of an LRUCache that the adapter uses; the package itself is not loaded. */
export interface LruCache {
  readonly size: number
  readonly maxSize: number
  readonly maxEntrySize: number
  readonly noDeleteOnStaleGet: boolean
  /** The sum of the sizes of its entries; 0 in a cache that does not limit it. */
  readonly calculatedSize: number
  /** Returns milliseconds; 0 if the key is not there. */
  getRemainingTTL(key: unknown): number
  /** Returns an entry, even if it is stale, without using it; undefined if the key is not there or is still fetched. */
  info(key: unknown): { readonly value: unknown } | undefined
}

const methods = [
  'get',
  'set',
  'has',
  'delete',
  'clear',
  'peek',
  'pop',
  'find',
  'dump',
  'load',
  'fetch',
  'forceFetch',
  'memo',
  'info',
  'purgeStale',
  'getRemainingTTL',
] as const

/** Returns whether the object is an LRUCache of a version with `info` and `memo`. Reads no getter that may throw. */
export function isLruCache(store: object): store is LruCache {
  return 'calculatedSize' in store && methods.every((name) => typeof Reflect.get(store, name) === 'function')
}

/**
 * Returns whether the cache may call its own public methods during a call: before 11.5 it does, and a derived class may. From 11.5
 * on, only `load` calls `clear`, and `set` of undefined calls `delete`.
 */
export function callsItself(store: object): boolean {
  const prototype: object | null = Reflect.getPrototypeOf(store)
  const isDerived = prototype === null || !methods.every((name) => name === 'getRemainingTTL' || Object.hasOwn(prototype, name))
  return isDerived || !('backgroundFetchSize' in store)
}
