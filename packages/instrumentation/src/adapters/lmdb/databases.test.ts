import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
