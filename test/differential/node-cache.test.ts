// Random operations on a node-cache and on a measured one, whose listeners call it again. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=200000 npx vitest run test/differential/node-cache.test.ts
import { instrument, type MetricsRegistry } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import NodeCache from 'node-cache'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CacheState, cacheStep, callBack, createState } from './cache-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 1000)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

// Entries expire by the clock of the process.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})

type Cache = NodeCache & {
  /** What the timer of a cache calls. */
  _checkData(isRepeated: boolean): void
}
type CacheStep = Step<CacheState<Cache>>
const one = (...args: Parameters<typeof cacheStep<Cache>>): CacheStep => cacheStep<Cache>(...args)
const lengthOf = (all: unknown): number => (all as unknown[]).length

function nodeCacheSteps({ below, pick }: Choices): ReadonlyArray<CacheStep> {
  vi.setSystemTime(Date.now() + below(300))
  const key = (): string => (below(40) === 0 ? (Symbol('key') as unknown as string) : `k${below(12)}`)
  const [oneKey, otherKey, value, ttl] = [key(), key(), pick([below(1000), 'text', null, { a: 1 }]), below(4)]
  const entries = [oneKey, otherKey].map((each) => ({
    key: each,
    val: value,
    ttl: below(30) === 0 ? ('1' as unknown as number) : ttl,
  }))
  const all: ReadonlyArray<readonly [weight: number, CacheStep]> = [
    [4, one('get', 'get', (cache) => cache.get(oneKey))],
    [2, one('take', 'get', (cache) => cache.take(oneKey))],
    [2, one('mget', 'get_many', (cache) => cache.mget([oneKey, otherKey, oneKey]))],
    [1, one('mget of no array', 'get_many', (cache) => cache.mget(oneKey as never))],
    [6, one('set', 'set', (cache) => cache.set(oneKey, value, ttl))],
    [
      2,
      one(
        'mset',
        'batch',
        (cache) => cache.mset(entries),
        () => 2,
      ),
    ],
    [2, one('del', 'delete', (cache) => cache.del(oneKey))],
    [
      1,
      one(
        'del of keys',
        'batch',
        (cache) => cache.del([oneKey, otherKey]),
        () => 2,
      ),
    ],
    [2, one('has', 'has', (cache) => cache.has(oneKey))],
    [1, one('keys', 'scan', (cache) => cache.keys(), lengthOf)],
    [1, one('ttl', undefined, (cache) => cache.ttl(oneKey, ttl - 1))],
    [1, one('getTtl', undefined, (cache) => cache.getTtl(oneKey))],
    [1, one('flushAll', 'clear', (cache) => cache.flushAll())],
    [1, one('the timer', undefined, (cache) => cache._checkData(false))],
  ]
  return [pick(all.flatMap(([weight, each]) => new Array<CacheStep>(weight).fill(each)))]
}

const shapes: Readonly<Record<string, NodeCache.Options>> = {
  'whose entries expire': {},
  'that keeps what has expired': { deleteOnExpire: false, useClones: false },
  'with a limit': { maxKeys: 6 },
}

for (const [shape, options] of Object.entries(shapes)) {
  test.each(seeds)(
    `a node-cache ${shape}, measured, does what it does unmeasured, and everything is counted (seed %i)`,
    async (seed) => {
      const registries: MetricsRegistry[] = []
      const states: Array<CacheState<Cache>> = []
      const result = await compareWithBare<CacheState<Cache>>(
        {
          async open(registry) {
            const cache = new NodeCache({ checkperiod: 0, stdTTL: 1, ...options }) as Cache
            const state = createState(cache)
            cache.on('set', (key: string) => key === 'k1' && callBack(state, 'has', (called) => called.has('k2')))
            cache.on('del', (key: string) => key === 'k3' && callBack(state, 'delete', (called) => called.del('k4')))
            cache.on('expired', () => {
              if (options.deleteOnExpire !== false) state.evictions++
              callBack(state, 'has', (called) => called.has('k5'))
            })
            if (registry !== undefined) {
              registries.push(registry)
              instrument(cache, { name: 'measured', registry })
            }
            states.push(state)
            return state
          },
          next: nodeCacheSteps,
          finish: async ({ cache }) => [cache.keys(), cache.getStats()],
        },
        { seed, steps },
      )
      if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log(shape, seed, result.steps, result.operations)
      expect(result.differences).toEqual([])
      expect(result.operations).toBeGreaterThan(steps / 2)
      const read = (metric: string) => registries[0]?.getAllMetrics().find(({ name }) => name === metric)?.value
      expect(read('db_evictions_total')).toBe(states[0]?.evictions)
    },
    600_000,
  )
}
