import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { open, type RootDatabase } from 'lmdb'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

const folders = mkdtempSync(join(tmpdir(), 'lmdb-databases-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

function openDatabase() {
  const registry = new MetricsRegistry()
  const root: RootDatabase<unknown, string> = open(mkdtempSync(join(folders, 'db-')), { noSync: true })
  onTestFinished(() => root.close())
  const count = (store: string) => {
    const { set, get, batch } = readMeasured(registry, store)
    return { sets: set?.operations, gets: get?.operations, batches: batch?.operations, entries: batch?.entries }
  }
  return { root, registry, count }
}

test('databases that are opened from a measured one have its name', async () => {
  const { root, registry, count } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const users = root.openDB<unknown, string>('users', {}) as RootDatabase<unknown, string>
  const names = users.openDB<unknown, string>({ name: 'names' })
  await root.put('a', 1)
  await users.put('a', 1)
  await names.put('a', 1)
  root.transactionSync(() => {
    users.put('b', 2)
    names.put('b', 2)
  })
  expect(users.get('b')).toBe(2)
  expect(count('shop')).toEqual({ sets: 3, gets: 1, batches: 1, entries: 2 })
})

test('openDB returns undefined for a missing database that must not be created', () => {
  const { root, registry } = openDatabase()
  instrument(root, { name: 'shop', registry })
  expect(root.openDB('absent', { create: false } as object)).toBeUndefined()
})

test('a database that is instrumented itself has only its own name', async () => {
  const { root, registry, count } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const users = instrument(root.openDB<unknown, string>('users', {}), { name: 'users', registry })
  await users.put('a', 1)
  await root.put('a', 1)
  root.transactionSync(() => void users.put('b', 2))
  expect(count('users')).toEqual({ sets: 2, gets: 0, batches: 0, entries: 0 })
  expect(count('shop')).toEqual({ sets: 1, gets: 0, batches: 1, entries: 0 })
  expect(uninstrument(users)).toBe(true)
  await users.put('c', 3)
  expect(count('users')).toMatchObject({ sets: 2 })
  expect(count('shop')).toMatchObject({ sets: 1 })
})

test('uninstrument restores all databases of the environment', async () => {
  const { root, registry, count } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const users = root.openDB<unknown, string>('users', {})
  const measuredKeys = Reflect.ownKeys(users)
  expect(uninstrument(root)).toBe(true)
  await users.put('a', 1)
  expect(count('shop')).toMatchObject({ sets: 0 })
  const kept = Reflect.ownKeys(users)
  expect(kept).not.toEqual(measuredKeys)
  expect(kept).toEqual(Reflect.ownKeys(root.openDB('others', {})))
})

test('a closed database is restored', async () => {
  const { root, registry, count } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const users = root.openDB<unknown, string>('users', {})
  await users.put('a', 1)
  const before = Object.getOwnPropertyDescriptor(users, 'put')
  await users.close()
  expect(before).toBeDefined()
  expect(Object.getOwnPropertyDescriptor(users, 'put')).toBeUndefined()
  expect(count('shop')).toMatchObject({ sets: 1 })
})

test('handles that the application drops are garbage collected, and their database remains measured', async () => {
  const { root, registry } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const handles: Array<WeakRef<object>> = []
  const use = (index: number): void => {
    const users = root.openDB<unknown, string>('users', {})
    users.putSync(`user ${index}`, index)
    handles.push(new WeakRef(users))
  }
  for (let index = 0; index < 20; index++) use(index)
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const alive = (): number => handles.filter((handle) => handle.deref() !== undefined).length
  for (let tries = 0; tries < 50 && alive() > 1; tries++) {
    await sleep(1)
    collectGarbage()
  }
  // lmdb keeps the last handle of a name.
  expect(alive()).toBe(1)
  await registry.collectors.collectNow()
  const entries = () => registry.getAllMetrics().find(({ name }) => name === 'db_entries')?.value
  expect(entries()).toBe(20)
  expect(uninstrument(root)).toBe(true)
})

test('a handle is measured once, also if openDB returns it again', async () => {
  const { root, registry, count } = openDatabase()
  const users = root.openDB<unknown, string>('users', {})
  Reflect.set(root, 'openDB', () => users)
  instrument(root, { name: 'shop', registry })
  expect([root.openDB('users', {}), root.openDB('users', {})]).toEqual([users, users])
  await users.put('a', 1)
  expect(count('shop')).toMatchObject({ sets: 1 })
})

test('a handle that cannot be closed is an error, and its caller gets it', () => {
  const { root, registry } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const users = root.openDB<unknown, string>('users', {})
  users.dropSync()
  expect(() => users.close()).toThrow('not open')
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors).toMatchObject([{ labels: { operation: 'close', error_type: '_OTHER' }, value: 1 }])
})

test('the class of the databases is restored with the last measured one', () => {
  const { root, registry } = openDatabase()
  const databases = [root, root.openDB('users', {}), root.openDB('orders', {})]
  const close = Reflect.get(Object.getPrototypeOf(root), 'close')
  for (const database of databases) instrument(database, { name: 'shop', registry })
  expect(Reflect.get(Object.getPrototypeOf(root), 'close')).not.toBe(close)
  for (const database of databases) expect(uninstrument(database)).toBe(true)
  expect(Reflect.get(Object.getPrototypeOf(root), 'close')).toBe(close)
})

test('a name that is used again is counted again, and one that is not is forgotten', async () => {
  const { root, registry } = openDatabase()
  instrument(root, { name: 'shop', registry })
  const entries = async () => {
    await registry.collectors.collectNow()
    return registry.getAllMetrics().find(({ name }) => name === 'db_entries')?.value
  }
  for (let index = 1; index <= 3; index++) {
    const session = root.openDB<unknown, string>('session', {})
    await session.put('a', index)
    await session.put('b', index)
    expect(await entries()).toBe(2)
    await session.drop()
    expect(await entries()).toBe(0)
  }
})
