import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@redis/client'
import { ClassicLevel } from 'classic-level'
import { ClassicLevel as ClassicLevel1 } from 'classic-level1'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { Keyv } from 'keyv'
import { Level as Level8 } from 'level8'
import { open } from 'lmdb'
import { LRUCache } from 'lru-cache'
import { ManyLevelGuest } from 'many-level'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel1 } from 'memory-level1'
import NodeCache from 'node-cache'
import QuickLRU from 'quick-lru'
import { createStorage, prefixStorage } from 'unstorage'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument, storeAdapters, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { readMeasured } from '../testing/index.ts'
import { validateAdapter } from './validate-adapter.ts'

const require = createRequire(import.meta.url)
const BetterSqlite: new (path: string) => { close(): void } = require('better-sqlite3')
const { Keyv: CjsKeyv }: { Keyv: typeof Keyv } = require('keyv')
const cjsLmdb: { open: typeof open } = require('lmdb')
const lmdb2: { open: typeof open } = require('lmdb2')
const levelup: (store: object) => { close(): Promise<void> } = require('levelup')
const encode: (store: object) => object = require('encoding-down')
const memdown: () => object = require('memdown')
const leveldown: (location: string) => object = require('leveldown')
const subleveldown: (store: object, name: string) => object = require('subleveldown')
const root = mkdtempSync(join(tmpdir(), 'matches-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(root, 'store-'))

/** Keeps a store open until the test ends. */
function closing<Store extends { close(): unknown }>(store: Store): Store {
  onTestFinished(async () => {
    await store.close()
  })
  return store
}

interface Bee {
  sub(prefix: string): Bee
  close(): unknown
}
const createBee = (): Bee => new (require('hyperbee'))(new (require('hypercore'))(require('random-access-memory')))

// RocksDB has its own test in `test/rocksdb`.
const stores: ReadonlyArray<[kind: string, adapter: string, create: () => object]> = [
  ['memory-level', 'abstract-level', () => closing(new MemoryLevel())],
  ['classic-level', 'abstract-level', () => closing(new ClassicLevel(folder()))],
  ['a sublevel', 'abstract-level', () => closing(new MemoryLevel()).sublevel('part')],
  ['memory-level 1', 'abstract-level', () => closing(new MemoryLevel1())],
  ['classic-level 1', 'abstract-level', () => closing(new ClassicLevel1(folder()))],
  ['level 8', 'abstract-level', () => closing(new Level8(folder()))],
  ['a sublevel of version 1', 'abstract-level', () => closing(new MemoryLevel1()).sublevel('part')],
  ['many-level', 'abstract-level', () => closing(new ManyLevelGuest())],
  ['levelup', 'levelup', () => closing(levelup(encode(memdown())))],
  ['levelup on leveldown', 'levelup', () => closing(levelup(leveldown(folder())))],
  ['a part of subleveldown', 'levelup', () => subleveldown(closing(levelup(memdown())), 'part')],
  ['encoding-down', 'levelup', () => encode(memdown())],
  ['memdown', 'levelup', () => memdown()],
  ['leveldown', 'levelup', () => leveldown(folder())],
  ['lmdb', 'lmdb', () => closing(open({ path: folder() }))],
  ['a database in lmdb', 'lmdb', () => closing(open({ path: folder() })).openDB('child', {})],
  ['the CommonJS build of lmdb', 'lmdb', () => closing(cjsLmdb.open({ path: folder() }))],
  ['lmdb 2', 'lmdb', () => closing(lmdb2.open({ path: folder() }))],
  ['keyv', 'keyv', () => new Keyv()],
  ['the CommonJS build of keyv', 'keyv', () => new CjsKeyv()],
  ['a keyv on a Map', 'keyv', () => new Keyv({ store: new Map() })],
  ['node:sqlite', 'sqlite', () => closing(new DatabaseSync(':memory:'))],
  ['better-sqlite3', 'sqlite', () => closing(new BetterSqlite(':memory:'))],
  ['ioredis', 'ioredis', () => new Redis({ lazyConnect: true })],
  ['a cluster of ioredis', 'ioredis', () => new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })],
  ['iovalkey', 'ioredis', () => new Valkey({ lazyConnect: true })],
  ['@redis/client', 'redis', () => createClient()],
  ['a Map', 'map', () => new Map()],
  ['quick-lru', 'map', () => new QuickLRU({ maxSize: 2 })],
  ['lru-cache', 'lru-cache', () => new LRUCache({ max: 2 })],
  ['the CommonJS build of lru-cache', 'lru-cache', () => new (require('lru-cache').LRUCache)({ max: 2 })],
  ['lru-cache 10', 'lru-cache', () => new (require('lru-cache10').LRUCache)({ max: 2 })],
  ['node-cache', 'node-cache', () => closing(new NodeCache())],
  ['unstorage', 'unstorage', () => createStorage()],
  ['a prefixed storage of unstorage', 'unstorage', () => prefixStorage(createStorage(), 'part')],
  ['hyperbee', 'hyperbee', () => closing(createBee())],
  ['a sub-database of hyperbee', 'hyperbee', () => closing(createBee().sub('part'))],
  ['a keyv on lru-cache', 'keyv', () => new Keyv({ store: new LRUCache({ max: 2 }) as never })],
]

test.each(stores)('%s matches the adapter %s and no other one', (_kind, adapter, create) => {
  const store = create()
  expect(storeAdapters.flatMap((one) => (one.matches(store) ? [one.name] : []))).toEqual([adapter])
})

test('every built-in adapter but that of RocksDB is tested with a store', () => {
  const untested = storeAdapters.filter(({ name }) => !stores.some(([, adapter]) => adapter === name))
  expect(
    untested.map(({ name }) => name),
    'add a store of each new adapter to `stores` above',
  ).toEqual(['rocksdb-native'])
})

test.each(storeAdapters.map((adapter) => [adapter.name, adapter] as const))(
  'the built-in adapter %s is valid',
  (_name, adapter) => {
    expect(() => validateAdapter(adapter)).not.toThrow()
  },
)

test('an abstract-level database without the optional `has` can be measured', async () => {
  const registry = new MetricsRegistry()
  const db = closing(Object.assign(new MemoryLevel(), { _has: undefined, _hasMany: undefined }))
  instrument(db, { name: 'old', registry })
  await db.put('a', '1')
  expect(readMeasured(registry, 'old')).toMatchObject({ set: { operations: 1 }, has: { operations: 0, errors: 0 } })
})

test('an LMDB that was opened for reading can be measured', () => {
  const path = folder()
  closing(open({ path }))
  const registry = new MetricsRegistry()
  const db = instrument(closing(open({ path, readOnly: true })), { name: 'replica', registry })
  db.get('a')
  expect(readMeasured(registry, 'replica')).toMatchObject({ get: { operations: 1 }, set: { operations: 0, errors: 0 } })
  expect(uninstrument(db)).toBe(true)
})
