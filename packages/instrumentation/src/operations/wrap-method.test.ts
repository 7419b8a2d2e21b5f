import { setImmediate as aMoment } from 'node:timers/promises'
import { expect, expectTypeOf, test } from 'vitest'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { readMeasured } from '../testing/index.ts'
import { type MethodName, wrapMethods } from './wrap-method.ts'

/** A store with methods that the test provides. */
class TestStore {
  get: (...args: unknown[]) => unknown
  set: (...args: unknown[]) => unknown = () => {}
  /** Only some stores have it. */
  declare remove?: (...args: unknown[]) => unknown
  constructor(get: (this: TestStore, ...args: unknown[]) => unknown) {
    this.get = get
  }
}

const adapter: StoreAdapter<TestStore> = {
  name: 'test',
  operations: ['get', 'set', 'delete'],
  optionalOperations: ['delete'],
  engineMetrics: {},
  errorCodes: new Set(['BUSY']),
  matches: (store) => store instanceof TestStore,
  engine: () => 'none',
  instrument: (store, context) => ({
    state: () => 'open',
    detach: wrapMethods(store, context, { get: 'get', set: 'set', remove: 'delete' }),
  }),
}

function measuring(get: (this: TestStore, ...args: unknown[]) => unknown): { store: TestStore; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  return { store: instrument(new TestStore(get), { name: 'store', registry, adapter }), registry }
}

function depth(registry: MetricsRegistry): unknown {
  return registry.getAllMetrics().find(({ name }) => name === 'db_queue_depth')?.value
}

test('a method is called with its object and its arguments, and its result is unchanged', () => {
  const result = { found: true }
  const calls: unknown[] = []
  const { store, registry } = measuring(function (...args) {
    calls.push([this, ...args])
    return result
  })
  expect(store.get('a', { fresh: true })).toBe(result)
  expect(calls).toEqual([[store, 'a', { fresh: true }]])
  expect(readMeasured(registry, 'store').get).toEqual({ operations: 1, errors: 0 })
})

test('a method that throws counts as failed, and its caller gets the same error', () => {
  const error = Object.assign(new Error('later'), { code: 'BUSY' })
  const { store, registry } = measuring(() => {
    throw error
  })
  expect(() => store.get('a')).toThrow(error)
  expect(readMeasured(registry, 'store').get).toEqual({ operations: 1, errors: 1 })
  expect(registry.getAllMetrics()).toContainEqual(
    expect.objectContaining({ name: 'db_errors_total', labels: { store: 'store', operation: 'get', error_type: 'BUSY' } }),
  )
})

test('a promise is in flight until it settles, and its value is unchanged', async () => {
  const result = { found: true }
  let finish = (_value: object): void => {}
  const { store, registry } = measuring(
    () =>
      new Promise<object>((resolve) => {
        finish = resolve
      }),
  )
  const promise = store.get('a')
  expect(promise).toBeInstanceOf(Promise)
  expect(depth(registry)).toBe(1)
  finish(result)
  expect(await promise).toBe(result)
  expect(depth(registry)).toBe(0)
  expect(readMeasured(registry, 'store').get).toEqual({ operations: 1, errors: 0 })
})

test('a rejected promise counts as failed, and its caller gets the same reason', async () => {
  for (const reason of [new Error('no'), 'text', null, undefined]) {
    const { store, registry } = measuring(() => Promise.reject(reason))
    const outcome = await Promise.allSettled([store.get('a')])
    expect(outcome).toEqual([{ status: 'rejected', reason }])
    expect(outcome[0]?.status === 'rejected' && outcome[0].reason === reason).toBe(true)
    expect(readMeasured(registry, 'store').get).toEqual({ operations: 1, errors: 1 })
  }
})

test('an unhandled rejection is still reported by the process', async () => {
  const reason = new Error('unhandled')
  const { store } = measuring(() => Promise.reject(reason))
  const listeners = process.listeners('unhandledRejection')
  const reported: unknown[] = []
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => reported.push(error))
  try {
    store.get('a')
    for (let turns = 0; turns < 5; turns++) await aMoment()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
  expect(reported).toEqual([reason])
})

test('`then` of a lazy thenable is called once', async () => {
  let calls = 0
  const { store, registry } = measuring(() => ({
    // biome-ignore lint/suspicious/noThenProperty: query builders are such objects
    then(resolve: (value: string) => void) {
      calls++
      resolve('built')
    },
  }))
  expect(await store.get('a')).toBe('built')
  expect(calls).toBe(1)
  expect(readMeasured(registry, 'store').get).toEqual({ operations: 1, errors: 0 })
})

test('a synchronous call of the store on itself is part of the operation', () => {
  const { store, registry } = measuring(function (key) {
    this.set(key, 'default')
    return 'default'
  })
  store.get('a')
  store.set('b', '1')
  expect(readMeasured(registry, 'store')).toMatchObject({ get: { operations: 1 }, set: { operations: 1 } })
})

test('a missing method of an optional operation is not added, and its series exists at 0', () => {
  const { store, registry } = measuring(() => undefined)
  expect(Reflect.has(store, 'remove')).toBe(false)
  expect(readMeasured(registry, 'store').delete).toEqual({ operations: 0, errors: 0 })
})

test('a missing method of another operation is an error that names both, and the store is left as it was', () => {
  const registry = new MetricsRegistry()
  const store = new TestStore(() => undefined)
  const before = Object.getOwnPropertyDescriptors(store)
  const strict = { ...adapter, optionalOperations: [] }
  expect(() => instrument(store, { registry, adapter: strict })).toThrow(
    new TypeError(
      'adapter "test" lists the operation delete but wraps no method for it; wrapMethods got remove, which the store does not have',
    ),
  )
  expect(Object.getOwnPropertyDescriptors(store)).toEqual(before)
  expect(registry.stores.list()).toEqual([])
})

test('the compiler accepts every method of the store, and rejects other names', () => {
  interface Varied {
    plain(key: string): string
    optional?(key: string): string
    bound(this: Varied, key: string): Promise<string>
    readonly size: number
  }
  expectTypeOf<MethodName<Varied>>().toEqualTypeOf<'plain' | 'optional' | 'bound'>()
  expectTypeOf<MethodName<object>>().toEqualTypeOf<string>()
  const misspelled: StoreAdapter<TestStore> = {
    ...adapter,
    instrument: (store, context) => ({
      state: () => 'open',
      // @ts-expect-error the method is `set`.
      detach: wrapMethods(store, context, { get: 'get', sett: 'set' }),
    }),
  }
  const registry = new MetricsRegistry()
  expect(() => instrument(new TestStore(() => undefined), { registry, adapter: misspelled })).toThrow(/wrapMethods got sett/)
})

test('own methods of a store are restored exactly', () => {
  const get = (): string => 'mine'
  const store = new TestStore(get)
  const before = Object.getOwnPropertyDescriptors(store)
  instrument(store, { registry: new MetricsRegistry(), adapter })
  expect(store.get).not.toBe(get)
  uninstrument(store)
  expect(Object.getOwnPropertyDescriptors(store)).toEqual(before)
})
