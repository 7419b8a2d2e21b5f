import { endianness } from 'node:os'
import { join } from 'node:path'
import { randomFrom } from '@wombat/test-support/random'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import * as lmdb from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../src/instrument.ts'
import { MetricsRegistry } from '../../src/registry/registry.ts'
import { readDataFile } from './data-file.ts'

type Root = lmdb.RootDatabase<string, string>

async function openDatabase() {
  const path = await temporaryFolder()
  const registry = new MetricsRegistry()
  const root: Root = instrument(lmdb.open({ path, noSync: true, pageSize: 4096 }), { name: 'shop', registry })
  onTestFinished(() => root.close())
  const value = async (name: string) => {
    await registry.collectors.collectNow()
    return registry.getAllMetrics().find((metric) => metric.name === name)?.value as number | undefined
  }
  return {
    root,
    file: join(path, 'data.mdb'),
    freeBytes: () => value('db_free_bytes'),
    mapUsedBytes: () => value('db_map_used_bytes'),
  }
}

const isReadable = endianness() === 'LE' && process.arch.endsWith('64')

test.runIf(isReadable)('the free bytes are those of the list of free pages in the data file, after any writes', async () => {
  const { root, file, freeBytes } = await openDatabase()
  const random = randomFrom(7)
  const pick = (below: number): number => Math.floor(random() * below)
  const databases = ['a', 'b', 'c'].map((name) => root.openDB<string, string>(name, {}))
  for (let round = 0; round < 60; round++) {
    const database = databases[pick(databases.length)] as lmdb.Database<string, string>
    const writes = pick(60)
    for (let index = 0; index < writes; index++) {
      const key = `key ${pick(300)}`
      if (random() < 0.6) database.put(key, 'x'.repeat(pick(pick(9000) + 1)))
      else database.remove(key)
    }
    await database.committed
    if (random() < 0.1) await database.clearAsync()
    if (random() < 0.2) {
      const result = random() < 0.5 ? lmdb.ABORT : undefined
      root.transactionSync(() => {
        for (let index = 0; index < 10; index++) database.putSync(`large ${index}`, 'y'.repeat(pick(20_000)))
        return result
      })
    }
    const { free, total, inTrees } = readDataFile(file)
    expect(await freeBytes()).toBe(free.size * 4096)
    // No page is lost.
    expect(free.size + inTrees.size).toBe(total)
  }
})

test('the file grows only when the free pages are used up', async () => {
  const { root, freeBytes, mapUsedBytes } = await openDatabase()
  const users = root.openDB<string, string>('users', {})
  for (let index = 0; index < 500; index++) users.put(`key ${index}`, 'x'.repeat(2000))
  await users.committed
  await users.clearAsync()
  // lmdb reuses pages two commits later.
  for (let index = 0; index < 3; index++) await users.put('key', String(index))
  const usedBytes = await mapUsedBytes()
  let free = (await freeBytes()) as number
  expect(free).toBeGreaterThan(500_000)
  for (let index = 0; (await mapUsedBytes()) === usedBytes; index++) {
    free = (await freeBytes()) as number
    await users.put(`key ${index}`, 'x'.repeat(2000))
  }
  // A commit needs copies of the pages down to the key, and of the list of free pages.
  expect(free).toBeLessThan(20 * 4096)
})

test('the free bytes are absent unless the pages of all databases are known', async () => {
  const { root, freeBytes } = await openDatabase()
  const users = root.openDB<string, string>('users', {})
  await users.put('a', '1')
  expect(await freeBytes()).toBeGreaterThanOrEqual(0)
  // It may be a database.
  await root.put('a', '1')
  expect(await freeBytes()).toBeUndefined()
  await root.remove('a')
  expect(await freeBytes()).toBeGreaterThanOrEqual(0)
  const tags = root.openDB<string, string>('tags', { dupSort: true, encoding: 'ordered-binary' })
  await tags.put('a', '1')
  expect(await freeBytes()).toBeUndefined()
  await tags.drop()
  expect(await freeBytes()).toBeGreaterThanOrEqual(0)
  // Not measured: the root did not open it.
  const another: Root = lmdb.open({ path: Reflect.get(root, 'path'), noSync: true })
  onTestFinished(() => another.close())
  const orders = another.openDB<string, string>('orders', {})
  await orders.put('a', '1')
  expect(await freeBytes()).toBeUndefined()
})

test.runIf(isReadable)(
  'the free bytes are those of the last commit, even if a read of this turn shows an earlier one',
  async () => {
    const { root, file, freeBytes } = await openDatabase()
    const users = root.openDB<string, string>('users', {})
    await users.put('a', '1')
    const another: Root = lmdb.open({ path: Reflect.get(root, 'path'), noSync: true })
    onTestFinished(() => another.close())
    const sameUsers = another.openDB<string, string>('users', {})
    for (let index = 0; index < 5; index++) {
      users.get('a')
      sameUsers.putSync(`key ${index}`, 'x'.repeat(10_000))
      expect(users.get(`key ${index}`)).toBeUndefined()
      expect(await freeBytes()).toBe(readDataFile(file).free.size * 4096)
    }
  },
)

test('in a transaction of the application the free bytes are absent', async () => {
  const { root, freeBytes } = await openDatabase()
  const users = root.openDB<string, string>('users', {})
  await root.transaction(async () => {
    users.put('b', '1')
    expect(await freeBytes()).toBeUndefined()
  })
  expect(await freeBytes()).toBeGreaterThanOrEqual(0)
})
