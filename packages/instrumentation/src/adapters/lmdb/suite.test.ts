import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { afterAll, test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'

type Database = RootDatabase<string, string>

const folders = mkdtempSync(join(tmpdir(), 'lmdb-suite-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const allKeys = ({ entries }: TestData): string[] => entries.map(([key]) => key)
/** Longer than LMDB's longest key. */
const tooLong = 'x'.repeat(5000)

function putBoth(db: Database, { newKey, newValue }: TestData): void {
  db.put(newKey, newValue)
  db.put(`${newKey}-2`, newValue)
}

/** The order matters: keys are read before they are removed. */
const actions: ReadonlyArray<Action<Database>> = [
  { does: 'get', operation: 'get', run: (db, data) => db.get(firstKey(data)), fail: (db) => db.get(tooLong) },
  { does: 'get of a key that is not there', operation: 'get', run: (db, data) => db.get(data.newKey) },
  { does: 'getEntry', operation: 'get', run: (db, data) => db.getEntry(firstKey(data)), fail: (db) => db.getEntry(tooLong) },
  { does: 'getBinary', operation: 'get', run: (db, data) => db.getBinary(firstKey(data)), fail: (db) => db.getBinary(tooLong) },
  { does: 'doesExist', operation: 'has', run: (db, data) => db.doesExist(firstKey(data)), fail: (db) => db.doesExist(tooLong) },
  {
    does: 'getMany',
    operation: 'get_many',
    run: (db, data) => db.getMany(allKeys(data)),
    fail: (db) => Reflect.apply(db.getMany, db, []),
  },
  {
    does: 'getMany with a callback',
    operation: 'get_many',
    run: (db, data) => new Promise((resolve) => db.getMany(allKeys(data), (...answer) => resolve(answer))),
  },
  { does: 'getRange', operation: 'scan', entries: 3, run: (db) => [...db.getRange({ end: 'suite-key-u' })] },
  { does: 'getKeys', operation: 'scan', entries: 2, run: (db) => [...db.getKeys({ limit: 2 })] },
  { does: 'getCount', operation: 'scan', run: (db) => db.getCount({ end: 'suite-key-u' }) },
  {
    does: 'put',
    operation: 'set',
    run: (db, { newKey, newValue }) => db.put(newKey, newValue),
    fail: (db, { newValue }) => db.put(tooLong, newValue),
  },
  {
    does: 'put with a callback',
    operation: 'set',
    run: (db, { newKey, newValue }) => new Promise((resolve) => Reflect.apply(db.put, db, [newKey, newValue, resolve])),
  },
  {
    does: 'putSync',
    operation: 'set',
    run: (db, { newKey, newValue }) => db.putSync(newKey, newValue),
    fail: (db, { newValue }) => db.putSync(tooLong, newValue),
  },
  { does: 'remove', operation: 'delete', run: (db, data) => db.remove(firstKey(data)), fail: (db) => db.remove(tooLong) },
  { does: 'removeSync', operation: 'delete', run: (db, data) => db.removeSync(firstKey(data)) },
  {
    does: 'batch',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.batch(() => putBoth(db, data)),
    fail: (db, { newValue }) => db.batch(() => db.put(tooLong, newValue)),
  },
  {
    does: 'batch with an array',
    operation: 'batch',
    entries: 2,
    run: (db, data) =>
      Reflect.apply(db.batch, db, [
        [
          { type: 'put', key: data.newKey, value: data.newValue },
          { type: 'del', key: firstKey(data) },
        ],
      ]),
  },
  {
    does: 'ifNoExists that holds',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.ifNoExists(`${data.newKey}-3`, () => putBoth(db, data)),
  },
  {
    does: 'ifNoExists that does not hold',
    operation: 'batch',
    run: (db, data) => db.ifNoExists(allKeys(data)[1] ?? '', () => putBoth(db, data)),
  },
  {
    does: 'transaction',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.transaction(() => putBoth(db, data)),
    fail: (db, { error }) =>
      db.transaction(() => {
        throw error
      }),
  },
  {
    does: 'transactionSync',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.transactionSync(() => putBoth(db, data)),
    fail: (db, { error }) =>
      db.transactionSync(() => {
        throw error
      }),
  },
  {
    does: 'childTransaction',
    operation: 'batch',
    entries: 2,
    run: (db, data) => db.childTransaction(() => putBoth(db, data)),
    fail: (db, { error }) =>
      db.childTransaction(() => {
        throw error
      }),
  },
  { does: 'clearAsync', operation: 'clear', run: (db) => db.clearAsync() },
  { does: 'clearSync', operation: 'clear', run: (db) => db.clearSync() },
]

storeSuite<Database>({
  kind: 'lmdb',
  test,
  async create(data) {
    const db = open<string, string>(mkdtempSync(join(folders, 'db-')), { noSync: true })
    for (const [key, value] of data.entries) db.put(key, value)
    await db.committed
    return db
  },
  async close(db) {
    // After a rejected write, lmdb runs a task at the end of the turn, which would fail in a closed store.
    await new Promise((resolve) => setImmediate(resolve))
    // lmdb 2 throws when it is closed twice.
    if (Reflect.get(db, 'status') === 'open') await db.close()
  },
  actions,
})
