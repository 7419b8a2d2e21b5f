import { createRequire } from 'node:module'
import * as esm from 'keyv'
import { test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'

const cjs: typeof esm = createRequire(import.meta.url)('keyv')
type Store = esm.Keyv

/** A backend in memory that fails for the poisoned key. */
class Backend {
  readonly #entries = new Map<string, unknown>()
  readonly #data: TestData

  constructor(data: TestData) {
    this.#data = data
  }

  async get(key: string): Promise<unknown> {
    return this.#allowed(key).get(key)
  }
  async set(key: string, value: unknown): Promise<boolean> {
    this.#allowed(key).set(key, value)
    return true
  }
  async delete(key: string): Promise<boolean> {
    return this.#allowed(key).delete(key)
  }
  async clear(): Promise<void> {
    if (this.#entries.has('poison')) throw this.#data.error
    this.#entries.clear()
  }
  async *iterator(): AsyncGenerator<[string, unknown]> {
    for (const entry of this.#entries) {
      this.#allowed(entry[0] === 'poison' ? this.#data.poisonedKey : '')
      yield entry
    }
  }

  #allowed(key: string): Map<string, unknown> {
    if (key === this.#data.poisonedKey) throw this.#data.error
    return this.#entries
  }
}

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const allKeys = ({ entries }: TestData): string[] => entries.map(([key]) => key)
const newEntries = ({ newKey, newValue }: TestData) => [
  { key: newKey, value: newValue },
  { key: `${newKey}-2`, value: newValue },
]
const poisonedEntries = (data: TestData) => [...newEntries(data), { key: data.poisonedKey, value: data.newValue }]
/** Makes every later call of the backend fail. */
const poison = (store: Store): unknown => Reflect.get(store.store, 'store').set('poison', '{}')

async function scanAll(store: Store): Promise<unknown[]> {
  const entries: unknown[] = []
  for await (const entry of store.iterator() ?? []) entries.push(entry)
  return entries
}

const actions: ReadonlyArray<Action<Store>> = [
  {
    does: 'get',
    operation: 'get',
    run: (store, data) => store.get(firstKey(data)),
    fail: (store, data) => store.get(data.poisonedKey),
  },
  { does: 'get of nothing', operation: 'get', run: (store, data) => store.get(data.newKey) },
  {
    does: 'getRaw',
    operation: 'get',
    run: (store, data) => store.getRaw(firstKey(data)),
    fail: (store, data) => store.getRaw(data.poisonedKey),
  },
  {
    does: 'get of keys',
    operation: 'get_many',
    run: (store, data) => store.get(allKeys(data)),
    fail: (store, data) => store.get([data.poisonedKey]),
  },
  {
    does: 'getMany',
    operation: 'get_many',
    run: (store, data) => store.getMany(allKeys(data)),
    fail: (store, data) => store.getMany([data.poisonedKey]),
  },
  { does: 'getManyRaw', operation: 'get_many', run: (store, data) => store.getManyRaw(allKeys(data)) },
  {
    does: 'has',
    operation: 'has',
    run: (store, data) => store.has(firstKey(data)),
    fail: (store, data) => store.has(data.poisonedKey),
  },
  {
    does: 'hasMany',
    operation: 'has',
    run: (store, data) => store.hasMany(allKeys(data)),
    fail: (store, data) => store.hasMany([data.poisonedKey]),
  },
  {
    does: 'iterator',
    operation: 'scan',
    entries: 3,
    run: scanAll,
    fail: (store) => {
      poison(store)
      return scanAll(store)
    },
  },
  {
    does: 'set',
    operation: 'set',
    run: (store, { newKey, newValue }) => store.set(newKey, newValue),
    fail: (store, { poisonedKey }) => store.set(poisonedKey, 1),
  },
  { does: 'set for a while', operation: 'set', run: (store, { newKey, newValue }) => store.set(newKey, newValue, 60_000) },
  { does: 'setRaw', operation: 'set', run: (store, { newKey, newValue }) => store.setRaw(newKey, { value: newValue }) },
  {
    does: 'setMany',
    operation: 'batch',
    entries: 2,
    run: (store, data) => store.setMany(newEntries(data)),
    fail: (store, data) => store.setMany(poisonedEntries(data)),
  },
  {
    does: 'setManyRaw',
    operation: 'batch',
    entries: 1,
    run: (store, { newKey, newValue }) => store.setManyRaw([{ key: newKey, value: { value: newValue } }]),
  },
  {
    does: 'delete',
    operation: 'delete',
    run: (store, data) => store.delete(firstKey(data)),
    fail: (store, data) => store.delete(data.poisonedKey),
  },
  { does: 'delete of nothing', operation: 'delete', run: (store, data) => store.delete(`${data.newKey}-9`) },
  { does: 'delete of keys', operation: 'batch', entries: 2, run: (store, data) => store.delete(allKeys(data).slice(0, 2)) },
  { does: 'deleteMany', operation: 'batch', entries: 3, run: (store, data) => store.deleteMany(allKeys(data)) },
  {
    does: 'clear',
    operation: 'clear',
    run: (store) => store.clear(),
    fail: (store) => {
      poison(store)
      return store.clear()
    },
  },
]

for (const [build, { Keyv, KeyvMemoryAdapter }] of [
  ['ESM', esm],
  ['CJS', cjs],
] as const) {
  const create = async (data: TestData): Promise<Store> => {
    const store = new Keyv({ store: new Backend(data) })
    await store.setMany(data.entries.map(([key, value]) => ({ key, value })))
    return store
  }
  const close = (store: Store): unknown => store.disconnect()

  storeSuite<Store>({ kind: `keyv's ${build} build that rejects`, test, create, close, actions })

  storeSuite<Store>({
    kind: `keyv's ${build} build with an error listener, which keeps errors from the caller`,
    test,
    close,
    actions,
    async create(data) {
      const store = await create(data)
      store.on('error', () => {})
      return store
    },
  })

  storeSuite<Store>({
    kind: `keyv's ${build} build on a Map`,
    test,
    close,
    actions: actions.map(({ fail: _, ...action }) => action),
    async create(data) {
      const store = new Keyv({ store: new KeyvMemoryAdapter(new Map()) })
      await store.setMany(data.entries.map(([key, value]) => ({ key, value })))
      return store
    },
  })
}
