import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { ABORT, type Database, open, type RootDatabase, type RootDatabaseOptions } from 'lmdb'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import type { MeasuredStore } from '../../registry/measured-stores.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

const folders = mkdtempSync(join(tmpdir(), 'lmdb-probe-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

/** Returns all values. */
const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

interface MeasuredDatabase<Store> {
  readonly db: Store
  readonly registry: MetricsRegistry
  readonly store: MeasuredStore
}

function measure<Store extends Database>(db: Store, registry = new MetricsRegistry()): MeasuredDatabase<Store> {
  instrument(db, { name: 'orders', registry })
  return { db, registry, store: registry.stores.list().at(-1) as MeasuredStore }
}

function openDatabase(
  options: RootDatabaseOptions = {},
  path = mkdtempSync(join(folders, 'db-')),
): MeasuredDatabase<RootDatabase> {
  const db = open(path, { noSync: true, ...options })
  onTestFinished(async () => {
    await nextTurn()
    // lmdb 2 throws when it is closed twice.
    if (Reflect.get(db, 'status') === 'open') await db.close()
  })
  return measure(db)
}

async function runProbe({ store, registry }: MeasuredDatabase<unknown>): Promise<void> {
  const probe = store.probe()
  const before = readValues(registry)
  const expectUnmeasured = async () => {
    await nextTurn()
    expect(readValues(registry)).toEqual(before)
  }
  expect(await probe?.read('probe key')).toBeUndefined()
  const written = probe?.write?.('probe key', 'a value')
  expect(readValues(registry)).toEqual(before)
  await written
  await expectUnmeasured()
  expect(await probe?.read('probe key')).toBe('a value')
  await expectUnmeasured()
  await probe?.remove?.('probe key')
  expect(await probe?.read('probe key')).toBeUndefined()
  await expectUnmeasured()
}

const writable: Readonly<Record<string, readonly [options: RootDatabaseOptions, key: string | Buffer, value: unknown]>> = {
  'by default': [{}, 'a', { b: 1 }],
  'of JSON': [{ encoding: 'json' }, 'a', { b: 1 }],
  'of text': [{ encoding: 'string' }, 'a', 'b'],
  'of ordered bytes': [{ encoding: 'ordered-binary' }, 'a', 5],
  'of bytes': [{ encoding: 'binary' }, 'a', Buffer.from('b')],
  'with keys of bytes': [{ keyEncoding: 'binary' }, Buffer.from('a'), 'b'],
  'with versions': [{ useVersions: true }, 'a', 'b'],
  'with a cache': [{ cache: true }, 'a', 'b'],
  'with compression': [{ compression: true }, 'a', 'b'],
  'with shared structures': [{ sharedStructuresKey: Symbol.for('structures') }, 'a', { b: 1 }],
}

for (const [kind, [options, key, value]] of Object.entries(writable)) {
  test(`a database ${kind} is probed, and its metrics and entries do not change`, async () => {
    const measured = openDatabase(options)
    await measured.db.put(key, value)
    const before = [...measured.db.getRange()]
    expect(before.map((entry) => entry.value)).toContainEqual(value)
    await runProbe(measured)
    expect([...measured.db.getRange()]).toEqual(before)
  })
}

const readable: Readonly<Record<string, readonly [options: RootDatabaseOptions, key: string | number]>> = {
  'whose keys are numbers': [{ keyEncoding: 'uint32' }, 5],
  'with several values under a key': [{ dupSort: true, encoding: 'ordered-binary' }, 'a'],
  'with an encoder that is not for text': [
    { encoder: { encode: (value: number) => Buffer.from([Number(value)]), decode: (bytes: Uint8Array) => bytes[0] } as never },
    'a',
  ],
}

for (const [kind, [options, key]] of Object.entries(readable)) {
  test(`a database ${kind} is probed by reading only`, async () => {
    const { db, store, registry } = openDatabase(options)
    await db.put(key, 7)
    const before = readValues(registry)
    expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
    expect(await store.probe()?.read('probe key')).toBeUndefined()
    expect(readValues(registry)).toEqual(before)
    expect([...db.getRange()]).toMatchObject([{ key, value: 7 }])
  })
}

test('a write of the probe resolves when it is committed', async () => {
  const { store, db } = openDatabase()
  const commits: string[] = []
  const { put } = db
  const observed = (...args: unknown[]): Promise<boolean> => {
    const committed: Promise<boolean> = Reflect.apply(put, db, args)
    committed.then(() => commits.push('committed'))
    return committed
  }
  Reflect.set(db, 'put', observed)
  await store.probe()?.write?.('probe key', 'a value')
  expect(commits).toEqual(['committed'])
})

test('a database that was opened from another one is probed by reading only', async () => {
  const { db, registry } = openDatabase()
  const child = db.openDB('child', {})
  await child.put('a', 1)
  const { store } = measure(child, registry)
  const before = readValues(registry)
  expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
  expect(await store.probe()?.read('probe key')).toBeUndefined()
  expect(readValues(registry)).toEqual(before)
  expect([...child.getKeys()]).toEqual(['a'])
  expect([...db.getKeys()]).toEqual(['child'])
})

test('a closed database has no probe, nor has one opened from it', async () => {
  const db = open(mkdtempSync(join(folders, 'db-')), { noSync: true })
  const { store } = measure(db)
  const { store: ofChild } = measure(db.openDB('child', {}))
  const probes = [store.probe(), ofChild.probe()]
  await db.close()
  expect([store.state(), store.probe(), ofChild.state(), ofChild.probe()]).toEqual(['closed', undefined, 'closed', undefined])
  for (const probe of probes) await expect(probe?.read('a')).rejects.toThrow('the database is closed')
  await expect(probes[0]?.write?.('a', 'b')).rejects.toThrow('the database is closed')
  await expect(probes[0]?.remove?.('a')).rejects.toThrow('the database is closed')
})

test('the probe does not take part in a transaction of the application', async () => {
  const { db, store, registry } = openDatabase()
  await db.put('a', 1)
  const began = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  const transaction: unknown = db.transactionSync(async () => {
    db.put('b', 2)
    began.resolve()
    await resumed.promise
    expect([...db.getKeys()]).toEqual(['a', 'b'])
    return ABORT
  })
  await began.promise
  const probe = store.probe()
  const written = probe?.write?.('probe key', 'a value')
  expect(await probe?.read('a')).toBe('1')
  await sleep(30)
  resumed.resolve()
  await transaction
  await written
  expect(await probe?.read('probe key')).toBe('a value')
  await probe?.remove?.('probe key')
  expect([...db.getKeys()]).toEqual(['a'])
  expect(registry.counter('db_transaction_aborts_total', { store: 'orders' }).value).toBe(1)
})

test('the value is read from the database, not from its cache', async () => {
  const { db, store } = openDatabase({ cache: true })
  const { cache } = db as unknown as { cache: Map<string, unknown> & { setValue(key: string, value: unknown): void } }
  const probe = store.probe()
  await probe?.write?.('probe key', 'a value')
  cache.setValue('probe key', 'another value')
  expect(await probe?.read('probe key')).toBe('a value')
})

test('a folder that cannot be read is no error', () => {
  const path = mkdtempSync(join(folders, 'db-'))
  const db = open(path, { noSync: true })
  onTestFinished(() => db.close())
  // Longer than a path may be: unlike a missing file, this is an error of `stat`.
  Reflect.set(Reflect.get(db, 'env'), 'path', join(path, 'x'.repeat(5000)))
  const { store } = measure(db)
  expect(store.directory()).toBeUndefined()
})

test('the directory is the folder of the data file', () => {
  const folder = mkdtempSync(join(folders, 'db-'))
  expect(openDatabase({}, folder).store.directory()).toBe(folder)
  expect(openDatabase({}, join(folder, 'orders.mdb')).store.directory()).toBe(folder)
})

test('a database that is opened for reading is measured, and probed by reading only', async () => {
  const path = mkdtempSync(join(folders, 'db-'))
  await openDatabase({}, path).db.put('a', 'b')
  const reading = openDatabase({ readOnly: true }, path)
  expect(reading.db.get('a')).toBe('b')
  expect(reading.registry.counter('db_get_operations_total', { store: 'orders' }).value).toBe(1)
  const probe = reading.store.probe()
  expect(Object.keys(probe ?? {})).toEqual(['read'])
  expect(await probe?.read('probe key')).toBeUndefined()
  expect(reading.registry.counter('db_get_operations_total', { store: 'orders' }).value).toBe(1)
})
