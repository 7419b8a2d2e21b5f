import NodeCache from 'node-cache'
import { describe, expect, test, vi } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { type Action, readMeasured, storeSuite, type TestData } from '../testing/index.ts'
import { readValues } from '../testing/read-measured.ts'

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const allKeys = ({ entries }: TestData): string[] => entries.map(([key]) => key)
const newEntries = ({ newKey, newValue }: TestData) => [
  { key: newKey, val: newValue },
  { key: `${newKey}-2`, val: newValue },
]
/** A key of a kind that the cache rejects. */
const invalidKey = Symbol('key') as unknown as string

const actions: ReadonlyArray<Action<NodeCache>> = [
  {
    does: 'get',
    operation: 'get',
    run: (store, data) => store.get(firstKey(data)),
    fail: (store) => store.get(invalidKey),
  },
  { does: 'get of nothing', operation: 'get', run: (store, { newKey }) => store.get(newKey) },
  {
    does: 'mget',
    operation: 'get_many',
    run: (store, data) => store.mget([...allKeys(data), data.newKey]),
    fail: (store) => store.mget('a' as unknown as string[]),
  },
  { does: 'has', operation: 'has', run: (store, data) => store.has(firstKey(data)) },
  { does: 'keys', operation: 'scan', entries: 3, run: (store) => store.keys() },
  { does: 'take', operation: 'get', run: (store, data) => store.take(firstKey(data)), fail: (store) => store.take(invalidKey) },
  {
    does: 'set',
    operation: 'set',
    run: (store, { newKey, newValue }) => store.set(newKey, newValue, 60),
    fail: (store, { newValue }) => store.set(invalidKey, newValue),
  },
  {
    does: 'mset',
    operation: 'batch',
    entries: 2,
    run: (store, data) => store.mset(newEntries(data)),
    fail: (store, { newKey }) => store.mset([{ key: newKey, val: 1, ttl: '1' as unknown as number }]),
  },
  {
    does: 'del',
    operation: 'delete',
    run: (store, data) => store.del(firstKey(data)),
    fail: (store) => store.del(invalidKey),
  },
  { does: 'del of keys', operation: 'batch', entries: 3, run: (store, data) => store.del(allKeys(data)) },
  { does: 'flushAll', operation: 'clear', run: (store) => store.flushAll() },
]

storeSuite<NodeCache>({
  kind: 'node-cache',
  test,
  actions,
  create({ entries }) {
    const store = new NodeCache()
    for (const [key, value] of entries) store.set(key, value)
    return store
  },
})

function measure(options?: NodeCache.Options) {
  const registry = new MetricsRegistry()
  const cache = instrument(new NodeCache(options), { name: 'cache', registry })
  return { cache, registry, read: (metric: string) => readValues(registry, 'cache').get(metric) }
}

describe('hits and misses', () => {
  test('are those of each key of a look-up, as the cache counts them itself', () => {
    const { cache, read } = measure()
    cache.set('a', 1)
    cache.set('b', null)
    cache.get('a')
    cache.get('b')
    cache.get('c')
    cache.mget(['a', 'b', 'c', 'd'])
    cache.take('a')
    cache.take('a')
    const { hits, misses } = cache.getStats()
    expect([read('db_get_hits_total'), read('db_get_misses_total')]).toEqual([hits, misses])
    expect([hits, misses]).toEqual([5, 4])
  })
})

test('an expired entry is one eviction, whether a look-up, a change of its lifetime or the timer finds it', async () => {
  vi.useFakeTimers()
  try {
    const { cache, registry, read } = measure({ checkperiod: 10 })
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) cache.set(key, key, 1)
    vi.setSystemTime(Date.now() + 1500)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.has('b')).toBe(false)
    expect(cache.ttl('c', 5)).toBe(false)
    expect(cache.getTtl('d')).toBeUndefined()
    expect(cache.mget(['e'])).toEqual({})
    expect(read('db_evictions_total')).toBe(5)
    await vi.advanceTimersByTimeAsync(10_000)
    expect([cache.keys(), read('db_evictions_total')]).toEqual([[], 6])
    expect(readMeasured(registry, 'cache')).toMatchObject({ delete: { operations: 0 }, batch: { operations: 0 } })
  } finally {
    vi.useRealTimers()
  }
})

test('an expired entry that the cache keeps is no eviction', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const { cache, read } = measure({ deleteOnExpire: false })
    cache.set('a', 1, 1)
    vi.setSystemTime(Date.now() + 1500)
    expect(cache.get('a')).toBe(1)
    expect([read('db_evictions_total'), read('db_get_hits_total')]).toEqual([0, 1])
  } finally {
    vi.useRealTimers()
  }
})

test('what a listener does with the cache is counted, and what the cache does itself is not', () => {
  const { cache, registry } = measure()
  cache.on('set', (key: string) => {
    if (key === 'a') cache.set('of the listener', 1)
  })
  cache.on('del', () => cache.get('a'))
  cache.mset([{ key: 'a', val: 1 }])
  cache.take('a')
  expect(readMeasured(registry, 'cache')).toMatchObject({
    batch: { operations: 1, entries: 1 },
    set: { operations: 1 },
    get: { operations: 2 },
    delete: { operations: 0 },
  })
})

test('an error has the code of the cache as its type', () => {
  const { cache, registry } = measure({ maxKeys: 1 })
  cache.set('a', 1)
  expect(() => cache.set('b', 2)).toThrow('Cache max keys amount exceeded')
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors).toMatchObject([{ labels: { operation: 'set', error_type: 'ECACHEFULL' }, value: 1 }])
})

test('entries and bytes are those that the cache counts, and absent if they cannot be read', () => {
  const { cache, read } = measure()
  cache.set('key', 'value')
  expect([read('db_entries'), read('db_cache_bytes')]).toEqual([1, 8])
  Object.defineProperty(cache, 'stats', {
    get() {
      throw new Error('broken')
    },
  })
  expect([read('db_entries'), read('db_cache_bytes')]).toEqual([undefined, undefined])
})

test('a cache whose timer was stopped is still open, and its own methods are back after uninstrument', () => {
  const { cache, registry, read } = measure()
  cache.close()
  expect(registry.stores.list()[0]?.state()).toBe('open')
  const { get } = cache
  uninstrument(cache)
  expect(cache.get).not.toBe(get)
  expect(Object.hasOwn(cache, 'emit')).toBe(false)
  cache.get('a')
  expect([read('db_get_operations_total'), read('db_entries')]).toEqual([0, undefined])
})
