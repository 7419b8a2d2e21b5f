import { setTimeout as sleep } from 'node:timers/promises'
import { Keyv, KeyvMemoryAdapter } from 'keyv'
import { expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { type Measured, readMeasured } from '../../testing/index.ts'

function measure<Store extends Keyv>(store: Store) {
  const registry = new MetricsRegistry()
  instrument(store, { name: 'cache', registry })
  const readCounts = (): Record<string, Measured> =>
    Object.fromEntries(Object.entries(readMeasured(registry, 'cache')).filter(([, { operations }]) => operations > 0))
  const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  return { store, registry, readCounts, value, backgroundErrors: () => value('db_background_errors_total') }
}

/** Adds an error listener: with one, Keyv does not reject. */
function addErrorListener(store: Keyv): { store: Keyv; errors: unknown[] } {
  const errors: unknown[] = []
  store.on('error', (error: unknown) => errors.push(error))
  return { store, errors }
}

const one = { operations: 1, errors: 0 }

/** A slow backend that fails one call in three and counts its failures. */
class Unreliable {
  readonly failed = { get: 0, set: 0, delete: 0 }
  readonly #entries = new Map<string, unknown>()
  #calls = 0

  async #call<Result>(verb: 'get' | 'set' | 'delete', run: () => Result): Promise<Result> {
    const call = this.#calls++
    await sleep((call * 7) % 5)
    if (call % 3 !== 0) return run()
    this.failed[verb]++
    throw new Error(`call ${call}`)
  }
  get(key: string) {
    return this.#call('get', () => this.#entries.get(key))
  }
  set(key: string, value: unknown) {
    return this.#call('set', () => this.#entries.set(key, value).has(key))
  }
  delete(key: string) {
    return this.#call('delete', () => this.#entries.delete(key))
  }
  async clear(): Promise<void> {
    this.#entries.clear()
  }
}

test('each error that Keyv emits instead of throwing is counted for its operation, even among concurrent calls', async () => {
  const backend = new Unreliable()
  const { store, errors } = addErrorListener(new Keyv({ store: backend }))
  const { readCounts, backgroundErrors } = measure(store)
  // One key for all calls, so that they differ only by operation.
  const calls = Array.from({ length: 300 }, (_, index) => {
    if (index % 3 === 0) return store.get('key')
    return index % 3 === 1 ? store.set('key', index) : store.delete('key')
  })
  await Promise.all(calls)
  expect(errors).toHaveLength(100)
  expect(backend.failed.get).toBeGreaterThan(10)
  expect(readCounts()).toEqual({
    get: { operations: 100, errors: backend.failed.get },
    set: { operations: 100, errors: backend.failed.set },
    delete: { operations: 100, errors: backend.failed.delete },
  })
  expect(backgroundErrors()).toBe(0)
})

test('deleting an expired key is part of the call that found it', async () => {
  const entries = new Map()
  const { store, readCounts } = measure(new Keyv({ store: new KeyvMemoryAdapter(entries) }))
  await store.setRaw('a', { value: 1, expires: Date.now() - 1 })
  await store.setRaw('b', { value: 1, expires: Date.now() - 1 })
  await store.setRaw('c', { value: 1, expires: Date.now() - 1 })
  for (const [, entry] of entries) entry.expires = undefined
  expect(await store.get('a')).toBeUndefined()
  expect(await store.getMany(['b'])).toEqual([undefined])
  for await (const _ of store.iterator() ?? []) expect.unreachable()
  expect(entries.size).toBe(0)
  const scan = { ...one, entries: 0 }
  expect(readCounts()).toEqual({ set: { operations: 3, errors: 0 }, get: one, get_many: one, scan })
})

test('calls in a hook or a listener are separate operations, and a hook that fails does not fail the call', async () => {
  const { store } = addErrorListener(new Keyv())
  const { readCounts, backgroundErrors } = measure(store)
  store.onHook({
    event: 'before:set',
    handler: async ({ key }: { key: string }) => {
      if (key === 'a') await store.get('other')
      if (key === 'b') throw new Error('of the hook')
    },
  })
  expect(await store.set('a', 1)).toBe(true)
  expect(await store.set('b', 1)).toBe(true)
  expect(readCounts()).toEqual({ set: { operations: 2, errors: 0 }, get: one })
  expect(backgroundErrors()).toBe(1)
})

test('an error that a backend emits on its own is a background error', async () => {
  const backend = new KeyvMemoryAdapter(new Map())
  const { store, errors } = addErrorListener(new Keyv({ store: backend }))
  const { readCounts, backgroundErrors } = measure(store)
  const lost = new Error('connection lost')
  backend.emit('error', lost)
  expect(errors).toEqual([lost])
  expect(readCounts()).toEqual({})
  expect(backgroundErrors()).toBe(1)
})

test('a value that cannot be encoded or decoded is an error of its call', async () => {
  const entries = new Map()
  const { store } = addErrorListener(new Keyv({ store: new KeyvMemoryAdapter(entries) }))
  const { readCounts } = measure(store)
  expect(await store.set('a', Symbol('a'))).toBe(false)
  await store.set('b', 1)
  entries.set('b', { value: '{' })
  expect(await store.get('b')).toBeUndefined()
  expect(await store.set('', 1)).toBe(false)
  expect(readCounts()).toEqual({ set: { operations: 3, errors: 2 }, get: { operations: 1, errors: 1 } })
})

/** A derived class with a private field. */
class Counting extends Keyv {
  #gets = 0
  override get<Value>(key: string): Promise<Value | undefined>
  override get<Value>(keys: string[]): Promise<Array<Value | undefined>>
  override async get(keys: string | string[]): Promise<unknown> {
    this.#gets++
    return Reflect.apply(super.get, this, [keys])
  }
  get gets() {
    return this.#gets
  }
}

test('a class derived from Keyv can use its private fields; its emitted errors are background errors', async () => {
  const backend = new Unreliable()
  const store = new Counting({ store: backend })
  addErrorListener(store)
  const { readCounts, backgroundErrors } = measure(store)
  for (let index = 0; index < 9; index++) await Promise.all([store.get('a'), store.set('a', index)])
  await store.get(['a', 'b'])
  expect(store.gets).toBe(10)
  expect(readCounts()).toEqual({ get: { operations: 9, errors: 0 }, get_many: one, set: { operations: 9, errors: 0 } })
  const { get, set } = backend.failed
  expect(get + set).toBeGreaterThan(5)
  expect(backgroundErrors()).toBe(get + set)
})

test('a call is in flight until the backend has settled', async () => {
  const { store, value } = measure(new Keyv({ store: new Unreliable() }))
  const calls = [1, 2, 3].map((call) => store.get(`${call}`).catch(() => {}))
  expect(value('db_queue_depth')).toBe(3)
  await sleep(1)
  expect(value('db_oldest_operation_age_seconds')).toBeGreaterThan(0)
  await Promise.all(calls)
  expect(value('db_queue_depth')).toBe(0)
})

test('an iterator that is abandoned counts the entries it delivered; one that is never read is not counted', async () => {
  const { store, readCounts, value } = measure(new Keyv())
  await store.setMany(['a', 'b', 'c'].map((key) => ({ key, value: key })))
  store.iterator()
  for await (const [key] of store.iterator() ?? []) {
    expect(value('db_open_iterators')).toBe(1)
    if (key === 'b') break
  }
  expect(value('db_open_iterators')).toBe(0)
  expect(readCounts()['scan']).toEqual({ operations: 1, errors: 0, entries: 2 })
})

test("Keyv's own statistics and events are the same as unmeasured", async () => {
  const results = await Promise.all(
    [false, true].map(async (isMeasured) => {
      const { store, errors } = addErrorListener(new Keyv({ store: new Unreliable(), stats: true }))
      if (isMeasured) measure(store)
      const events: string[] = []
      for (const event of ['stat:hit', 'stat:miss', 'stat:set', 'stat:delete', 'stat:error', 'clear']) {
        store.on(event, () => events.push(event))
      }
      for (let index = 0; index < 4; index++) {
        await store.set('a', 1)
        await store.get('a')
        await store.has('a')
        await store.delete('a')
        await store.clear()
      }
      const { hits, misses, sets, deletes, errors: failed } = store.stats
      return { hits, misses, sets, deletes, failed, events, messages: errors.map((error) => (error as Error).message) }
    }),
  )
  expect(results[1]).toEqual(results[0])
  expect(results[0]?.failed).toBeGreaterThan(0)
})
