// Random operations on a storage of unstorage and on a measured one, with a driver that fails. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=200000 npx vitest run test/differential/unstorage.test.ts
import { instrument } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import { createStorage, type Driver, prefixStorage, type Storage } from 'unstorage'
import { expect, test } from 'vitest'
import { type CacheState, cacheStep, callBack, createState } from './cache-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 600)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

type StorageStep = Step<CacheState<Storage>>
const one = (...args: Parameters<typeof cacheStep<Storage>>): StorageStep => cacheStep<Storage>(...args)
const lengthOf = (all: unknown): number => (all as unknown[]).length

/** A driver in memory that fails for some keys: it throws, or returns a promise that is rejected. */
function createFailingDriver(): Driver {
  const { driver } = createStorage().getMount()
  const check = (key: string): void => {
    if (key.endsWith('7')) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  }
  return {
    ...driver,
    getItem: async (key, options) => {
      check(key)
      return driver.getItem(key, options)
    },
    hasItem(key, options) {
      check(key)
      return driver.hasItem(key, options)
    },
    setItem(key, value, options) {
      check(key)
      return driver.setItem?.(key, value, options)
    },
    removeItem: async (key, options) => {
      check(key)
      return driver.removeItem?.(key, options)
    },
  }
}

function storageSteps({ below, pick }: Choices): ReadonlyArray<StorageStep> {
  const key = (): string => pick(['', 'bad:', 'other:']) + pick([`k${below(10)}`, `k${below(10)}`, `k${below(10)}`, '..'])
  const [oneKey, otherKey, value] = [key(), key(), pick([below(1000), 'text', { a: 1 }, null])]
  const base = pick(['', 'bad', 'other'])
  const items = [
    { key: oneKey, value: 'a' },
    { key: otherKey, value: 'b' },
  ]
  const all: ReadonlyArray<readonly [weight: number, StorageStep]> = [
    [3, one('getItem', 'get', (storage) => storage.getItem(oneKey))],
    [1, one('get', 'get', (storage) => storage.get(oneKey))],
    [1, one('getItemRaw', 'get', (storage) => storage.getItemRaw(oneKey))],
    [1, one('getMeta', 'get', (storage) => storage.getMeta(oneKey))],
    [1, one('getItems', 'get_many', (storage) => storage.getItems([oneKey, otherKey]))],
    [3, one('setItem', 'set', (storage) => storage.setItem(oneKey, value as string))],
    [1, one('set', 'set', (storage) => storage.set(oneKey, value as string))],
    [1, one('setItemRaw', 'set', (storage) => storage.setItemRaw(oneKey, 'raw'))],
    [1, one('setItem of a function', 'set', (storage) => storage.setItem(oneKey, (() => {}) as never))],
    [1, one('setItem of undefined', 'delete', (storage) => storage.setItem(oneKey, undefined as never))],
    [
      1,
      one(
        'setItems',
        'batch',
        (storage) => storage.setItems(items),
        () => 2,
      ),
    ],
    [1, one('setMeta', 'set', (storage) => storage.setMeta(oneKey, { a: 1 }))],
    [2, one('removeItem', 'delete', (storage) => storage.removeItem(oneKey, { removeMeta: true }))],
    [1, one('del', 'delete', (storage) => storage.del(oneKey))],
    [2, one('hasItem', 'has', (storage) => storage.hasItem(oneKey))],
    [1, one('getKeys', 'scan', (storage) => storage.getKeys(base), lengthOf)],
    [1, one('keys', 'scan', (storage) => storage.keys(base), lengthOf)],
    [1, one('clear', 'clear', (storage) => storage.clear(base))],
    [1, one('getItem of a prefixed storage', 'get', (storage) => prefixStorage(storage, 'other').getItem(`k${value}`))],
    [1, one('getKeys of a prefixed storage', 'scan', (storage) => prefixStorage(storage, 'other').getKeys(), lengthOf)],
    [1, one('getMounts', undefined, (storage) => storage.getMounts().map((mount) => mount.base))],
  ]
  return [pick(all.flatMap(([weight, each]) => new Array<StorageStep>(weight).fill(each)))]
}

test.each(seeds)(
  'a storage of unstorage, measured, does what it does unmeasured, and everything is counted (seed %i)',
  async (seed) => {
    const changes: string[][] = []
    const result = await compareWithBare<CacheState<Storage>>(
      {
        async open(registry) {
          const storage = createStorage()
          storage.mount('bad', createFailingDriver())
          storage.mount('other', createStorage().getMount().driver)
          if (registry !== undefined) instrument(storage, { name: 'measured', registry })
          const state = createState<Storage>(storage)
          const own: string[] = []
          changes.push(own)
          await storage.watch((event, key) => {
            own.push(`${event} ${key}`)
            if (key === 'k3') callBack(state, 'has', (called) => called.hasItem('k4'))
          })
          return state
        },
        next: storageSteps,
        async finish({ cache }) {
          const content = await Promise.all((await cache.getKeys()).map(async (key) => [key, await cache.getItem(key)]))
          await cache.dispose()
          return content
        },
      },
      { seed, steps },
    )
    if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log(seed, result.steps, result.operations)
    expect(result.differences).toEqual([])
    expect(changes[1]).toEqual(changes[0])
    expect(result.operations).toBeGreaterThan(steps / 2)
  },
  600_000,
)
