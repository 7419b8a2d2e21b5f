import { channel, tracingChannel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import * as current from 'lru-cache'
import { expect, onTestFinished, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { type Measured, readMeasured } from '../../testing/index.ts'
import { readValues } from '../../testing/read-measured.ts'
import { map } from '../map.ts'
import { lruCache } from './lru-cache.ts'

const require = createRequire(import.meta.url)
const versions: ReadonlyArray<[version: string, module: typeof current]> = [
  ['11', current],
  ['11.2', require('lru-cache11.2')],
  ['10', require('lru-cache10')],
]
const { LRUCache } = current
type Cache = current.LRUCache<string, string>
type Options = current.LRUCache.Options<string, string, unknown>

function measure<Store extends object>(cache: Store) {
  const registry = new MetricsRegistry()
  instrument(cache, { name: 'cache', registry })
  const readCounts = (): Record<string, Measured> =>
    Object.fromEntries(Object.entries(readMeasured(registry, 'cache')).filter(([, { operations }]) => operations > 0))
  const read = async (metric: string): Promise<number | undefined> => {
    await registry.collectors.collectNow()
    return readValues(registry, 'cache').get(metric)
  }
  const lookUps = async () => [await read('db_get_hits_total'), await read('db_get_misses_total')]
  return { cache, registry, readCounts, read, lookUps }
}

/** A clock that the test sets. */
function createClock() {
  const clock = { ms: 1000.5, now: () => clock.ms }
  return clock
}

const one = { operations: 1, errors: 0 }

for (const [version, module] of versions) {
  const make = (options: Partial<Options> & { perf?: object }): Cache =>
    new module.LRUCache<string, string>({ max: 3, ...options } as Options)

  test(`lru-cache ${version}: a look-up that returns a value is a hit, also of a stale one, and every other one a miss`, async () => {
    const { cache, lookUps } = measure(make({ ttl: 20, fetchMethod: async (key) => `fetched ${key}` }))
    cache.set('a', '1')
    expect([cache.get('a'), cache.peek('a'), cache.info('a')?.value]).toEqual(['1', '1', '1'])
    expect([cache.get('b'), cache.peek('b'), cache.info('b')]).toEqual([undefined, undefined, undefined])
    expect(await lookUps()).toEqual([3, 3])
    expect(await cache.fetch('a')).toBe('1')
    expect(await lookUps()).toEqual([4, 3])
    expect(await Promise.all([cache.fetch('c'), cache.fetch('c')])).toEqual(['fetched c', 'fetched c'])
    expect(await lookUps()).toEqual([4, 5])
    await sleep(30)
    expect(await cache.fetch('a', { allowStale: true })).toBe('1')
    expect(await lookUps()).toEqual([5, 5])
    expect(await cache.fetch('a', { forceRefresh: true })).toBe('fetched a')
    expect(await lookUps()).toEqual([5, 6])
  })

  test(`lru-cache ${version}: a cache without fetchMethod and a memo are gets with hits and misses`, async () => {
    const { cache, readCounts, lookUps } = measure(make({ memoMethod: (key) => `memo ${key}` }))
    cache.set('a', '1')
    expect([await cache.fetch('a'), await cache.fetch('b')]).toEqual(['1', undefined])
    expect(await lookUps()).toEqual([1, 1])
    expect([cache.memo('a'), cache.memo('b'), cache.memo('b'), cache.memo('b', { forceRefresh: true })]).toEqual([
      '1',
      'memo b',
      'memo b',
      'memo b',
    ])
    expect(await lookUps()).toEqual([3, 3])
    expect(readCounts()).toEqual({ set: one, get: { operations: 6, errors: 0 } })
  })

  test(`lru-cache ${version}: a value that the cache fetched is no set, and one that could not be fetched no delete`, async () => {
    const { cache, readCounts, read } = measure(
      make({
        async fetchMethod(key) {
          await sleep(1)
          if (key === 'bad') throw new Error('unreachable')
          return key === 'none' ? undefined : key
        },
      }),
    )
    expect(await cache.fetch('a')).toBe('a')
    await expect(cache.fetch('bad')).rejects.toThrow('unreachable')
    expect(await cache.fetch('none')).toBeUndefined()
    await expect(cache.forceFetch('none')).rejects.toThrow('fetch() returned undefined')
    await expect(cache.forceFetch('bad')).rejects.toThrow('unreachable')
    expect(cache.size).toBe(1)
    expect(readCounts()).toEqual({ get: { operations: 5, errors: 3 } })
    expect(await read('db_evictions_total')).toBe(0)
  })

  test(`lru-cache ${version}: an entry that makes room, that expires, or that is too large for the rest is one eviction`, async () => {
    const { cache, read } = measure(make({ max: 3 }))
    for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) cache.set(key, key)
    expect(await read('db_evictions_total')).toBe(2)
    cache.delete('d')
    cache.pop()
    cache.set('f', undefined)
    cache.clear()
    expect(await read('db_evictions_total')).toBe(2)
    expect(await read('db_cache_bytes')).toBeUndefined()

    const sized = measure(make({ max: 10, maxSize: 10, sizeCalculation: (value) => value.length }))
    sized.cache.set('a', '1234')
    sized.cache.set('b', '1234')
    sized.cache.set('c', '12345678')
    expect(await sized.read('db_evictions_total')).toBe(2)
    expect(await sized.read('db_cache_bytes')).toBe(8)
    sized.cache.set('c', '12345678901')
    expect(sized.cache.size).toBe(0)
    expect(() => sized.cache.set('d', '')).toThrow(TypeError)
    expect(await sized.read('db_evictions_total')).toBe(2)

    const expiring = measure(make({ max: 10, ttl: 5, ttlAutopurge: true }))
    expiring.cache.set('a', '1')
    await expect.poll(() => expiring.cache.size).toBe(0)
    expiring.cache.set('b', '2', { ttl: 0 })
    expect(await expiring.read('db_evictions_total')).toBe(1)
  })

  test(`lru-cache ${version}: evictions by what is fetched, computed and loaded are counted, and a lost fetch is none`, async () => {
    const { cache, read } = measure(make({ max: 2, fetchMethod: async (key) => key, memoMethod: (key) => key }))
    for (const key of ['a', 'b', 'c']) await cache.fetch(key)
    expect(await read('db_evictions_total')).toBe(1)
    for (const key of ['d', 'e', 'e']) cache.memo(key)
    expect(await read('db_evictions_total')).toBe(3)
    const lost = cache.fetch('f')
    cache.delete('f')
    await expect(lost).rejects.toThrow('deleted')
    expect(await read('db_evictions_total')).toBe(4)
    cache.load(['x', 'y', 'z'].map((key) => [key, { value: key }]))
    expect([cache.size, await read('db_evictions_total')]).toEqual([2, 4])
    cache.set('w', 'w')
    expect(await read('db_evictions_total')).toBe(5)
  })
}

test('an entry that is found expired is one eviction, and its key can be set again', async () => {
  const clock = createClock()
  const { cache, read } = measure(new LRUCache<string, string>({ max: 3, ttl: 10, ttlResolution: 0, perf: clock }))
  cache.set('a', '1')
  cache.set('b', '1')
  clock.ms += 20
  expect([cache.get('a'), cache.purgeStale()]).toEqual([undefined, true])
  cache.set('a', '2')
  expect([cache.size, await read('db_evictions_total')]).toEqual([1, 2])
})

test('what is evicted while the registry is disabled is not counted later', async () => {
  const { cache, registry, read } = measure(new LRUCache<string, string>({ max: 1 }))
  registry.enabled = false
  for (const key of ['a', 'b', 'c']) cache.set(key, key)
  await registry.collectors.collectNow()
  registry.enabled = true
  cache.set('d', 'd')
  expect(await read('db_evictions_total')).toBe(1)
})

test('what the callbacks of a cache do with it is counted', () => {
  const calls: string[] = []
  const cache: Cache = new LRUCache<string, string>({
    max: 1,
    dispose: (_value, key, reason) => void calls.push(`${reason} ${key} ${cache.has(key)}`),
    disposeAfter: (_value, key) => void cache.peek(key),
    onInsert: (_value, key) => void cache.get(key),
    memoMethod: (key) => String(cache.peek(key)),
  })
  const { readCounts } = measure(cache)
  cache.set('a', '1')
  expect(readCounts()).toEqual({ set: one, get: one })
  cache.set('b', '1')
  expect(readCounts()).toMatchObject({ set: { operations: 2 }, get: { operations: 3 }, has: one })
  cache.memo('c')
  expect(readCounts()).toMatchObject({ set: { operations: 2 }, get: { operations: 7 }, has: { operations: 2 } })
  expect(calls).toEqual(['evict a true', 'evict b true'])
})

test('a derived class that calls its own methods is counted once for each call', () => {
  class Own extends LRUCache<string, string> {
    override get(key: string) {
      return this.has(key) ? super.get(key) : undefined
    }
  }
  const { cache, readCounts } = measure(new Own({ max: 2 }))
  cache.set('a', '1')
  expect(cache.get('a')).toBe('1')
  expect(readCounts()).toEqual({ set: one, get: one })
})

test("the caller's options and status are used as they are, and an option object is not changed", async () => {
  const seen: unknown[] = []
  const { cache } = measure(
    new LRUCache<string, string, unknown>({
      max: 2,
      fetchMethod(key, _stale, { context, options }) {
        seen.push(context, options.size)
        return key
      },
    }),
  )
  const options = Object.freeze({ context: { request: 7 }, size: 0 })
  expect(await cache.fetch('a', options)).toBe('a')
  expect(seen).toEqual([options.context, 0])
  const status: current.LRUCache.Status<string, string> = {}
  await cache.fetch('a', { status, context: 1 })
  expect(status.fetch).toBe('hit')
})

test('subscribers of its diagnostics channels get the same messages as without measuring', async () => {
  const messages: unknown[] = []
  const keep = (message: unknown): void => {
    const { op, get, set, fetch, memo, has, peek } = message as Record<string, unknown>
    messages.push({ op, get, set, fetch, memo, has, peek })
  }
  const tracing = tracingChannel('lru-cache')
  channel('lru-cache:metrics').subscribe(keep)
  tracing.start.subscribe(keep)
  onTestFinished(() => {
    channel('lru-cache:metrics').unsubscribe(keep)
    tracing.start.unsubscribe(keep)
  })
  const run = async (isMeasured: boolean): Promise<unknown[]> => {
    messages.length = 0
    const cache = new LRUCache<string, string>({ max: 2, ttl: 1000, fetchMethod: async (key) => key, memoMethod: (key) => key })
    const measured = isMeasured ? measure(cache) : undefined
    for (const key of ['a', 'b', 'c', 'c']) {
      cache.set(key, key)
      cache.get(key)
      cache.has(key)
      cache.peek(key)
      await cache.fetch(`fetched ${key}`)
      cache.memo(`memo ${key}`)
    }
    cache.delete('c')
    await measured?.registry.stores.list()[0]?.state()
    await measured?.read('db_evictions_total')
    return [...messages]
  }
  const unmeasured = await run(false)
  expect(unmeasured.length).toBeGreaterThan(20)
  expect(await run(true)).toEqual(unmeasured)
})

test('sizes that cannot be read are absent, and a broken size throws neither when measuring begins nor later', async () => {
  class Broken extends LRUCache<string, string> {
    override get size(): number {
      throw new Error('broken')
    }
    override get calculatedSize(): number {
      throw new Error('broken')
    }
  }
  const { cache, read } = measure(new Broken({ max: 1, maxSize: 10, sizeCalculation: () => 1 }))
  cache.set('a', '1')
  cache.set('b', '2')
  expect(cache.get('b')).toBe('2')
  expect([await read('db_entries'), await read('db_cache_bytes'), await read('db_evictions_total')]).toEqual([
    undefined,
    undefined,
    0,
  ])
  expect(await read('db_get_hits_total')).toBe(1)
  expect(uninstrument(cache)).toBe(true)
})

test('only a cache of lru-cache matches, and no longer the adapter of Maps', () => {
  for (const [, module] of versions) {
    const cache = new module.LRUCache({ max: 1 })
    expect([lruCache.matches(cache), map.matches(cache)]).toEqual([true, false])
  }
  for (const other of [new Map(), new Set(), {}, new WeakMap()]) expect(lruCache.matches(other)).toBe(false)
})
