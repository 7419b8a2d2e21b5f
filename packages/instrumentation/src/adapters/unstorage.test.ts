import { createRequire } from 'node:module'
import * as esm from 'unstorage'
import { expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { type Action, type Measured, readMeasured, storeSuite, type TestData } from '../testing/index.ts'
import { readValues } from '../testing/read-measured.ts'

const builds: Readonly<Record<string, typeof esm>> = { ESM: esm, CJS: createRequire(import.meta.url)('unstorage') }

/** The methods that are called by name; their types differ only in their type parameters. */
type Call = (key: string, value?: unknown) => Promise<unknown>
const call = (store: esm.Storage, method: keyof esm.Storage, ...args: Parameters<Call>): Promise<unknown> =>
  (store[method] as Call)(...args)

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const allKeys = ({ entries }: TestData): string[] => entries.map(([key]) => key)
const newItems = ({ newKey, newValue }: TestData) => [
  { key: newKey, value: newValue },
  { key: `${newKey}-2`, value: newValue },
]

/** A driver in memory that fails for the poisoned key, and altogether after it is poisoned. */
function createDriver(data: TestData): esm.Driver {
  const items = new Map<string, string>(data.entries)
  const allowed = (key: string): Map<string, string> => {
    if (key.startsWith(data.poisonedKey) || items.has('poison')) throw data.error
    return items
  }
  return {
    name: 'memory',
    hasItem: (key) => allowed(key).has(key),
    getItem: async (key) => allowed(key).get(key) ?? null,
    setItem: async (key, value) => void allowed(key).set(key, value),
    removeItem: (key) => void allowed(key).delete(key),
    getKeys: async () => [...allowed('').keys()],
    clear: () => allowed('').clear(),
  }
}
const poison = (store: esm.Storage): Promise<void> => Promise.resolve(store.getMount().driver.setItem?.('poison', '', {}))

const actions: ReadonlyArray<Action<esm.Storage>> = [
  ...(['getItem', 'get', 'getItemRaw'] as const).map(
    (method): Action<esm.Storage> => ({
      does: method,
      operation: 'get',
      run: (store, data) => call(store, method, firstKey(data)),
      fail: (store, data) => call(store, method, data.poisonedKey),
    }),
  ),
  { does: 'getItem of nothing', operation: 'get', run: (store, { newKey }) => store.getItem(newKey) },
  {
    does: 'getItem of an invalid key',
    operation: 'get',
    run: (store, data) => store.getItem(firstKey(data)),
    fail: (store) => store.getItem('..'),
  },
  {
    does: 'getMeta',
    operation: 'get',
    run: (store, data) => store.getMeta(firstKey(data)),
    fail: (store, data) => store.getMeta(data.poisonedKey),
  },
  {
    does: 'getItems',
    operation: 'get_many',
    run: (store, data) => store.getItems(allKeys(data)),
    fail: (store, data) => store.getItems([data.poisonedKey]),
  },
  ...(['hasItem', 'has'] as const).map(
    (method): Action<esm.Storage> => ({
      does: method,
      operation: 'has',
      run: (store, data) => call(store, method, firstKey(data)),
      fail: (store, data) => call(store, method, data.poisonedKey),
    }),
  ),
  ...(['getKeys', 'keys'] as const).map(
    (method): Action<esm.Storage> => ({
      does: method,
      operation: 'scan',
      entries: 3,
      run: (store) => store[method](),
      fail: async (store) => {
        await poison(store)
        return store[method]()
      },
    }),
  ),
  ...(['setItem', 'set', 'setItemRaw'] as const).flatMap(
    (method): Array<Action<esm.Storage>> => [
      {
        does: method,
        operation: 'set',
        run: (store, { newKey, newValue }) => call(store, method, newKey, newValue),
        fail: (store, { poisonedKey }) => call(store, method, poisonedKey, 'a'),
      },
      {
        does: `${method} of undefined`,
        operation: 'delete',
        run: (store, { newKey }) => call(store, method, newKey, undefined as never),
        fail: (store, { poisonedKey }) => call(store, method, poisonedKey, undefined as never),
      },
    ],
  ),
  {
    does: 'setMeta',
    operation: 'set',
    run: (store, { newKey }) => store.setMeta(`${newKey}-3`, { a: 1 }),
    fail: (store, { poisonedKey }) => store.setMeta(poisonedKey, { a: 1 }),
  },
  { does: 'removeMeta', operation: 'delete', run: (store, { newKey }) => store.removeMeta(`${newKey}-3`) },
  {
    does: 'setItems',
    operation: 'batch',
    entries: 2,
    run: (store, data) => store.setItems(newItems(data)),
    fail: (store, data) => store.setItems([...newItems(data), { key: data.poisonedKey, value: 'a' }]),
  },
  ...(['removeItem', 'remove', 'del'] as const).map(
    (method): Action<esm.Storage> => ({
      does: method,
      operation: 'delete',
      run: (store, data) => call(store, method, `${data.newKey}${method === 'del' ? '-2' : ''}`),
      fail: (store, data) => call(store, method, data.poisonedKey),
    }),
  ),
  {
    does: 'clear',
    operation: 'clear',
    run: (store) => store.clear(),
    fail: async (store) => {
      await poison(store)
      return store.clear()
    },
  },
]

for (const [build, { createStorage, prefixStorage }] of Object.entries(builds)) {
  storeSuite<esm.Storage>({
    kind: `unstorage's ${build} build`,
    test,
    actions,
    create: (data) => createStorage({ driver: createDriver(data) }),
    close: (store) => store.dispose(),
  })

  test(`unstorage's ${build} build: a prefixed storage is measured at the storage below, whichever came first`, async () => {
    const storage = createStorage()
    const before = prefixStorage(storage, 'before')
    const { readCounts } = measure(storage)
    const after = prefixStorage(storage, 'after')
    for (const prefixed of [before, after]) {
      await prefixed.setItem('a', '1')
      expect(await prefixed.getItem('a')).toBe(1)
      expect(await prefixed.getKeys()).toEqual(['a'])
      expect(await prefixed.getItems(['a'])).toEqual([{ key: 'a', value: 1 }])
      await prefixed.clear()
    }
    const two = { operations: 2, errors: 0 }
    expect(readCounts()).toEqual({ set: two, get: two, scan: { ...two, entries: 2 }, get_many: two, clear: two })
  })
}

function measure(storage: esm.Storage) {
  const registry = new MetricsRegistry()
  instrument(storage, { name: 'storage', registry })
  const readCounts = (): Record<string, Measured> =>
    Object.fromEntries(Object.entries(readMeasured(registry, 'storage')).filter(([, { operations }]) => operations > 0))
  return { registry, readCounts }
}

const { createStorage } = esm

test('operations on all mounts are counted once, also if one call reaches several drivers', async () => {
  const storage = createStorage()
  const { readCounts } = measure(storage)
  storage.mount('other', createStorage().getMount().driver)
  await storage.setItems([
    { key: 'a', value: '1' },
    { key: 'other:b', value: '2' },
  ])
  expect(await storage.getKeys()).toHaveLength(2)
  await storage.clear()
  await storage.unmount('other')
  const one = { operations: 1, errors: 0 }
  expect(readCounts()).toEqual({ batch: { ...one, entries: 2 }, scan: { ...one, entries: 2 }, clear: one })
})

test('watchers are told of the same changes, and what they do is counted', async () => {
  const storage = createStorage()
  const { readCounts } = measure(storage)
  const events: string[] = []
  const reads: Array<Promise<unknown>> = []
  await storage.watch((event, key) => {
    events.push(`${event} ${key}`)
    reads.push(storage.getItem(key))
  })
  await storage.setItem('a', '1')
  await storage.removeItem('a')
  await Promise.all(reads)
  const one = { operations: 1, errors: 0 }
  expect(events).toEqual(['update a', 'remove a'])
  expect(readCounts()).toEqual({ set: one, delete: one, get: { operations: 2, errors: 0 } })
})

test('the engine is a driver of the package at the root, and no name of a driver of the application', () => {
  const engineOf = (driver?: esm.Driver): string | undefined =>
    measure(createStorage(driver && { driver })).registry.stores.list()[0]?.engine
  const { driver } = createStorage().getMount()
  expect(engineOf()).toBe('memory')
  expect(engineOf({ ...driver, name: '/secret/path' })).toBe('unstorage')
  const { name: _, ...nameless } = driver
  expect(engineOf(nameless)).toBe('unstorage')
})

test('the probe reads the driver, without operations and without watchers', async () => {
  const storage = createStorage()
  const { registry } = measure(storage)
  const events: string[] = []
  await storage.watch((event) => void events.push(event))
  await storage.getMount().driver.setItem?.('key', 'a value', {})
  const before = readValues(registry, 'storage')
  const probe = registry.stores.list()[0]?.probe()
  expect(Object.keys(probe ?? {})).toEqual(['read'])
  expect([await probe?.read('key'), await probe?.read('another')]).toEqual(['a value', undefined])
  expect(readValues(registry, 'storage')).toEqual(before)
  expect(events).toEqual([])
})

test('a failure of dispose is an error of closing, and a disposed storage is open again with its next call', async () => {
  const failure = new Error('busy')
  const { driver } = createStorage().getMount()
  let isBusy = true
  const storage = createStorage({
    driver: {
      ...driver,
      dispose() {
        if (isBusy) throw failure
      },
    },
  })
  const { registry } = measure(storage)
  const state = () => registry.stores.list()[0]?.state()
  await expect(storage.dispose()).rejects.toBe(failure)
  expect(state()).toBe('open')
  expect(registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')).toMatchObject([
    { labels: { operation: 'close' }, value: 1 },
  ])
  isBusy = false
  await storage.dispose()
  expect(state()).toBe('closed')
  await storage.getItem('a')
  expect(state()).toBe('open')
})
