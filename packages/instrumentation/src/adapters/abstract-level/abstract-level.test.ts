import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { Level } from 'level'
import { MemoryLevel } from 'memory-level'
import { afterAll, afterEach, expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Database = AbstractLevel<string | Uint8Array, string, string>
type Engine = (this: unknown, ...args: unknown[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const open: Database[] = []
afterEach(async () => {
  for (const db of open.splice(0)) await db.close()
})

/** Measures a database before it opens. Its entries were written unmeasured. */
function measure<Store extends Database>(db: Store): { db: Store; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  open.push(db)
  return { db: instrument(db, { name: 'db', registry }), registry }
}

/** Returns how many operations were measured, without those that were not performed. */
function readOperationCounts(registry: MetricsRegistry): Record<string, number> {
  const measured = Object.entries(readMeasured(registry, 'db'))
  return Object.fromEntries(
    measured.flatMap(([operation, { operations }]) => (operations === 0 ? [] : [[operation, operations]])),
  )
}

function readEntries(registry: MetricsRegistry, operation: 'batch' | 'scan'): number | undefined {
  return readMeasured(registry, 'db')[operation]?.entries
}

async function fill(db: Database): Promise<void> {
  for (const key of ['a', 'b', 'c']) await db.put(key, `value of ${key}`)
  const part = db.sublevel('part')
  for (const key of ['x', 'y']) await part.put(key, `value of ${key}`)
}

class OverridingMemoryLevel extends MemoryLevel {
  _get(...args: unknown[]): unknown {
    return (Reflect.get(MemoryLevel.prototype, '_get') as Engine).apply(this, args)
  }
}

const stores: Record<string, () => Database> = {
  'memory-level': () => new MemoryLevel(),
  'classic-level': () => new ClassicLevel(mkdtempSync(join(folders, 'classic-'))),
  level: () => new Level(mkdtempSync(join(folders, 'level-'))),
  'a subclass that overrides _get and calls super': () => new OverridingMemoryLevel(),
}

interface Scenario {
  /** Exactly what must be measured. */
  readonly counts: Record<string, number>
  /** The entries of batches or scans. */
  readonly entries?: number
  readonly run: (db: Database) => unknown
}

const two = [
  { type: 'put' as const, key: 'd', value: '4' },
  { type: 'del' as const, key: 'a' },
]

async function readAll(entries: AsyncIterable<unknown>, until = Number.POSITIVE_INFINITY): Promise<void> {
  let read = 0
  for await (const _entry of entries) if (++read === until) break
}

const scenarios: Record<string, Scenario> = {
  get: { counts: { get: 1 }, run: (db) => db.get('a') },
  'get of a missing key': { counts: { get: 1 }, run: (db) => db.get('none') },
  'get from a sublevel': { counts: { get: 1 }, run: (db) => db.sublevel('part').get('x') },
  'get from a snapshot': {
    counts: { get: 1 },
    run: async (db) => {
      await using snapshot = db.snapshot()
      await db.get('a', { snapshot })
    },
  },
  getSync: { counts: { get: 1 }, run: (db) => db.getSync('a') },
  'getSync from a sublevel': {
    counts: { get: 1 },
    run: async (db) => {
      const part = db.sublevel('part')
      await part.open()
      part.getSync('x')
    },
  },
  getMany: { counts: { get_many: 1 }, run: (db) => db.getMany(['a', 'b', 'none']) },
  'getMany from a sublevel': { counts: { get_many: 1 }, run: (db) => db.sublevel('part').getMany(['x', 'y']) },
  has: { counts: { has: 1 }, run: (db) => db.has('a') },
  hasMany: { counts: { has: 1 }, run: (db) => db.hasMany(['a', 'none']) },
  put: { counts: { set: 1 }, run: (db) => db.put('d', '4') },
  'put into a sublevel of a sublevel': { counts: { set: 1 }, run: (db) => db.sublevel('part').sublevel('inner').put('k', 'v') },
  del: { counts: { delete: 1 }, run: (db) => db.del('a') },
  'del from a sublevel': { counts: { delete: 1 }, run: (db) => db.sublevel('part').del('x') },
  'batch of two': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch(two) },
  'batch into a sublevel': { counts: { batch: 1 }, entries: 2, run: (db) => db.sublevel('part').batch(two) },
  'empty batch': { counts: {}, entries: 0, run: (db) => db.batch([]) },
  'chained batch': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch().put('d', '4').del('a').write() },
  'chained batch that is cleared': {
    counts: { batch: 1 },
    entries: 1,
    run: (db) => db.batch().put('d', '4').put('e', '5').clear().del('a').write(),
  },
  'chained batch that is closed before it is written': { counts: {}, run: (db) => db.batch().put('d', '4').close() },
  'empty chained batch': { counts: {}, run: (db) => db.batch().write() },
  'chained batch of a sublevel': {
    counts: { batch: 1 },
    entries: 2,
    run: async (db) => {
      const part = db.sublevel('part')
      await part.open()
      await part.batch().put('z', '3').del('x').write()
    },
  },
  'iterator().all()': { counts: { scan: 1 }, entries: 5, run: (db) => db.iterator().all() },
  'iterator().all() with a limit': { counts: { scan: 1 }, entries: 2, run: (db) => db.iterator({ limit: 2 }).all() },
  'for await over iterator()': { counts: { scan: 1 }, entries: 5, run: (db) => readAll(db.iterator()) },
  'for await with a break': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.iterator(), 2) },
  'iterator of a sublevel': { counts: { scan: 1 }, entries: 2, run: (db) => db.sublevel('part').iterator().all() },
  'for await over a sublevel': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.sublevel('part').iterator()) },
  'keys().all()': { counts: { scan: 1 }, entries: 5, run: (db) => db.keys().all() },
  'keys of a sublevel': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.sublevel('part').keys()) },
  'values().all()': { counts: { scan: 1 }, entries: 5, run: (db) => db.values().all() },
  'values of a sublevel': { counts: { scan: 1 }, entries: 2, run: (db) => db.sublevel('part').values().all() },
  'iterator with several reads': {
    counts: { scan: 1 },
    entries: 4,
    run: async (db) => {
      await using iterator = db.iterator()
      await iterator.nextv(3)
      await iterator.next()
    },
  },
  'iterator that seeks': {
    counts: { scan: 1 },
    entries: 4,
    run: async (db) => {
      const iterator = db.iterator()
      await iterator.next()
      iterator.seek('b')
      await iterator.next()
      iterator.seek('a')
      await iterator.nextv(2)
      await iterator.close()
    },
  },
  'iterator that is closed before it is read': { counts: { scan: 1 }, entries: 0, run: (db) => db.iterator().close() },
  'iterator that is closed twice': {
    counts: { scan: 1 },
    entries: 1,
    run: async (db) => {
      const iterator = db.iterator()
      await iterator.next()
      await Promise.all([iterator.close(), iterator.close()])
    },
  },
  'iterator that is closed while it reads': {
    counts: { scan: 1 },
    entries: 1,
    run: async (db) => {
      const iterator = db.iterator()
      await Promise.all([iterator.next(), iterator.close()])
    },
  },
  clear: { counts: { clear: 1 }, run: (db) => db.clear() },
  'clear of a range': { counts: { clear: 1 }, run: (db) => db.clear({ gte: 'b', limit: 1 }) },
  'clear of a sublevel': { counts: { clear: 1 }, run: (db) => db.sublevel('part').clear() },
  'put with a hook that runs before writes': {
    counts: { batch: 1 },
    entries: 2,
    run: (db) => {
      db.hooks.prewrite.add((operation, batch) => {
        if (operation.key === 'd') batch.add({ type: 'put', key: 'index of d', value: '' })
      })
      return db.put('d', '4')
    },
  },
  'chained batch with a hook that runs before writes': {
    counts: { batch: 1 },
    entries: 2,
    run: (db) => {
      db.hooks.prewrite.add((_operation, batch) => {
        batch.add({ type: 'put', key: 'index of d', value: '' })
      })
      return db.batch().put('d', '4').write()
    },
  },
  'get with a listener for writes': {
    counts: { get: 1 },
    run: (db) => {
      db.on('write', () => {})
      return db.get('a')
    },
  },
  'an invalid key, which does not reach the engine': {
    counts: {},
    run: (db) => expect(db.get(null as never)).rejects.toMatchObject({ code: 'LEVEL_INVALID_KEY' }),
  },
}

for (const [kind, create] of Object.entries(stores)) {
  for (const [title, { counts, entries, run }] of Object.entries(scenarios)) {
    test(`${kind}: ${title} is measured as ${JSON.stringify(counts)}`, async () => {
      const filled = create()
      await fill(filled)
      const { db, registry } = measure(filled)
      await run(db)
      await nextTurn()
      expect(readOperationCounts(registry)).toEqual(counts)
      if (entries !== undefined) expect(readEntries(registry, counts['scan'] === undefined ? 'batch' : 'scan')).toBe(entries)
    })
  }

  test(`${kind}: calls while the database opens are measured once`, async () => {
    const { db, registry } = measure(create())
    expect(db.status).toBe('opening')
    const part = db.sublevel('part')
    const iterator = db.iterator()
    await Promise.all([
      db.get('a'),
      db.put('a', '1'),
      db.batch(two),
      db.clear({ gte: 'q' }),
      db.getMany(['a']),
      part.get('x'),
      part.put('x', '1'),
    ])
    await iterator.all()
    await part.keys().all()
    expect(readOperationCounts(registry)).toEqual({ get: 2, set: 2, batch: 1, clear: 1, get_many: 1, scan: 2 })
  })

  test(`${kind}: an iterator that is closed by its database is measured`, async () => {
    const { db, registry } = measure(create())
    await db.put('a', '1')
    const iterator = db.iterator()
    await iterator.next()
    await db.close()
    expect(readOperationCounts(registry)).toEqual({ set: 1, scan: 1 })
    expect(readEntries(registry, 'scan')).toBe(1)
  })
}

test('what a database calls on itself synchronously is part of the operation', async () => {
  class Composite extends MemoryLevel {
    _getMany(keys: unknown[], options: unknown): unknown {
      return Promise.all(keys.map((key) => (Reflect.get(this, '_get') as Engine).call(this, key, options)))
    }
  }
  const { db, registry } = measure(new Composite())
  await db.put('a', '1')
  expect(await db.getMany(['a', 'b', 'a'])).toEqual(['1', undefined, '1'])
  expect(readOperationCounts(registry)).toEqual({ set: 1, get_many: 1 })
})

test('a sublevel can be measured under its own name, in addition to its database', async () => {
  const { db, registry } = measure(new MemoryLevel())
  const part = instrument(db.sublevel('part'), { name: 'part', registry })
  await part.put('x', '1')
  await part.put('y', '2')
  await db.put('a', '3')
  await part.keys().all()
  expect(readMeasured(registry, 'part')).toMatchObject({ set: { operations: 2 }, scan: { operations: 1, entries: 2 } })
  expect(readMeasured(registry, 'db')).toMatchObject({ set: { operations: 3 }, scan: { operations: 1, entries: 2 } })
})

test('the engine of a sublevel is that of its database', () => {
  const engines: Array<[Database, string]> = [
    [new MemoryLevel(), 'memory'],
    [new ClassicLevel(mkdtempSync(join(folders, 'classic-'))), 'leveldb'],
    [new Level(mkdtempSync(join(folders, 'level-'))), 'leveldb'],
    [new MemoryLevel().sublevel('part'), 'memory'],
    [new ClassicLevel(mkdtempSync(join(folders, 'classic-'))).sublevel('part').sublevel('inner'), 'leveldb'],
  ]
  for (const [db, engine] of engines) {
    const { registry } = measure(db)
    const info = registry.getAllMetrics().find(({ name }) => name === 'db_store_info')
    expect(info).toMatchObject({ value: 1, labels: { store: 'db', engine, adapter: 'abstract-level' } })
  }
})
