import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LRUCache } from 'lru-cache'
import NodeCache from 'node-cache'
import QuickLRU from 'quick-lru'
import { afterAll, expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import type { MeasuredStore } from '../registry/measured-stores.ts'
import { MetricsRegistry } from '../registry/registry.ts'

interface Sqlite {
  exec(sql: string): unknown
  close(): unknown
}

const BetterSqlite: new (path: string) => Sqlite = createRequire(import.meta.url)('better-sqlite3')
const folder = mkdtempSync(join(tmpdir(), 'read-only-probe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns all values. */
const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

function measure(one: object): { store: MeasuredStore; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  instrument(one, { name: 'cache', registry })
  return { store: registry.stores.list()[0] as MeasuredStore, registry }
}

interface Cache {
  set(key: string, value: unknown): unknown
  keys(): Iterable<string>
}

const caches: Readonly<Record<string, () => Cache>> = {
  'a Map': () => new Map(),
  'quick-lru': () => new QuickLRU<string, unknown>({ maxSize: 2 }),
  'lru-cache': () => new LRUCache<string, object>({ max: 2 }) as Cache,
  'node-cache': () => new NodeCache({ maxKeys: 2 }),
}

for (const [kind, make] of Object.entries(caches)) {
  test(`${kind} that is full is probed by reading only: nothing is evicted, and nothing measured`, async () => {
    const cache = make()
    const { keys } = cache
    const listKeys = () => [...keys.call(cache)]
    const { store, registry } = measure(cache)
    cache.set('a', 1)
    cache.set('b', 2)
    const before = [readValues(registry), listKeys()]
    expect(store.state()).toBe('open')
    expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
    expect(await store.probe()?.read('probe key')).toBeUndefined()
    expect([readValues(registry), listKeys()]).toEqual(before)
    expect(store.directory()).toBeUndefined()
  })
}

const databases: Readonly<Record<string, (path: string) => Sqlite>> = {
  'node:sqlite': (path) => new DatabaseSync(path),
  'better-sqlite3': (path) => new BetterSqlite(path),
}

for (const [kind, open] of Object.entries(databases)) {
  test(`${kind} is probed by reading its file while it is open`, async () => {
    const path = join(folder, `${kind.replace(':', '-')}.db`)
    const database = open(path)
    database.exec('CREATE TABLE orders (id INTEGER)')
    const { store, registry } = measure(database)
    const before = readValues(registry)
    const probe = store.probe()
    expect(Object.keys(probe ?? {})).toEqual(['read'])
    expect(await probe?.read('probe key')).toBeUndefined()
    expect(readValues(registry)).toEqual(before)
    expect(store.directory()).toBe(folder)
    const other = open(path)
    other.exec('BEGIN EXCLUSIVE')
    await expect(probe?.read('probe key')).rejects.toThrow('database is locked')
    other.exec('COMMIT')
    other.close()
    database.exec('BEGIN EXCLUSIVE')
    expect(await probe?.read('probe key')).toBeUndefined()
    database.exec('COMMIT')
    expect(await probe?.read('probe key')).toBeUndefined()
    database.close()
    expect([store.state(), store.probe()]).toEqual(['closed', undefined])
    await expect(probe?.read('probe key')).rejects.toThrow('not open')
    expect(store.directory()).toBe(folder)
  })

  test(`${kind} in memory has no directory and no probe: only its own connection can read it`, () => {
    const { store } = measure(open(':memory:'))
    expect([store.state(), store.directory(), store.probe()]).toEqual(['open', undefined, undefined])
  })

  test(`${kind} that only its own connection can read is not reported as broken`, async () => {
    const path = join(folder, `${kind.replace(':', '-')}-exclusive.db`)
    const database = open(path)
    const { store } = measure(database)
    database.exec('PRAGMA locking_mode = exclusive')
    database.exec('CREATE TABLE orders (id INTEGER)')
    expect(await store.probe()?.read('probe key')).toBeUndefined()
    database.close()
  })

  test(`${kind} whose file is no database is reported`, async () => {
    const path = join(folder, `${kind.replace(':', '-')}-junk.db`)
    writeFileSync(path, 'x'.repeat(5000))
    await expect(measure(open(path)).store.probe()?.read('probe key')).rejects.toThrow('file is not a database')
  })
}

test('a database that is opened later has a directory from then on', () => {
  const database = new DatabaseSync(join(folder, 'later.db'), { open: false })
  const { store } = measure(database)
  expect([store.state(), store.directory(), store.probe()]).toEqual(['closed', undefined, undefined])
  database.open()
  expect([store.state(), store.directory()]).toEqual(['open', folder])
  database.close()
})
