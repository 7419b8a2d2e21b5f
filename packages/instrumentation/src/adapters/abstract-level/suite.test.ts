import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel2 } from 'memory-level2'
import { afterAll, test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'
import { snapshotMetricNames } from './snapshots.ts'

type Database = AbstractLevel<string | Uint8Array, string, string>
type Engine = (this: unknown, ...args: unknown[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-suite-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

/** Returns whether a key, several keys or entries, or a range contain the poisoned key. */
function containsKey(argument: unknown, poisonedKey: string): boolean {
  return [argument].flat().some((one) => {
    const { key, gte } = one as { key?: unknown; gte?: unknown }
    return String(key ?? gte ?? one).includes(poisonedKey)
  })
}

/** Makes the engine fail on the poisoned key, below the measured methods. */
function poisonEngine<Store extends Database>(store: Store, { poisonedKey, error }: TestData): Store {
  const replace = (target: object, method: string, make: (original: Engine) => Engine): void => {
    Reflect.set(target, method, make(Reflect.get(target, method) as Engine))
  }
  const reject = () => () => Promise.reject(error)
  for (const method of ['_get', '_getMany', '_has', '_hasMany', '_put', '_del', '_batch', '_clear']) {
    replace(
      store,
      method,
      (original) =>
        function (...args) {
          return containsKey(args[0], poisonedKey) ? Promise.reject(error) : original.apply(this, args)
        },
    )
  }
  replace(
    store,
    '_getSync',
    (original) =>
      function (...args) {
        if (containsKey(args[0], poisonedKey)) throw error
        return original.apply(this, args)
      },
  )
  for (const method of ['_iterator', '_keys', '_values']) {
    replace(
      store,
      method,
      (original) =>
        function (...args) {
          const iterator = original.apply(this, args) as object
          if (containsKey(args[0], poisonedKey)) for (const read of ['_next', '_nextv', '_all']) replace(iterator, read, reject)
          return iterator
        },
    )
  }
  return store
}

async function fillStore<Store extends Database>(store: Store, data: TestData): Promise<Store> {
  await store.batch(data.entries.map(([key, value]) => ({ type: 'put', key, value })))
  return poisonEngine(store, data)
}

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const puts = ({ newKey, newValue }: TestData) => [
  { type: 'put' as const, key: newKey, value: newValue },
  { type: 'put' as const, key: `${newKey}-2`, value: newValue },
]

async function collectEntries(entries: AsyncIterable<[string, string]>): Promise<Array<[string, string]>> {
  const read: Array<[string, string]> = []
  for await (const entry of entries) read.push(entry)
  return read
}

const actions: ReadonlyArray<Action<Database>> = [
  {
    does: 'get',
    operation: 'get',
    run: (db, data) => db.get(firstKey(data)),
    fail: (db, { poisonedKey }) => db.get(poisonedKey),
  },
  { does: 'get of a key that is not there', operation: 'get', run: (db, { newKey }) => db.get(newKey) },
  {
    does: 'getSync',
    operation: 'get',
    run: (db, data) => db.getSync(firstKey(data)),
    fail: (db, { poisonedKey }) => db.getSync(poisonedKey),
  },
  {
    does: 'getMany',
    operation: 'get_many',
    run: (db, data) => db.getMany([firstKey(data), data.newKey]),
    fail: (db, data) => db.getMany([firstKey(data), data.poisonedKey]),
  },
  {
    does: 'has',
    operation: 'has',
    run: (db, data) => db.has(firstKey(data)),
    fail: (db, { poisonedKey }) => db.has(poisonedKey),
  },
  {
    does: 'hasMany',
    operation: 'has',
    run: (db, data) => db.hasMany([firstKey(data), data.newKey]),
    fail: (db, data) => db.hasMany([firstKey(data), data.poisonedKey]),
  },
  {
    does: 'iterator().all()',
    operation: 'scan',
    entries: 3,
    run: (db) => db.iterator().all(),
    fail: (db, { poisonedKey }) => db.iterator({ gte: poisonedKey }).all(),
  },
  {
    does: 'for await',
    operation: 'scan',
    entries: 3,
    run: (db) => collectEntries(db.iterator()),
    fail: (db, { poisonedKey }) => collectEntries(db.iterator({ gte: poisonedKey })),
  },
  {
    does: 'keys().all()',
    operation: 'scan',
    entries: 3,
    run: (db) => db.keys().all(),
    fail: (db, { poisonedKey }) => db.keys({ gte: poisonedKey }).all(),
  },
  {
    does: 'values({ limit: 2 }).all()',
    operation: 'scan',
    entries: 2,
    run: (db) => db.values({ limit: 2 }).all(),
    fail: (db, { poisonedKey }) => db.values({ gte: poisonedKey }).all(),
  },
  {
    does: 'put',
    operation: 'set',
    run: (db, { newKey, newValue }) => db.put(newKey, newValue),
    fail: (db, { poisonedKey, newValue }) => db.put(poisonedKey, newValue),
  },
  {
    does: 'batch([...])',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.batch(puts(data)),
    fail: (db, data) => db.batch([...puts(data), { type: 'del', key: data.poisonedKey }]),
  },
  {
    does: 'batch().put().write()',
    operation: 'batch',
    entries: 2,
    run: (db, data) =>
      puts(data)
        .reduce((batch, { key, value }) => batch.put(key, value), db.batch())
        .write(),
  },
  {
    does: 'del',
    operation: 'delete',
    run: (db, data) => db.del(firstKey(data)),
    fail: (db, { poisonedKey }) => db.del(poisonedKey),
  },
  {
    does: 'clear',
    operation: 'clear',
    run: (db, { newKey }) => db.clear({ gte: newKey }),
    fail: (db, { poisonedKey }) => db.clear({ gte: poisonedKey }),
  },
]

storeSuite<Database>({
  kind: 'memory-level',
  test,
  create: (data) => fillStore(new MemoryLevel(), data),
  close: (db) => db.close(),
  actions,
})

storeSuite<Database>({
  kind: 'classic-level',
  test,
  create: (data) => fillStore(new ClassicLevel(mkdtempSync(join(folders, 'db-'))), data),
  close: (db) => db.close(),
  actions,
})

storeSuite<Database>({
  kind: 'a sublevel',
  test,
  create: (data) => fillStore(new MemoryLevel().sublevel('part'), data),
  close: (db) => db.close(),
  actions,
  optionalMetrics: snapshotMetricNames,
})

const newMethods = ['getSync', 'has', 'hasMany']

storeSuite<Database>({
  kind: 'memory-level 2',
  test,
  create: (data) => fillStore(new MemoryLevel2() as unknown as Database, data),
  close: (db) => db.close(),
  actions: actions.filter(({ does }) => !newMethods.includes(does)),
  missingOperations: ['has'],
  optionalMetrics: snapshotMetricNames,
})
