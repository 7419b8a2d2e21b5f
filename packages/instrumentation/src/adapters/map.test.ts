import { runInNewContext } from 'node:vm'
import QuickLRU from 'quick-lru'
import { describe, expect, test } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { type Action, readMeasured, storeSuite, type TestData } from '../testing/index.ts'
import { map } from './map.ts'

interface MapLike {
  get(key: string): unknown
  set(key: string, value: string): unknown
  has(key: string): boolean
  delete(key: string): boolean
  clear(): void
  readonly size: number
}

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''

/** Replaces the map in a result: the measured map and the unmeasured one are different objects. */
const actions: ReadonlyArray<Action<MapLike>> = [
  { does: 'get', operation: 'get', run: (store, data) => store.get(firstKey(data)) },
  { does: 'get of nothing', operation: 'get', run: (store, { newKey }) => store.get(newKey) },
  { does: 'has', operation: 'has', run: (store, data) => store.has(firstKey(data)) },
  { does: 'set', operation: 'set', run: (store, { newKey, newValue }) => store.set(newKey, newValue) === store },
  { does: 'delete', operation: 'delete', run: (store, data) => store.delete(firstKey(data)) },
  { does: 'clear', operation: 'clear', run: (store) => store.clear() },
]

/** Node 26 and later. */
interface InsertingMap extends MapLike {
  getOrInsert(key: string, value: unknown): unknown
  getOrInsertComputed(key: string, compute: (key: string) => unknown): unknown
}

const canInsert = 'getOrInsert' in Map.prototype
const describeInsert = describe.runIf(canInsert)
/** A new key for each call: the suite repeats the actions. */
let newKeys = 0
const nextKey = ({ newKey }: TestData): string => `${newKey}-${++newKeys}`
const inserts: ReadonlyArray<Action<InsertingMap>> = [
  {
    does: 'getOrInsert of a key that is there',
    operation: 'get',
    run: (store, data) => store.getOrInsert(firstKey(data), data.newValue),
  },
  { does: 'getOrInsert of a new key', operation: 'set', run: (store, data) => store.getOrInsert(nextKey(data), data.newValue) },
  {
    does: 'getOrInsertComputed of a key that is there',
    operation: 'get',
    run: (store, data) => store.getOrInsertComputed(firstKey(data), () => data.newValue),
  },
  {
    does: 'getOrInsertComputed of a new key',
    operation: 'set',
    run: (store, data) => store.getOrInsertComputed(nextKey(data), () => data.newValue),
    fail: (store, data) =>
      store.getOrInsertComputed(nextKey(data), () => {
        throw data.error
      }),
  },
]

const kinds: ReadonlyArray<[kind: string, make: () => MapLike]> = [
  ['Map', () => new Map()],
  ['a class derived from Map', () => new (class extends Map<string, string> {})()],
  ['quick-lru', () => new QuickLRU<string, string>({ maxSize: 1000 })],
]

describe.each(kinds)('%s', (kind, make) => {
  const isMap = kind !== 'quick-lru'
  storeSuite<MapLike>({
    kind,
    test,
    actions: isMap && canInsert ? [...(inserts as ReadonlyArray<Action<MapLike>>), ...actions] : actions,
    create({ entries }) {
      const store = make()
      for (const [key, value] of entries) store.set(key, value)
      return store
    },
  })

  test('db_entries is the size at each reading, until uninstrument', () => {
    const registry = new MetricsRegistry()
    const store = instrument(make(), { name: 'cache', registry })
    const entries = () => registry.getAllMetrics().find(({ name }) => name === 'db_entries')?.value
    expect(entries()).toBe(0)
    store.set('a', '1')
    store.set('b', '2')
    expect(entries()).toBe(2)
    uninstrument(store)
    expect(entries()).toBeUndefined()
  })
})

test('iteration works the same and is not measured', () => {
  const registry = new MetricsRegistry()
  const store = instrument(new Map([['a', 1]]), { name: 'cache', registry })
  expect(store[Symbol.iterator]).toBe(Map.prototype[Symbol.iterator])
  expect([...store, ...store.keys()]).toEqual([['a', 1], 'a'])
  expect(Object.values(readMeasured(registry, 'cache')).some(({ operations }) => operations > 0)).toBe(false)
})

test('a stored promise is returned unchanged', () => {
  const registry = new MetricsRegistry()
  const stored = Promise.resolve('1')
  const store = instrument(new Map([['a', stored]]), { name: 'cache', registry })
  expect(store.get('a')).toBe(stored)
  expect(readMeasured(registry, 'cache').get).toEqual({ operations: 1, errors: 0 })
})

/** A cache that is no Map and has `getOrInsert` all the same; its look-ups fail if asked to. */
class OwnCache {
  readonly #entries = new Map<unknown, unknown>()
  isBroken = false
  get size(): number {
    return this.#entries.size
  }
  get(key: unknown): unknown {
    return this.#entries.get(key)
  }
  set(key: unknown, value: unknown): this {
    this.#entries.set(key, value)
    return this
  }
  has(key: unknown): boolean {
    if (this.isBroken) throw new Error('broken')
    return this.#entries.has(key)
  }
  delete(key: unknown): boolean {
    return this.#entries.delete(key)
  }
  clear(): void {
    this.#entries.clear()
  }
  getOrInsert(key: unknown, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }
  [Symbol.iterator](): IterableIterator<[unknown, unknown]> {
    return this.#entries[Symbol.iterator]()
  }
}

function measure<Store extends object>(store: Store) {
  const registry = new MetricsRegistry()
  instrument(store, { name: 'cache', registry })
  const readCounts = (): Record<string, number> =>
    Object.fromEntries(Object.entries(readMeasured(registry, 'cache')).map(([name, { operations }]) => [name, operations]))
  return { store, registry, readCounts }
}

const none = { get: 0, set: 0, delete: 0, clear: 0, has: 0 }

describeInsert('getOrInsertComputed', () => {
  test('what the function that computes the value does with the map is counted, also if it fails', () => {
    const { store, readCounts } = measure(new Map<string, unknown>([['a', 1]]) as unknown as InsertingMap & Map<string, unknown>)
    store.getOrInsertComputed('b', (key) => {
      store.set('c', 1)
      return store.getOrInsert('a', key)
    })
    expect(() =>
      store.getOrInsertComputed('d', () => {
        store.delete('c')
        throw new Error('of the function')
      }),
    ).toThrow('of the function')
    expect([...store]).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(readCounts()).toEqual({ ...none, set: 3, get: 1, delete: 1 })
    store.has('a')
    expect(readCounts()).toMatchObject({ has: 1 })
  })

  test('the function gets what it gets without measuring, and a value that is no function is the error of the map', () => {
    const { store } = measure(new Map() as unknown as InsertingMap)
    let seen: unknown
    store.getOrInsertComputed('a', function (this: unknown, ...args: unknown[]) {
      seen = [this, ...args]
    })
    expect(seen).toEqual([undefined, 'a'])
    expect(() => store.getOrInsertComputed('b', 1 as never)).toThrow(TypeError)
  })

  test('a class that overrides the methods of Map is counted once for each call', () => {
    class Own extends Map<string, unknown> {
      override get(key: string) {
        return this.has(key) ? super.get(key) : undefined
      }
    }
    const { store, readCounts } = measure(new Own() as unknown as InsertingMap)
    store.getOrInsert('a', 1)
    store.getOrInsert('a', 1)
    expect(store.get('a')).toBe(1)
    expect(readCounts()).toEqual({ ...none, set: 1, get: 2 })
  })

  test('an expired entry of a quick-lru is not removed by deciding what an insertion is', () => {
    const evicted: string[] = []
    const options = { maxSize: 10, maxAge: -1, onEviction: (key: string) => void evicted.push(key) }
    const { store } = measure(new QuickLRU<string, unknown>(options))
    store.set('a', 1)
    ;(store as unknown as InsertingMap).getOrInsert('a', 2)
    expect(evicted).toEqual([])
  })
})

test('getOrInsert of a cache that is no Map is a get or a set, and an error of its own is thrown unchanged', () => {
  const { store, readCounts } = measure(new OwnCache())
  expect([store.getOrInsert('a', 1), store.getOrInsert('a', 2)]).toEqual([1, 1])
  expect(readCounts()).toEqual({ ...none, set: 1, get: 1 })
  store.isBroken = true
  expect(() => store.getOrInsert('a', 2)).toThrow('broken')
  expect(readCounts()).toEqual({ ...none, set: 2, get: 1 })
})

test('a quick-lru removes expired entries without a delete, while it is read, iterated, resized and evicted', () => {
  const evicted: string[] = []
  const cache = new QuickLRU<string, number>({ maxSize: 10, onEviction: (key) => void evicted.push(key) })
  const { store, readCounts } = measure(cache)
  const add = (...keys: string[]): void => {
    for (const key of keys) store.set(key, 1, { maxAge: -1 })
  }
  add('a', 'b', 'c')
  expect([store.get('a'), store.has('b'), store.peek('c')]).toEqual([undefined, false, undefined])
  add('d', 'e', 'f', 'g')
  expect([...store, ...store.keys(), ...store.values(), ...store.entriesDescending()]).toEqual([])
  add('h')
  store.resize(5)
  add('i')
  store.forEach(() => {
    expect.unreachable()
  })
  store.set('j', 1)
  add('k')
  store.evict(1)
  expect(evicted).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'k'])
  expect(readCounts()).toEqual({ ...none, set: 11, get: 2, has: 1 })
})

test('a Map of another realm is measured', () => {
  const { store, readCounts } = measure(runInNewContext('new Map()') as Map<string, number>)
  store.set('a', 1)
  expect(store.get('a')).toBe(1)
  expect(readCounts()).toEqual({ ...none, set: 1, get: 1 })
})

test('a method of the object itself is measured, and is back after uninstrument', () => {
  const own = Object.assign(new Map<string, number>(), { get: () => 7 })
  const { get } = own
  const { store, readCounts } = measure(own)
  expect(store.get()).toBe(7)
  expect(readCounts()).toEqual({ ...none, get: 1 })
  uninstrument(store)
  expect(store.get).toBe(get)
})

test('a Proxy that binds the methods of its Map is measured, and is as before after uninstrument', () => {
  const target = new Map<string, number>()
  const proxy = new Proxy(target, {
    get(map, name) {
      const value: unknown = Reflect.get(map, name, map)
      return typeof value === 'function' ? value.bind(map) : value
    },
  })
  const { store, readCounts } = measure(proxy)
  store.set('a', 1)
  expect(store.get('a')).toBe(1)
  expect(readCounts()).toEqual({ ...none, set: 1, get: 1 })
  expect(uninstrument(store)).toBe(true)
  expect(Reflect.ownKeys(target)).toEqual([])
  expect(store.get('a')).toBe(1)
  expect(readCounts()).toEqual({ ...none, set: 1, get: 1 })
})

test.each([
  ['frozen', Object.freeze],
  ['sealed', Object.seal],
  ['not extensible', Object.preventExtensions],
])('a Map that is %s cannot be measured: the error says why, and nothing is left behind', (_state, close) => {
  const registry = new MetricsRegistry()
  const store = close(new Map([['a', 1]]))
  expect(() => instrument(store, { registry })).toThrow(
    'cannot instrument an object of class Map: it is frozen, sealed or not extensible; instrument it before Object.freeze()',
  )
  expect([registry.getAllMetrics(), registry.stores.list(), Reflect.ownKeys(store)]).toEqual([[], [], []])
  expect(store.get('a')).toBe(1)
})

test('a Proxy that lets nobody define a method cannot be measured, and nothing is left behind', () => {
  const registry = new MetricsRegistry()
  const target = new Map([['a', 1]])
  const proxy = new Proxy(target, {
    defineProperty: (map, name, descriptor) => name !== 'set' && Reflect.defineProperty(map, name, descriptor),
  })
  expect(() => instrument(proxy, { registry })).toThrow(TypeError)
  expect(Reflect.ownKeys(target).filter((name) => typeof Reflect.get(target, name) === 'function')).toEqual([])
  expect(registry.stores.list()).toEqual([])
})

test('a size that cannot be read is absent, and throws neither when measuring begins nor later', () => {
  class Broken extends Map<string, number> {
    override get size(): number {
      throw new Error('broken')
    }
  }
  const { store, registry } = measure(new Broken())
  store.set('a', 1)
  expect(registry.getAllMetrics().filter(({ name }) => name === 'db_entries')).toEqual([])
})

test.each([new Set(), new WeakMap(), new URLSearchParams(), new Headers(), {}, []])('%o does not match the adapter', (other) => {
  expect(map.matches(other)).toBe(false)
})
