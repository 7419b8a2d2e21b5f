import { createRequire } from 'node:module'
import * as esm from 'lru-cache'
import { test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'

const require = createRequire(import.meta.url)
const builds: Readonly<Record<string, typeof esm>> = {
  "lru-cache 11's ESM build": esm,
  "lru-cache 11's CJS build": require('lru-cache'),
  'lru-cache 11.2': require('lru-cache11.2'),
  'lru-cache 10': require('lru-cache10'),
}

type Store = esm.LRUCache<string, string>

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const dumped = ({ entries, newKey, newValue }: TestData): Array<[string, { value: string }]> =>
  [...entries, [newKey, newValue] as const].map(([key, value]) => [key, { value }])

const actions: ReadonlyArray<Action<Store>> = [
  { does: 'get', operation: 'get', run: (store, data) => store.get(firstKey(data)) },
  { does: 'get of nothing', operation: 'get', run: (store, { newKey }) => store.get(newKey) },
  { does: 'peek', operation: 'get', run: (store, data) => store.peek(firstKey(data)) },
  { does: 'info', operation: 'get', run: (store, data) => store.info(firstKey(data))?.value },
  {
    does: 'fetch',
    operation: 'get',
    run: (store, { newKey }) => store.fetch(newKey),
    fail: (store, data) => store.fetch(data.poisonedKey),
  },
  { does: 'fetch of what is there', operation: 'get', run: (store, data) => store.fetch(firstKey(data)) },
  {
    does: 'forceFetch',
    operation: 'get',
    run: (store, data) => store.forceFetch(`${data.newKey}-2`),
    fail: (store, data) => store.forceFetch(data.poisonedKey),
  },
  {
    does: 'memo',
    operation: 'get',
    run: (store, data) => store.memo(`${data.newKey}-3`),
    fail: (store, data) => store.memo(data.poisonedKey),
  },
  { does: 'has', operation: 'has', run: (store, data) => store.has(firstKey(data)) },
  { does: 'find', operation: 'scan', entries: 1, run: (store, data) => store.find((_value, key) => key === firstKey(data)) },
  { does: 'find of nothing', operation: 'scan', run: (store) => store.find(() => false) },
  { does: 'set', operation: 'set', run: (store, { newKey, newValue }) => store.set(newKey, newValue) === store },
  { does: 'set of undefined', operation: 'delete', run: (store, data) => store.set(firstKey(data), undefined) === store },
  { does: 'delete', operation: 'delete', run: (store, data) => store.delete(firstKey(data)) },
  { does: 'pop', operation: 'delete', run: (store) => typeof store.pop() },
  { does: 'load', operation: 'batch', entries: 4, run: (store, data) => store.load(dumped(data)) },
  // After `load`, which leaves four entries.
  { does: 'clear', operation: 'clear', run: (store) => store.clear() },
]

/** In the order of the suite, the cache is empty when `dump` runs; alone, it has three entries. */
const dump: Action<Store> = { does: 'dump', operation: 'scan', entries: 3, run: (store) => store.dump().length }

for (const [kind, { LRUCache }] of Object.entries(builds)) {
  storeSuite<Store>({
    kind,
    test,
    actions: [dump, ...actions],
    create({ entries, poisonedKey, error }) {
      const compute = (key: string): string => {
        if (key === poisonedKey) throw error
        return 'a value'
      }
      const store = new LRUCache<string, string>({
        max: 1000,
        maxSize: 1_000_000,
        sizeCalculation: (value) => value.length,
        fetchMethod: async (key) => compute(key),
        memoMethod: compute,
      })
      for (const [key, value] of entries) store.set(key, value)
      return store
    },
  })
}
