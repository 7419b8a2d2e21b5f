import { types } from 'node:util'
import type { Operation } from '../metrics/semconv.ts'
import { type Method, MethodPatch } from '../operations/method-patch.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { wrapSync } from '../operations/wrap-method.ts'
import { wrapNested } from '../operations/wrap-nested.ts'
import type { StoreAdapter } from './adapter.ts'
import { isLruCache } from './lru-cache/shape.ts'

/** The parts of a Map that the adapter uses. */
interface MapLike {
  readonly size: number
  get(key: unknown): unknown
  has(key: unknown): boolean
}

const methods: Readonly<Record<string, Operation>> = { get: 'get', set: 'set', delete: 'delete', has: 'has', clear: 'clear' }

/** The methods by which quick-lru is recognized. */
const methodsOfQuickLru = ['peek', 'evict', 'resize', 'entriesAscending', 'entriesDescending'] as const

/**
 * Maps, and caches with the same methods: quick-lru. A measured call takes about 0.1 µs longer; two clock reads are most of
 * that. Iteration is not measured: one step takes a few nanoseconds, and reading the clock takes ten times as long.
 */
export const map: StoreAdapter<MapLike> = {
  name: 'map',
  operations: ['get', 'set', 'delete', 'clear', 'has'],
  engineMetrics: { map: ['db_entries'] },
  packages: { 'quick-lru': '7' },
  errorCodes: new Set(),

  matches(store): store is MapLike {
    // `size` is not read: a getter may throw.
    return hasMethods(store, [...Object.keys(methods), Symbol.iterator]) && 'size' in store && !isLruCache(store)
  },

  engine: () => 'map',

  instrument(store, context) {
    const patch = context.patch(store)
    const contains = createContains(store, context)
    for (const [method, operation] of Object.entries(methods)) {
      // Not wrapAsync: a cache may hold promises as values, and returning one is not waiting for it.
      patch.replace(method, (original) => wrapSync(context, context.recorder(operation), original))
    }
    patch.replace('getOrInsert', (original) => wrapGetOrInsert(context, contains, original, (args) => args))
    patch.replace('getOrInsertComputed', (original) =>
      wrapGetOrInsert(context, contains, original, ([key, compute, ...others]) => [key, asCaller(context, compute), ...others]),
    )
    if (hasMethods(store, methodsOfQuickLru)) patchQuickLru(patch, context)
    context.observeGauge('db_entries', () => store.size)
    return {
      state: () => 'open',
      // Read only: the map may be a bounded cache, and a new key would evict one of the users' keys.
      probe: () => ({
        async read(key) {
          const value = context.withoutMeasuring(() => (store.has(key) ? store.get(key) : undefined))
          return typeof value === 'string' ? value : undefined
        },
      }),
      detach: () => patch.undo(),
    }
  },
}

function hasMethods(store: object, names: ReadonlyArray<string | symbol>): boolean {
  return names.every((name) => typeof Reflect.get(store, name) === 'function')
}

/**
 * Returns how to look for a key without an effect. A class derived from Map, such as quick-lru, may have a `has` that removes
 * what has expired; what `getOrInsert` inherited from Map finds is what Map's own `has` finds.
 */
function createContains(store: MapLike, context: StoreContext): (receiver: unknown, key: unknown) => boolean {
  if (types.isMap(store)) return (receiver, key) => types.isMap(receiver) && nativeHas.call(receiver, key)
  const { has } = store
  return (receiver, key) => {
    try {
      return context.withNested(true, () => Boolean(has.call(receiver as MapLike, key)))
    } catch {
      // The call itself throws the store's error to the caller.
      return false
    }
  }
}

const nativeHas = Map.prototype.has

/**
 * Wraps `getOrInsert` or `getOrInsertComputed`: a call is a get if the key is there, and a set if it is not.
 *
 * @param prepare returns the arguments of a call that inserts.
 */
function wrapGetOrInsert(
  context: StoreContext,
  contains: ReturnType<typeof createContains>,
  original: Method,
  prepare: (args: readonly unknown[]) => readonly unknown[],
): Method {
  const get = wrapSync(context, context.recorder('get'), original)
  const insert = wrapSync(context, context.recorder('set'), original)
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    return contains(this, args[0]) ? get.apply(this, args) : insert.apply(this, prepare(args) as never[])
  }
}

/** Returns the function that computes a value. It is the caller's code: what it does with the map is counted. */
function asCaller(context: StoreContext, compute: unknown): unknown {
  if (typeof compute !== 'function') return compute
  return (...args: unknown[]): unknown => context.withNested(false, () => compute(...args))
}

/**
 * Wraps what only quick-lru has. It calls its own `delete` for each expired entry it meets, also while it iterates, evicts and
 * resizes; none of these is an operation.
 */
function patchQuickLru(patch: MethodPatch, context: StoreContext): void {
  patch.replace('peek', (original) => wrapSync(context, context.recorder('get'), original))
  for (const method of ['evict', 'resize'] as const) patch.replace(method, (original) => wrapNested(context, true, original))
  for (const method of [Symbol.iterator, 'entriesAscending', 'entriesDescending'] as const) {
    patch.replace(method, (original) => {
      return function (...args) {
        const entries = original.apply(this, args) as Iterator<unknown>
        new MethodPatch(entries).replace('next', (next) => wrapNested(context, true, next))
        return entries
      }
    })
  }
}
