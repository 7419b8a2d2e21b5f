// Random operations on a Map or a quick-lru and on a measured one, whose callbacks call it again. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=200000 npx vitest run test/differential/map.test.ts
import { instrument } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import QuickLRU from 'quick-lru'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CacheState, cacheStep, callBack, createState } from './cache-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 1000)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

// Entries of a quick-lru expire by the clock of the process.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})

/** Node 26 and later. */
interface AnyMap extends Map<string, unknown> {
  getOrInsert(key: string, value: unknown): unknown
  getOrInsertComputed(key: string, compute: (key: string) => unknown): unknown
}

type MapStep = Step<CacheState<AnyMap>>
const one = (...args: Parameters<typeof cacheStep<AnyMap>>): MapStep => cacheStep<AnyMap>(...args)

function mapSteps({ below, pick }: Choices): ReadonlyArray<MapStep> {
  const key = (): string => `k${below(12)}`
  const [oneKey, otherKey, value] = [key(), key(), below(1000)]
  const isThere = (map: AnyMap): boolean => Map.prototype.has.call(map, oneKey)
  const all: Array<readonly [weight: number, MapStep]> = [
    [4, one('get', 'get', (map) => map.get(oneKey))],
    [5, one('set', 'set', (map) => map.set(oneKey, value) === map)],
    [2, one('has', 'has', (map) => map.has(oneKey))],
    [3, one('delete', 'delete', (map) => map.delete(oneKey))],
    [1, one('clear', 'clear', (map) => map.clear())],
    [1, one('iterate', undefined, (map) => [...map, ...map.keys(), ...map.values(), map.size])],
    [
      1,
      one('forEach', undefined, (map, state) =>
        map.forEach((_value, each) => {
          callBack(state, 'has', (called) => called.has(each))
        }),
      ),
    ],
  ]
  if ('getOrInsert' in Map.prototype) {
    // Which operation it is depends on the map: the outcome says it.
    const insertion = (name: string, insert: (map: AnyMap, state: CacheState<AnyMap>) => unknown): MapStep =>
      one(name, undefined, (map, state) => {
        const operation = isThere(map) ? 'get' : 'set'
        state.calls[operation] = (state.calls[operation] ?? 0) + 1
        return insert(map, state)
      })
    all.push(
      [2, insertion('getOrInsert', (map) => map.getOrInsert(oneKey, value))],
      [
        2,
        insertion('getOrInsertComputed', (map, state) =>
          map.getOrInsertComputed(oneKey, (computed) => {
            callBack(state, 'set', (called) => called.set(otherKey, computed))
            callBack(state, 'get', (called) => called.get(oneKey))
            return `of ${computed}`
          }),
        ),
      ],
      [
        1,
        insertion('getOrInsertComputed of a map in it', (map, state) =>
          map.getOrInsertComputed(oneKey, () => {
            // The map that is computed for is the one that the callback clears.
            callBack(state, 'clear', (called) => called.clear())
            return value
          }),
        ),
      ],
    )
  }
  const step = pick(all.flatMap(([weight, each]) => new Array<MapStep>(weight).fill(each)))
  return [step]
}

type LruStep = Step<CacheState<QuickLRU<string, unknown>>>

function quickLruSteps({ below, pick }: Choices): ReadonlyArray<LruStep> {
  vi.setSystemTime(Date.now() + below(4))
  const lru = (...args: Parameters<typeof cacheStep<QuickLRU<string, unknown>>>): LruStep => cacheStep(...args)
  const [oneKey, value, maxAge, count] = [`k${below(14)}`, below(1000), 1 + below(40), 1 + below(3)]
  const all: ReadonlyArray<readonly [weight: number, LruStep]> = [
    [4, lru('get', 'get', (cache) => cache.get(oneKey))],
    [2, lru('peek', 'get', (cache) => cache.peek(oneKey))],
    [6, lru('set', 'set', (cache) => cache.set(oneKey, value) === cache)],
    [2, lru('set for a while', 'set', (cache) => cache.set(oneKey, value, { maxAge }) === cache)],
    [2, lru('has', 'has', (cache) => cache.has(oneKey))],
    [2, lru('delete', 'delete', (cache) => cache.delete(oneKey))],
    [1, lru('clear', 'clear', (cache) => cache.clear())],
    [1, lru('expiresIn', undefined, (cache) => cache.expiresIn(oneKey))],
    [1, lru('resize', undefined, (cache) => cache.resize(3 + count))],
    [1, lru('evict', undefined, (cache) => cache.evict(count))],
    [1, lru('iterate', undefined, (cache) => [...cache, ...cache.keys(), ...cache.entriesDescending(), cache.size])],
    [
      1,
      lru('forEach', undefined, (cache, state) =>
        cache.forEach((_value, each) => {
          callBack(state, 'has', (called) => called.has(each))
        }),
      ),
    ],
  ]
  return [pick(all.flatMap(([weight, each]) => new Array<LruStep>(weight).fill(each)))]
}

test.each(seeds)(
  'a Map, measured, does what it does unmeasured, and everything is counted (seed %i)',
  async (seed) => {
    const result = await compareWithBare<CacheState<AnyMap>>(
      {
        async open(registry) {
          const map = new Map<string, unknown>() as AnyMap
          if (registry !== undefined) instrument(map, { name: 'measured', registry })
          return createState(map)
        },
        next: mapSteps,
        finish: async ({ cache }) => [...cache],
      },
      { seed, steps },
    )
    if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log('Map', seed, result.steps, result.operations)
    expect(result.differences).toEqual([])
    expect(result.operations).toBeGreaterThan(steps / 2)
  },
  600_000,
)

test.each(seeds)(
  'a quick-lru, measured, does what it does unmeasured, and everything is counted (seed %i)',
  async (seed) => {
    const evicted: unknown[][] = []
    const result = await compareWithBare<CacheState<QuickLRU<string, unknown>>>(
      {
        async open(registry) {
          const own: unknown[] = []
          evicted.push(own)
          const cache: QuickLRU<string, unknown> = new QuickLRU<string, unknown>({
            maxSize: 5,
            onEviction(key) {
              own.push(key)
              // Called by an operation, and therefore a part of it.
              if (own.length % 3 === 0) own.push(cache.size, cache.peek('k1'))
            },
          })
          if (registry !== undefined) instrument(cache, { name: 'measured', registry })
          return createState(cache)
        },
        next: quickLruSteps,
        finish: async ({ cache }) => [...cache],
      },
      { seed, steps },
    )
    if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log('quick-lru', seed, result.steps, result.operations)
    expect(result.differences).toEqual([])
    expect(evicted[1]).toEqual(evicted[0])
    expect(evicted[0]?.length).toBeGreaterThan(20)
    expect(result.operations).toBeGreaterThan(steps / 2)
  },
  600_000,
)
