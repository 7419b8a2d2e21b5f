import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ClassicLevel } from 'classic-level'
import { ClassicLevel as ClassicLevel1 } from 'classic-level1'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'
import { MemoryLevel as MemoryLevel1 } from 'memory-level1'
import NodeCache from 'node-cache'
import { createStorage } from 'unstorage'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'

const require = createRequire(import.meta.url)
const BetterSqlite: new (path: string) => object = require('better-sqlite3')
const levelup: (store: object) => { put(key: string, value: string): Promise<void>; iterator(): object } = require('levelup')
const leveldown: (location: string) => object = require('leveldown')
const memdown: () => object = require('memdown')

// Without LMDB: it keeps every database that was ever opened, measured or not.
const kinds: Readonly<Record<string, () => object>> = {
  Map: () => new Map([['a', 1]]),
  Keyv: () => new Keyv(),
  'a memory-level 1': () => new MemoryLevel1(),
  'a levelup': () => levelup(memdown()),
  'an lru-cache with a fetched value': () => {
    const cache = new LRUCache<string, string>({ max: 2, ttl: 1000, fetchMethod: async (key) => key })
    void cache.fetch('a')
    return cache
  },
  // The timer of a node-cache keeps it.
  'a node-cache without a timer': () => new NodeCache({ checkperiod: 0 }),
  'a storage of unstorage': () => createStorage(),
  'a hyperbee with a view': () => {
    const require = createRequire(import.meta.url)
    const bee = new (require('hyperbee'))(new (require('hypercore'))(require('random-access-memory')))
    bee.sub('part')
    return bee
  },
  'a SQLite database': () => new BetterSqlite(':memory:'),
}

test.each(Object.keys(kinds))('%s that is dropped is garbage collected, and its gauges disappear', async (kind) => {
  const registry = new MetricsRegistry()
  const measured = (): WeakRef<object> => new WeakRef(instrument((kinds[kind] as () => object)(), { name: 'cache', registry }))
  const dropped = measured()
  const gauges = () => registry.getAllMetrics().filter(({ type }) => type === 'gauge')
  expect(gauges()).not.toEqual([])
  await registry.collectors.collect()
  await collectGarbage(() => dropped.deref() === undefined)
  expect(dropped.deref()).toBeUndefined()
  expect(gauges()).toEqual([])
})

const levelDBs: Readonly<Record<string, (folder: string) => { put(key: string, value: string): unknown; iterator(): object }>> = {
  'classic-level': (folder) => new ClassicLevel(folder),
  'classic-level 1': (folder) => new ClassicLevel1(folder),
  'a levelup on leveldown': (folder) => levelup(leveldown(folder)),
}

test.runIf(process.platform === 'linux').each(Object.keys(levelDBs))(
  '%s that is dropped while open is collected, and its log is closed',
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'dropped-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const registry = new MetricsRegistry()
    const use = async (): Promise<WeakRef<object>> => {
      const db = instrument((levelDBs[kind] as (folder: string) => { put(key: string, value: string): unknown })(folder), {
        registry,
      })
      await db.put('a', '1')
      await registry.collectors.collectNow()
      return new WeakRef(db)
    }
    const dropped = await use()
    // The engine's own descriptor, and that of the reader.
    expect(countOpenFiles(join(folder, 'LOG'))).toBe(2)
    await collectGarbage(() => countOpenFiles(join(folder, 'LOG')) < 2)
    expect(dropped.deref()).toBeUndefined()
    expect(countOpenFiles(join(folder, 'LOG'))).toBeLessThan(2)
    expect(registry.stores.list()).toEqual([])
  },
)

test('iterators of levelup that are dropped are collected, and counted as abandoned', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(levelup(memdown()), { registry })
  await db.put('a', '1')
  const drop = (): WeakRef<object> => new WeakRef(db.iterator())
  const dropped = [drop(), drop()]
  await collectGarbage(() => dropped.every((iterator) => iterator.deref() === undefined))
  expect(dropped.map((iterator) => iterator.deref())).toEqual([undefined, undefined])
  await registry.collectors.collectNow()
  expect(registry.counter('db_abandoned_iterators_total', { store: 'default' }).value).toBe(2)
  expect(registry.getAllMetrics().find(({ name }) => name === 'db_open_iterators')?.value).toBe(0)
})

/** Collects garbage until the condition holds, or gives up after some tries. */
async function collectGarbage(condition: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 50 && !condition(); tries++) {
    await sleep(1)
    collect()
  }
}

function countOpenFiles(path: string): number {
  const readLink = (descriptor: string): string | undefined => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      return undefined
    }
  }
  return readdirSync('/proc/self/fd').filter((descriptor) => readLink(descriptor) === path).length
}
