import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as lmdb from 'lmdb'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { type Measured, readMeasured } from '../../testing/index.ts'

const { open, ABORT } = lmdb
type Database = lmdb.RootDatabase<unknown, string>

const folders = mkdtempSync(join(tmpdir(), 'lmdb-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

function openDatabase(options: lmdb.RootDatabaseOptions = {}): { db: Database; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  const db = instrument(open<unknown, string>(mkdtempSync(join(folders, 'db-')), { noSync: true, ...options }), {
    name: 'orders',
    registry,
  })
  onTestFinished(async () => {
    await nextTurn()
    // lmdb 2 throws when it is closed twice.
    if (Reflect.get(db, 'status') === 'open') await db.close()
  })
  return { db, registry }
}

/** Returns what was measured, without the operations that were not performed. */
function readPerformed(registry: MetricsRegistry, store = 'orders'): Record<string, Measured> {
  return Object.fromEntries(Object.entries(readMeasured(registry, store)).filter(([, { operations }]) => operations > 0))
}

function readValue(registry: MetricsRegistry, name: string, store = 'orders'): unknown {
  return registry.getAllMetrics().find((metric) => metric.name === name && metric.labels['store'] === store)?.value
}

const one = { operations: 1, errors: 0 }

test('writes of one turn share one promise, as they do unmeasured, and each is in flight until it is committed', async () => {
  const { db, registry } = openDatabase({ noSync: false, separateFlushed: true })
  const promises = [db.put('a', 1), db.put('b', 2), db.remove('c')]
  expect(new Set(promises).size).toBe(1)
  expect(promises[0]).toHaveProperty('flushed', expect.any(Promise))
  expect(readValue(registry, 'db_queue_depth')).toBe(3)
  expect(await Promise.all(promises)).toEqual([true, true, true])
  expect(readValue(registry, 'db_queue_depth')).toBe(0)
  expect(readPerformed(registry)).toEqual({ set: { operations: 2, errors: 0 }, delete: one })
})

test('a write in a transaction is one of its entries; a read is an operation', async () => {
  const { db, registry } = openDatabase()
  let inside: { isSync?: boolean } | undefined
  db.transactionSync(() => {
    inside = db.put('a', 1) as { isSync?: boolean }
    db.putSync('b', 2)
    db.removeSync('a')
    expect(db.get('b')).toBe(2)
  })
  expect(inside?.isSync).toBe(true)
  expect(await db.transaction(() => [db.put('c', 3), db.get('c')].length)).toBe(2)
  expect(readPerformed(registry)).toEqual({
    batch: { operations: 2, errors: 0, entries: 4 },
    get: { operations: 2, errors: 0 },
  })
  expect(readValue(registry, 'db_transaction_commits_total')).toBe(2)
})

test('every write while a transaction waits is one of its entries', async () => {
  const { db, registry } = openDatabase()
  const began = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  const transaction = db.transaction(async () => {
    db.put('a', 1)
    began.resolve()
    await resumed.promise
    db.put('b', 2)
  })
  await began.promise
  db.put('meanwhile', 3)
  expect(db.transactionSync(() => void db.put('nested', 4))).toBeUndefined()
  resumed.resolve()
  await transaction
  await db.put('afterwards', 5)
  expect(readPerformed(registry)).toEqual({ batch: { operations: 1, errors: 0, entries: 4 }, set: one })
})

test('a nested transaction is part of the outer one, without its entries if it is aborted', async () => {
  const { db, registry } = openDatabase()
  db.transactionSync(() => {
    db.put('a', 1)
    db.transactionSync(() => void db.put('b', 2))
    db.transactionSync(() => {
      db.put('c', 3)
      return ABORT
    })
    db.transaction(() => db.put('d', 4))
    db.batch(() => db.put('e', 5))
  })
  expect([...db.getKeys()]).toEqual(['a', 'b', 'd', 'e'])
  expect(readPerformed(registry)['batch']).toEqual({ operations: 1, errors: 0, entries: 4 })
  expect(readValue(registry, 'db_transaction_commits_total')).toBe(1)
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(0)
})

test('a transaction that is aborted, or has a callback that throws, counts as an abort if LMDB discards its writes', async () => {
  const { db, registry } = openDatabase()
  const failing = (): never => {
    db.put('a', 1)
    throw new RangeError('callback failed')
  }
  const abort = () => {
    db.put('a', 1)
    return ABORT
  }
  expect(() => db.transactionSync(failing)).toThrow(RangeError)
  expect(db.transactionSync(abort)).toBe(ABORT)
  await expect(db.childTransaction(failing)).rejects.toThrow(RangeError)
  expect(await db.childTransaction(abort)).toBe(ABORT)
  expect(db.doesExist('a')).toBe(false)
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(4)
  await expect(db.transaction(failing)).rejects.toThrow(RangeError)
  expect(db.doesExist('a')).toBe(true)
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(4)
  expect(readValue(registry, 'db_transaction_commits_total')).toBe(1)
  expect(readPerformed(registry)['batch']).toEqual({ operations: 5, errors: 3, entries: 0 })
})

test('lmdb commits a queued child transaction whose asynchronous callback resolves to ABORT, so it counts as a commit', async () => {
  const { db, registry } = openDatabase()
  const abortLate = async () => {
    db.put('a', 1)
    return ABORT
  }
  expect(await db.childTransaction(abortLate)).toBe(ABORT)
  expect(db.doesExist('a')).toBe(true)
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(0)
  expect(readPerformed(registry)['batch']).toEqual({ operations: 1, errors: 0, entries: 1 })
  const abortSync: unknown = db.transactionSync(async () => {
    await nextTurn()
    db.put('b', 1)
    return ABORT
  })
  expect(await abortSync).toBe(ABORT)
  expect(db.doesExist('b')).toBe(false)
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(1)
})

test('a callback that returns the promise of its write keeps its transaction open until the write settles', async () => {
  const { db, registry } = openDatabase()
  await db.transactionSync(() => db.put('a', 1))
  await db.put('b', 2)
  expect(readPerformed(registry)).toEqual({ batch: { operations: 1, errors: 0, entries: 1 }, set: one })
})

test('a batch object counts as one batch when it is written', async () => {
  const { db, registry } = openDatabase()
  const batch = Reflect.apply(db.batch, db, []) as { put(key: string, value: unknown): void; write(): Promise<boolean> }
  batch.put('a', 1)
  batch.put('b', 2)
  expect(readPerformed(registry)).toEqual({})
  expect(await batch.write()).toBe(true)
  expect(readPerformed(registry)).toEqual({ batch: { operations: 1, errors: 0, entries: 2 } })
})

test('in the callback of a batch, only writes that commit on their own are operations', async () => {
  const { db, registry } = openDatabase()
  await db.batch(() => {
    db.put('a', 1)
    db.putSync('b', 2)
    db.get('b')
  })
  expect(readPerformed(registry)).toEqual({ batch: { operations: 1, errors: 0, entries: 1 }, set: one, get: one })
})

test('a condition that does not hold is not an error', async () => {
  const { db, registry } = openDatabase({ useVersions: true })
  expect(await db.put('a', 1, 7)).toBe(true)
  expect(await db.put('a', 2, 9, 8)).toBe(false)
  expect(await db.ifVersion('a', 8, () => db.put('b', 1))).toBe(false)
  expect(readPerformed(registry)).toEqual({ set: { operations: 2, errors: 0 }, batch: { operations: 1, errors: 0, entries: 0 } })
})

test('calls on a closed database fail and are counted', async () => {
  const { db, registry } = openDatabase()
  await db.close()
  expect(() => db.get('a')).toThrow('closed database')
  expect(() => db.put('a', 1)).toThrow('Database is closed')
  expect(() => db.transactionSync(() => 1)).toThrow('closed')
  const failed = { operations: 1, errors: 1 }
  expect(readPerformed(registry)).toEqual({ get: failed, set: failed, batch: { ...failed, entries: 0 } })
  expect(readValue(registry, 'db_transaction_aborts_total')).toBe(0)
})

test('operations in flight at uninstrument are counted, later ones are not', async () => {
  const { db, registry } = openDatabase()
  const written = db.put('a', 1)
  uninstrument(db)
  await db.put('b', 2)
  await written
  expect(readPerformed(registry)).toEqual({ set: one })
})
