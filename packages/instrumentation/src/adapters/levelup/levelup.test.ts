import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Done = (error?: unknown, ...results: unknown[]) => void

interface Iterator extends AsyncIterable<unknown> {
  next(): Promise<unknown>
  end(): Promise<void>
}

interface ChainedBatch {
  put(key: string, value: string): ChainedBatch
  del(key: string): ChainedBatch
  clear(): ChainedBatch
  write(callback?: Done): Promise<void>
}

/** A LevelUP: the packages have no types. */
interface Up {
  readonly status: string
  open(): Promise<void>
  close(): Promise<void>
  get(key: string, callback?: Done): Promise<unknown>
  getMany(keys: string[], callback?: Done): Promise<unknown[]>
  put(key: string, value: unknown, callback?: Done): Promise<void>
  del(key: string): Promise<void>
  batch(entries: object[]): Promise<void>
  batch(): ChainedBatch
  clear(options?: object): Promise<void>
  iterator(options?: object): Iterator
  createReadStream(options?: object): AsyncIterable<unknown>
  createKeyStream(): AsyncIterable<unknown>
  createValueStream(): AsyncIterable<unknown>
  listenerCount(event: string): number
}

/** A store of abstract-leveldown. */
interface Down {
  readonly status: string
  open(callback: Done): void
  close(callback: Done): void
  get(key: string, options: object, callback: Done): void
  put(key: string, value: string, callback: Done): void
  batch(entries: object[], callback: Done): void
  clear(callback: Done): void
  iterator(): { next(callback: Done): void; end(callback: Done): void }
}

const require = createRequire(import.meta.url)
const levelup: (store: object, callback?: Done) => Up = require('levelup')
const encode: (store: object, options?: object) => object = require('encoding-down')
const memdown: () => Down = require('memdown')
const leveldown: (location: string) => Down & { readonly location: string } = require('leveldown')
const subleveldown: (store: Up, name: string, options?: object) => Up = require('subleveldown')
const level6: (location: string) => Up = require('level6')
const { AbstractLevelDOWN } = require('abstract-leveldown')

const folders = mkdtempSync(join(tmpdir(), 'levelup-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

const open: Up[] = []
afterEach(async () => {
  for (const db of open.splice(0)) if (db.status !== 'closed') await db.close()
})

function measure(db: Up, registry = new MetricsRegistry(), name = 'db'): { db: Up; registry: MetricsRegistry } {
  open.push(db)
  return { db: instrument(db, { name, registry }), registry }
}

function readOperationCounts(registry: MetricsRegistry, store = 'db'): Record<string, number> {
  const measured = Object.entries(readMeasured(registry, store))
  return Object.fromEntries(
    measured.flatMap(([operation, { operations }]) => (operations === 0 ? [] : [[operation, operations]])),
  )
}

function readGauge(registry: MetricsRegistry, gauge: string): unknown {
  return registry.getAllMetrics().find(({ name }) => name === gauge)?.value
}

const callBack = (call: (done: Done) => unknown): Promise<unknown[]> =>
  new Promise((resolve) => call((...results) => resolve(results)))

async function fill(db: Up): Promise<void> {
  for (const key of ['a', 'b', 'c']) await db.put(key, `value of ${key}`)
  const part = subleveldown(db, 'part')
  for (const key of ['x', 'y']) await part.put(key, `value of ${key}`)
}

const stores: Record<string, () => Up> = {
  'levelup on memdown': () => levelup(encode(memdown())),
  'levelup on leveldown': () => levelup(encode(leveldown(folder()))),
  'levelup on leveldown without encodings': () => levelup(leveldown(folder())),
  'levelup of base64': () => levelup(encode(memdown(), { valueEncoding: 'base64' })),
}

async function readAll(entries: AsyncIterable<unknown>, until = Number.POSITIVE_INFINITY): Promise<void> {
  let read = 0
  for await (const _entry of entries) if (++read === until) break
}

const two = [
  { type: 'put', key: 'd', value: '4' },
  { type: 'del', key: 'a' },
]

interface Scenario {
  readonly counts: Record<string, number>
  readonly entries?: number
  readonly run: (db: Up) => unknown
}

const scenarios: Record<string, Scenario> = {
  get: { counts: { get: 1 }, run: (db) => db.get('a') },
  'get with a callback': { counts: { get: 1 }, run: (db) => callBack((done) => db.get('a', done)) },
  'get of a missing key': { counts: { get: 1 }, run: (db) => expect(db.get('none')).rejects.toMatchObject({ notFound: true }) },
  'get from a part': { counts: { get: 1 }, run: (db) => subleveldown(db, 'part').get('x') },
  getMany: { counts: { get_many: 1 }, run: (db) => db.getMany(['a', 'none']) },
  put: { counts: { set: 1 }, run: (db) => db.put('d', '4') },
  'put with a callback': { counts: { set: 1 }, run: (db) => callBack((done) => db.put('d', '4', done)) },
  'put into a part of a part': { counts: { set: 1 }, run: (db) => subleveldown(subleveldown(db, 'part'), 'inner').put('k', 'v') },
  del: { counts: { delete: 1 }, run: (db) => db.del('a') },
  'batch of two': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch(two) },
  'batch into a part': { counts: { batch: 1 }, entries: 2, run: (db) => subleveldown(db, 'part').batch(two) },
  'chained batch': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch().put('d', '4').del('a').write() },
  'chained batch that is cleared': {
    counts: { batch: 1 },
    entries: 1,
    run: (db) => db.batch().put('d', '4').put('e', '5').clear().del('a').write(),
  },
  'for await over iterator()': { counts: { scan: 1 }, entries: 5, run: (db) => readAll(db.iterator()) },
  'for await with a break': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.iterator(), 2) },
  'iterator of a part': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(subleveldown(db, 'part').iterator()) },
  'read stream': { counts: { scan: 1 }, entries: 5, run: (db) => readAll(db.createReadStream()) },
  'read stream with a limit': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.createReadStream({ limit: 2 })) },
  'key stream': { counts: { scan: 1 }, entries: 5, run: (db) => readAll(db.createKeyStream()) },
  'value stream': { counts: { scan: 1 }, entries: 5, run: (db) => readAll(db.createValueStream()) },
  'iterator that is ended before it is read': { counts: { scan: 1 }, entries: 0, run: (db) => db.iterator().end() },
  clear: { counts: { clear: 1 }, run: (db) => db.clear() },
  'clear of a part': { counts: { clear: 1 }, run: (db) => subleveldown(db, 'part').clear() },
  'an invalid key, which does not reach the engine': {
    counts: {},
    run: (db) => expect(db.get(null as never)).rejects.toThrow('key cannot be'),
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
      expect(Object.values(readMeasured(registry, 'db')).every(({ errors }) => errors === 0)).toBe(true)
      if (entries !== undefined) {
        expect(readMeasured(registry, 'db')[counts['scan'] === undefined ? 'batch' : 'scan']?.entries).toBe(entries)
      }
      expect([readGauge(registry, 'db_queue_depth'), readGauge(registry, 'db_open_iterators')]).toEqual([0, 0])
    })
  }

  test(`${kind}: calls while the store opens are measured once`, async () => {
    const { db, registry } = measure(create())
    expect(db.status).toBe('opening')
    const part = subleveldown(db, 'part')
    const iterator = db.iterator()
    await Promise.all([
      db.get('a').catch(() => {}),
      db.put('a', '1'),
      db.batch(two),
      db.batch().put('e', '5').write(),
      db.clear({ gte: 'q' }),
      // Without a callback, it never settles while the store opens, measured or not.
      callBack((done) => db.getMany(['a'], done)),
      part.put('x', '1'),
      readAll(db.createReadStream()),
      readAll(iterator),
    ])
    expect(readOperationCounts(registry)).toEqual({ get: 1, set: 2, batch: 2, clear: 1, get_many: 1, scan: 2 })
  })

  test(`${kind}: uninstrument leaves nothing`, async () => {
    const plain = create()
    const inner = Reflect.get(plain, '_db') as object
    const describeAll = () => [plain, inner, Reflect.get(inner, 'db') ?? inner].map((one) => Reflect.ownKeys(one as object))
    await plain.open()
    const before = [describeAll(), plain.listenerCount('open')]
    const { db, registry } = measure(plain)
    expect(describeAll()).not.toEqual(before[0])
    expect(uninstrument(db)).toBe(true)
    expect([describeAll(), plain.listenerCount('open')]).toEqual(before)
    expect(uninstrument(db)).toBe(false)
    await db.put('a', '1')
    expect(readOperationCounts(registry)).toEqual({})
  })
}

test('level 6, which is levelup 4 on abstract-leveldown 6, is measured, also while it opens', async () => {
  const { db, registry } = measure(level6(folder()))
  expect(db.status ?? 'opening').toBe('opening')
  await Promise.all([
    db.put('a', '1'),
    db.get('none').catch(() => {}),
    db.batch(two),
    readAll(db.createReadStream()),
    db.clear({ gte: 'q' }),
  ])
  await db.batch().put('e', '5').write()
  await readAll(db.createReadStream())
  await db.del('e')
  expect(readMeasured(registry, 'db')).toMatchObject({
    get: { operations: 1, errors: 0 },
    set: { operations: 1, errors: 0 },
    delete: { operations: 1, errors: 0 },
    batch: { operations: 2, errors: 0, entries: 3 },
    scan: { operations: 2, errors: 0 },
    clear: { operations: 1, errors: 0 },
    get_many: { operations: 0 },
  })
  await registry.collectors.collectNow()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeGreaterThan(0)
  const [store] = registry.stores.list()
  expect([store?.engine, store?.state()]).toEqual(['leveldb', 'open'])
  await store?.probe()?.write?.('probe key', 'a value')
  expect(await store?.probe()?.read('probe key')).toBe('a value')
  expect(await store?.probe()?.read('another key')).toBeUndefined()
  await store?.probe()?.remove?.('probe key')
})

test('a bare leveldown is measured, from its opening on', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(leveldown(folder()), { name: 'db', registry })
  const [store] = registry.stores.list()
  expect([store?.state(), store?.engine, store?.adapter, store?.directory()]).toEqual([
    'closed',
    'leveldb',
    'levelup',
    db.location,
  ])
  await callBack((done) => db.open(done))
  expect(store?.state()).toBe('open')
  await callBack((done) => db.put('a', '1', done))
  expect(await callBack((done) => db.get('a', { asBuffer: false }, done))).toEqual([null, '1'])
  await callBack((done) => db.get('none', {}, done))
  await callBack((done) => db.batch(two, done))
  const iterator = db.iterator()
  await callBack((done) => iterator.next(done))
  await callBack((done) => iterator.end(done))
  await callBack((done) => db.clear(done))
  expect(readMeasured(registry, 'db')).toMatchObject({
    get: { operations: 2, errors: 0 },
    set: { operations: 1, errors: 0 },
    batch: { operations: 1, entries: 2 },
    scan: { operations: 1, entries: 1 },
    clear: { operations: 1 },
  })
  await registry.collectors.collectNow()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeGreaterThan(0)
  await callBack((done) => db.close(done))
  expect(store?.state()).toBe('closed')
})

test('a levelup reports the metrics of its LevelDB, also if it was opening when it was instrumented', async () => {
  const { db, registry } = measure(levelup(encode(leveldown(folder()))))
  expect(db.listenerCount('open')).toBe(1)
  await db.put('a', '1')
  expect(db.listenerCount('open')).toBe(0)
  await registry.collectors.collectNow()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeGreaterThan(0)
  expect(readGauge(registry, 'db_compactions_running')).toBe(0)
  await db.close()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeUndefined()
})

test('a store is measured once, whichever of its layers is instrumented, and its first name stays', async () => {
  const registry = new MetricsRegistry()
  const innermost = memdown()
  const encoding = encode(innermost)
  const first = levelup(encoding)
  open.push(first)
  instrument(innermost, { name: 'db', registry })
  for (const layer of [encoding, first, innermost]) instrument(layer, { name: 'db', registry })
  expect(registry.stores.list()).toHaveLength(1)
  await first.put('a', '1')
  expect(readOperationCounts(registry)).toEqual({ set: 1 })
  expect(uninstrument(innermost)).toBe(true)
  const { db } = measure(first, registry)
  await db.put('a', '2')
  expect(readOperationCounts(registry)).toEqual({ set: 2 })
  expect(uninstrument(innermost)).toBe(true)
  expect([uninstrument(first), uninstrument(encoding)]).toEqual([false, false])
})

test('a part of subleveldown can be measured under its own name, in addition to its store', async () => {
  const { db, registry } = measure(levelup(encode(leveldown(folder()))))
  const { db: part } = measure(subleveldown(db, 'part'), registry, 'part')
  await part.put('x', '1')
  await db.put('a', '2')
  await readAll(part.iterator())
  expect(readOperationCounts(registry, 'part')).toEqual({ set: 1, scan: 1 })
  expect(readOperationCounts(registry, 'db')).toEqual({ set: 2, scan: 1 })
  const stores = registry.stores.list().map(({ name, engine }) => [name, engine])
  expect(stores).toEqual([
    ['db', 'leveldb'],
    ['part', 'leveldb'],
  ])
  expect(registry.stores.list()[1]?.directory()).toBe(registry.stores.list()[0]?.directory())
})

test('iterators that are open when their store is closed have ended', async () => {
  for (const create of Object.values(stores)) {
    const { db, registry } = measure(create())
    await db.put('a', '1')
    const iterators = [db.iterator(), db.iterator()]
    await iterators[0]?.next()
    expect(readGauge(registry, 'db_open_iterators')).toBe(2)
    await db.close()
    expect(readMeasured(registry, 'db').scan).toEqual({ operations: 2, errors: 0, entries: 1 })
    await db.open()
    expect(readGauge(registry, 'db_open_iterators')).toBe(0)
    // In leveldown, the end of an iterator of a closed store never calls back, measured or not.
    for (const iterator of iterators) iterator.end().catch(() => {})
    expect(readMeasured(registry, 'db').scan?.operations).toBe(2)
    expect(readGauge(registry, 'db_open_iterators')).toBe(0)
  }
})

/** A store with the defaults of abstract-leveldown, on a Map. */
class MapDown extends AbstractLevelDOWN {
  readonly entries = new Map<string, string>()

  constructor() {
    super({ permanence: false, clear: true })
  }

  _get(key: string, _options: object, done: Done): void {
    const value = this.entries.get(key)
    process.nextTick(done, value === undefined ? new Error('NotFound') : null, value)
  }

  _put(key: string, value: string, _options: object, done: Done): void {
    this.entries.set(key, value)
    process.nextTick(done)
  }

  _del(key: string, _options: object, done: Done): void {
    this.entries.delete(key)
    process.nextTick(done)
  }

  _iterator(): object {
    const entries = [...this.entries]
    const iterator = Reflect.apply(AbstractLevelDOWN.prototype._iterator, this, [{}])
    return Object.assign(iterator as object, { _next: (done: Done) => process.nextTick(done, null, ...(entries.shift() ?? [])) })
  }
}

test('the default clear, which deletes key by key, counts as one clear', async () => {
  const store = new MapDown()
  const { db, registry } = measure(levelup(store))
  await db.put('a', '1')
  await db.put('b', '2')
  await db.clear()
  await db.del('none')
  expect(store.entries.size).toBe(0)
  expect(readOperationCounts(registry)).toEqual({ set: 2, clear: 1, delete: 1 })
  expect(readGauge(registry, 'db_open_iterators')).toBe(0)
})

test('a failure to open is counted by its error type', async () => {
  const location = folder()
  const owner = levelup(leveldown(location))
  await owner.open()
  open.push(owner)
  const registry = new MetricsRegistry()
  const second = instrument(leveldown(location), { name: 'bare', registry })
  expect(await callBack((done) => second.open(done))).toEqual([
    expect.objectContaining({ message: expect.stringMatching(/^IO error: lock /) }),
  ])
  expect(registry.stores.list()[0]?.openFailure()).toBe('LEVEL_LOCKED')
  const failed = callBack((done) => instrument(levelup(leveldown(location), done), { name: 'up', registry }))
  expect(await failed).toEqual([expect.objectContaining({ type: 'OpenError' })])
  await registry.collectors.collectNow()
  await registry.collectors.collectNow()
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors.map(({ labels, value }) => [labels['store'], labels['operation'], labels['error_type'], value])).toEqual([
    ['bare', 'open', 'LEVEL_LOCKED', 1],
    ['up', 'open', '_OTHER', 1],
  ])
})

test("LevelDB's errors are counted by their kind, and reach the caller unchanged", async () => {
  const messages: ReadonlyArray<[message: string, type: string]> = [
    ['Corruption: block checksum mismatch', 'LEVEL_CORRUPTION'],
    ['IO error: /secret/000005.ldb: No space left on device', 'LEVEL_IO_ERROR'],
    ['IO error: lock /secret/LOCK: already held by process', 'LEVEL_LOCKED'],
    ['Invalid argument: /secret', '_OTHER'],
  ]
  for (const [message, type] of messages) {
    const failure = new Error(message)
    const store = Object.assign(memdown(), {
      _put: (_key: unknown, _value: unknown, _options: unknown, done: Done) => done(failure),
    })
    const { db, registry } = measure(levelup(store))
    await db.open()
    expect(await callBack((done) => store.put('a', '1', done))).toEqual([failure])
    const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
    expect(errors.map(({ labels }) => labels['error_type'])).toEqual([type])
  }
})
