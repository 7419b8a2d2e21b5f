// Random operations on a cache of lru-cache and on a measured one, whose callbacks call it again. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=200000 npx vitest run test/differential/lru-cache.test.ts
import { createRequire } from 'node:module'
import { instrument, type MetricsRegistry } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import * as current from 'lru-cache'
import { expect, test } from 'vitest'
import { type CacheState, cacheStep, callBack, createState } from './cache-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 400)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

const require = createRequire(import.meta.url)
const versions: Readonly<Record<string, typeof current>> = {
  11: current,
  11.2: require('lru-cache11.2'),
  10: require('lru-cache10'),
}

type Cache = current.LRUCache<string, string>
type Options = current.LRUCache.Options<string, string, unknown>

interface State extends CacheState<Cache> {
  /** Whether what is evicted is removed by a call. */
  isRemoving: boolean
}

const size = (text: string): number => [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)

/** Options of the caches of a test. Those with `allowStale` return what has expired. */
const shapes: Readonly<Record<string, Partial<Options>>> = {
  'with a limit': { max: 8 },
  'whose entries expire': { max: 8, ttl: 40 },
  'that returns what has expired': { max: 6, ttl: 30, allowStale: true, allowStaleOnFetchRejection: true },
  'with sizes': { max: 10, maxSize: 40, sizeCalculation: (value) => (size(value) % 12) + 1 },
  'with sizes of entries that expire': {
    maxSize: 30,
    maxEntrySize: 9,
    ttl: 40,
    ttlResolution: 0,
    sizeCalculation: (value) => (size(value) % 12) + 1,
  },
}

/** Callbacks of a cache. Before 11.5, what they call on the cache is part of the operation; there they only count evictions. */
function callbacks(getState: () => State, isCalling: boolean): Partial<Options> {
  const call = (...args: Parameters<typeof callBack<Cache>> extends [unknown, ...infer Others] ? Others : never): void => {
    if (isCalling) callBack(getState(), ...args)
  }
  return {
    dispose(_value, key, reason) {
      const state = getState()
      if ((reason === 'evict' && !state.isRemoving) || (reason as string) === 'expire') state.evictions++
      if (size(key) % 3 === 0) call('has', (cache) => cache.has(key))
    },
    disposeAfter(_value, key) {
      if (size(key) % 5 === 0) call('set', (cache) => cache.set('after', key))
      if (size(key) % 5 === 1) call('delete', (cache) => cache.delete('k2'))
    },
    ...(isCalling && {
      onInsert(_value: string, key: string) {
        if (size(key) % 4 === 0) call('delete', (cache) => cache.delete('k7'))
      },
    }),
    memoMethod(key) {
      if (size(key) % 2 === 0) call('set', (cache) => cache.set('before', key))
      if (key === 'k5') throw new Error('cannot compute')
      return `memo ${key}`
    },
    async fetchMethod(key) {
      if (size(key) % 2 === 0) call('has', (cache) => cache.has('k1'))
      await null
      if (key === 'k3') throw new Error('unreachable')
      return key === 'k4' ? undefined : `fetched ${key}`
    },
  }
}

/** @param clock undefined if the cache has the clock of the process: then nothing may expire. */
function lruSteps(clock: { ms: number } | undefined) {
  return ({ below, pick }: Choices): ReadonlyArray<Step<State>> => {
    const one = (...args: Parameters<typeof cacheStep<Cache>>): Step<State> => cacheStep<Cache>(...args) as Step<State>
    if (clock !== undefined) clock.ms += below(6)
    const ttl = clock === undefined ? 0 : 1 + below(50)
    const key = (): string => `k${below(14)}`
    const [oneKey, otherKey, value] = [key(), key(), `v${below(1000)}`]
    const lookUp = (found: unknown, state: CacheState<Cache>): unknown => {
      if (found === undefined) state.misses++
      else state.hits++
      return found
    }
    const remove = (state: CacheState<Cache>, call: () => unknown): unknown => {
      const removing = state as State
      removing.isRemoving = true
      try {
        return call()
      } finally {
        removing.isRemoving = false
      }
    }
    const fetched = (cache: Cache, state: CacheState<Cache>, call: () => Promise<unknown>): Promise<unknown> => {
      lookUp(peekUncounted(cache, oneKey), state)
      return call()
    }
    const memo = (cache: Cache, state: CacheState<Cache>): unknown => {
      const before = peekUncounted(cache, oneKey)
      const result = cache.memo(oneKey)
      lookUp(before, state)
      return result
    }
    const lengthOf = (all: unknown): number => (all as unknown[]).length
    const all: ReadonlyArray<readonly [weight: number, Step<State>]> = [
      [6, one('get', 'get', (cache, state) => lookUp(cache.get(oneKey), state))],
      [2, one('peek', 'get', (cache, state) => lookUp(cache.peek(oneKey), state))],
      [1, one('info', 'get', (cache, state) => (lookUp(cache.info(oneKey), state) as { value?: unknown } | undefined)?.value)],
      [2, one('has', 'has', (cache) => cache.has(oneKey))],
      [8, one('set', 'set', (cache) => cache.set(oneKey, value) === cache)],
      [1, one('set for a while', 'set', (cache) => cache.set(oneKey, value, { ttl }) === cache)],
      [1, one('set of undefined', 'delete', (cache) => cache.set(oneKey, undefined) === cache)],
      [1, one('set with a wrong size', 'set', (cache) => cache.set(oneKey, value, { sizeCalculation: () => -1 }) === cache)],
      [2, one('delete', 'delete', (cache) => cache.delete(oneKey))],
      [1, one('pop', 'delete', (cache, state) => remove(state, () => cache.pop()))],
      [1, one('clear', 'clear', (cache) => cache.clear())],
      [
        1,
        one(
          'find',
          'scan',
          (cache) => cache.find((found) => found === value),
          (found) => Number(found !== undefined),
        ),
      ],
      [1, one('dump', 'scan', (cache) => cache.dump().map(([dumped, entry]) => [dumped, entry.value]), lengthOf)],
      [
        1,
        one(
          'load',
          'batch',
          (cache, state) => remove(state, () => cache.load([oneKey, otherKey].map((each) => [each, { value, size: 1 }]))),
          () => 2,
        ),
      ],
      [1, one('purgeStale', undefined, (cache) => cache.purgeStale())],
      [1, one('iterate', undefined, (cache) => [...cache, ...cache.rkeys()])],
      [3, one('fetch', 'get', (cache, state) => fetched(cache, state, () => cache.fetch(oneKey)))],
      [1, one('forceFetch', 'get', (cache, state) => fetched(cache, state, () => cache.forceFetch(oneKey)))],
      [2, one('memo', 'get', memo)],
    ]
    const step = pick(all.flatMap(([weight, each]) => new Array<Step<State>>(weight).fill(each)))
    return [step]
  }
}

/** The cache's own method, also if it is measured. */
function peekUncounted(cache: Cache, key: string): unknown {
  return (Reflect.getPrototypeOf(cache) as Cache).peek.call(cache, key)
}

for (const [version, { LRUCache }] of Object.entries(versions)) {
  const hasClock = 'perf' in LRUCache.prototype
  for (const [shape, options] of Object.entries(shapes)) {
    if (options.ttl !== undefined && !hasClock) continue
    test.each(seeds)(
      `a cache of lru-cache ${version} ${shape}, measured, does what it does unmeasured, and everything is counted (seed %i)`,
      async (seed) => {
        const clock = { ms: 1000.25 }
        const registries: MetricsRegistry[] = []
        const states: State[] = []
        const result = await compareWithBare<State>(
          {
            async open(registry) {
              const state: State = {
                ...createState<Cache>(
                  new LRUCache<string, string>({
                    ttlResolution: 0,
                    ...options,
                    perf: { now: () => clock.ms },
                    ...callbacks(() => state, version === '11'),
                  } as Options),
                ),
                isRemoving: false,
              }
              if (registry !== undefined) {
                registries.push(registry)
                instrument(state.cache, { name: 'measured', registry })
              }
              states.push(state)
              return state
            },
            next: lruSteps(hasClock ? clock : undefined),
            async finish({ cache }) {
              return [...cache.entries()]
            },
          },
          { seed, steps },
        )
        await registries[0]?.collectors.collectNow()
        const read = (metric: string) => registries[0]?.getAllMetrics().find(({ name }) => name === metric)?.value
        if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log(version, shape, seed, result.steps, result.operations)
        expect(result.differences).toEqual([])
        expect(result.operations).toBeGreaterThan(steps / 2)
        const [bare] = states as [State]
        expect({
          hits: read('db_get_hits_total'),
          misses: read('db_get_misses_total'),
          evictions: read('db_evictions_total'),
        }).toEqual({ hits: bare.hits, misses: bare.misses, evictions: bare.evictions })
        expect(bare.hits * bare.misses).toBeGreaterThan(0)
      },
      600_000,
    )
  }
}
