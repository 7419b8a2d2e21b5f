import type { Operation } from '../metrics/semconv.ts'
import { MethodPatch } from '../operations/method-patch.ts'
import { wrapSync } from '../operations/wrap-method.ts'
import type { StoreAdapter } from './adapter.ts'

/** The parts of a Map that we look at. */
interface MapLike {
  readonly size: number
  get(key: unknown): unknown
  has(key: unknown): boolean
}

const verbs: Readonly<Record<string, Operation>> = { get: 'get', set: 'set', delete: 'delete', has: 'has', clear: 'clear' }

/**
 * A Map, and whatever is used like one: quick-lru, lru-cache. A measured call takes about 0.1 µs longer, most of it for
 * reading the clock twice. Iterating is not measured: a step takes some nanoseconds, so that its measured time would be that
 * of reading the clock, and it would take ten times as long.
 */
export const map: StoreAdapter<MapLike> = {
  name: 'map',
  operations: ['get', 'set', 'delete', 'clear', 'has'],
  engineMetrics: { map: ['db_entries'] },
  errorCodes: new Set(),

  matches(store) {
    const methods = [...Object.keys(verbs), Symbol.iterator]
    return (
      methods.every((name) => typeof Reflect.get(store, name) === 'function') && typeof Reflect.get(store, 'size') === 'number'
    )
  },

  engine: () => 'map',

  // Read only: it may be a bounded cache, in which a new key puts out another one.
  probe: (store, operations) => ({
    async read(key) {
      const value = operations.withoutMeasuring(() => (store.has(key) ? store.get(key) : undefined))
      return typeof value === 'string' ? value : undefined
    },
  }),

  attach(store, operations) {
    const patch = new MethodPatch(store)
    for (const [method, operation] of Object.entries(verbs)) {
      // A value may be a promise, of a cache for example: it is what was stored, and nothing to wait for.
      patch.replace(method, (original) => wrapSync(operations, operations.recorder(operation), original))
    }
    operations.publishGauges()
    return () => patch.undo()
  },

  stats(store, registry, name) {
    const close = registry.gauge('db_entries', { store: name }).observe(sizeOf(store))
    // The size is asked for when somebody looks, so there is nothing to be read before.
    return { read: () => {}, close }
  },
}

/** Asked by the registry's gauge: so it holds the map weakly, and one that is dropped stays free to be collected. */
function sizeOf(store: MapLike): () => number | undefined {
  const held = new WeakRef(store)
  return () => held.deref()?.size
}
