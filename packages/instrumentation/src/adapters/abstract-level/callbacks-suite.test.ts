import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level1'
import { MemoryLevel } from 'memory-level1'
import { afterAll, test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'
import { snapshotMetricNames } from './snapshots.ts'

/** A database of abstract-level 1. */
type Database = Pick<
  MemoryLevel<string, string>,
  'batch' | 'clear' | 'close' | 'del' | 'get' | 'getMany' | 'iterator' | 'keys' | 'open' | 'put' | 'values'
>
type Done = (error?: unknown, result?: unknown) => void
type Engine = (this: unknown, ...args: unknown[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-1-suite-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

function containsKey(argument: unknown, poisonedKey: string): boolean {
  return [argument].flat().some((one) => {
    const { key, gte } = one as { key?: unknown; gte?: unknown }
    return String(key ?? gte ?? one).includes(poisonedKey)
  })
}

/** Makes the engine call back with an error for the poisoned key, below the measured methods. */
function poisonEngine<Store extends object>(store: Store, { poisonedKey, error }: TestData): Store {
  const replace = (target: object, method: string, make: (original: Engine) => Engine): void => {
    Reflect.set(target, method, make(Reflect.get(target, method) as Engine))
  }
  const fail = (args: readonly unknown[]): void => process.nextTick(args.at(-1) as Done, error)
  for (const method of ['_get', '_getMany', '_put', '_del', '_batch', '_clear']) {
    replace(
      store,
      method,
      (original) =>
        function (...args) {
          return containsKey(args[0], poisonedKey) ? fail(args) : original.apply(this, args)
        },
    )
  }
  for (const method of ['_iterator', '_keys', '_values']) {
    replace(
      store,
      method,
      (original) =>
        function (...args) {
          const iterator = original.apply(this, args) as object
          if (!containsKey(args[0], poisonedKey)) return iterator
          for (const read of ['_next', '_nextv', '_all'])
            replace(
              iterator,
              read,
              () =>
                (...readArgs) =>
                  fail(readArgs),
            )
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

/** Calls a function that takes a callback last. */
const callBack = (call: (done: Done) => unknown): Promise<unknown> =>
  new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))))

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
  {
    does: 'get with a callback',
    operation: 'get',
    run: (db, data) => callBack((done) => db.get(firstKey(data), done)),
    fail: (db, { poisonedKey }) => callBack((done) => db.get(poisonedKey, done)),
  },
  {
    does: 'get of a key that is not there',
    operation: 'get',
    run: (db, { newKey }) => db.get(newKey).catch((error: { code: string }) => error.code),
  },
  {
    does: 'getMany',
    operation: 'get_many',
    run: (db, data) => db.getMany([firstKey(data), data.newKey]),
    fail: (db, data) => db.getMany([firstKey(data), data.poisonedKey]),
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
  { does: 'keys().all()', operation: 'scan', entries: 3, run: (db) => db.keys().all() },
  { does: 'values({ limit: 2 }).all()', operation: 'scan', entries: 2, run: (db) => db.values({ limit: 2 }).all() },
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

const kinds: Readonly<Record<string, (data: TestData) => Promise<Database>>> = {
  'memory-level 1': (data) => fillStore(new MemoryLevel<string, string>(), data),
  'classic-level 1': (data) => fillStore(new ClassicLevel<string, string>(mkdtempSync(join(folders, 'db-'))), data),
  'a sublevel of memory-level 1': (data) => fillStore(new MemoryLevel<string, string>().sublevel('part') as never, data),
}

for (const [kind, create] of Object.entries(kinds)) {
  storeSuite<Database>({
    kind,
    test,
    create,
    close: (db) => db.close(),
    actions,
    missingOperations: ['has'],
    optionalMetrics: snapshotMetricNames,
  })
}
