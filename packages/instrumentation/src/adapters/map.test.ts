import { LRUCache } from 'lru-cache'
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

const kinds: ReadonlyArray<[kind: string, make: () => MapLike]> = [
  ['Map', () => new Map()],
  ['a class derived from Map', () => new (class extends Map<string, string> {})()],
  ['quick-lru', () => new QuickLRU<string, string>({ maxSize: 1000 })],
  ['lru-cache', () => new LRUCache<string, string>({ max: 1000 })],
]

describe.each(kinds)('%s', (kind, make) => {
  storeSuite<MapLike>({
    kind,
    test,
    actions,
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

test.each([new Set(), new WeakMap(), new URLSearchParams(), new Headers(), {}, []])('%o does not match the adapter', (other) => {
  expect(map.matches(other)).toBe(false)
})
