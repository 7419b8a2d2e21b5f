import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ClassicLevel } from 'classic-level1'
import { Level } from 'level8'
import { MemoryLevel } from 'memory-level1'
import { afterAll, afterEach, expect, onTestFinished, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

/** A database of abstract-level 1. */
type Database = MemoryLevel<string, string>
type Done = (error?: unknown, ...results: unknown[]) => void
type Engine = (this: unknown, ...args: never[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-1-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const open: Database[] = []
afterEach(async () => {
  for (const db of open.splice(0)) await db.close()
})

function measure<Store extends Database>(db: Store): { db: Store; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  open.push(db)
  return { db: instrument(db, { name: 'db', registry }), registry }
}

/** Creates a measured database with replaced engine methods. */
function withEngine(methods: Record<string, (...args: never[]) => unknown>) {
  return measure(Object.assign(new MemoryLevel<string, string>(), methods) as Database)
}

function readOperationCounts(registry: MetricsRegistry): Record<string, number> {
  const measured = Object.entries(readMeasured(registry, 'db'))
  return Object.fromEntries(
    measured.flatMap(([operation, { operations }]) => (operations === 0 ? [] : [[operation, operations]])),
  )
}

function readGauge(registry: MetricsRegistry, gauge: string): unknown {
  return registry.getAllMetrics().find(({ name }) => name === gauge)?.value
}

/** Calls a function that takes a callback last. Resolves to the arguments of the callback. */
const callBack = (call: (done: Done) => unknown): Promise<unknown[]> =>
  new Promise((resolve) => call((...results) => resolve(results)))

async function fill(db: Database): Promise<void> {
  for (const key of ['a', 'b', 'c']) await db.put(key, `value of ${key}`)
  const part = db.sublevel('part')
  for (const key of ['x', 'y']) await part.put(key, `value of ${key}`)
}

const stores: Record<string, () => Database> = {
  'memory-level 1': () => new MemoryLevel(),
  'classic-level 1': () => new ClassicLevel(mkdtempSync(join(folders, 'classic-'))) as unknown as Database,
  'level 8': () => new Level(mkdtempSync(join(folders, 'level-'))) as unknown as Database,
}

interface Scenario {
  readonly counts: Record<string, number>
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
  'get with a callback': { counts: { get: 1 }, run: (db) => callBack((done) => db.get('a', done)) },
  'get of a missing key': {
    counts: { get: 1 },
    run: (db) => expect(db.get('none')).rejects.toMatchObject({ code: 'LEVEL_NOT_FOUND' }),
  },
  'get from a sublevel': { counts: { get: 1 }, run: (db) => db.sublevel('part').get('x') },
  'get of a missing key from a sublevel': {
    counts: { get: 1 },
    run: (db) => expect(db.sublevel('part').get('none')).rejects.toMatchObject({ code: 'LEVEL_NOT_FOUND' }),
  },
  getMany: { counts: { get_many: 1 }, run: (db) => db.getMany(['a', 'b', 'none']) },
  'getMany from a sublevel': { counts: { get_many: 1 }, run: (db) => db.sublevel('part').getMany(['x', 'y']) },
  put: { counts: { set: 1 }, run: (db) => db.put('d', '4') },
  'put with a callback': { counts: { set: 1 }, run: (db) => callBack((done) => db.put('d', '4', done)) },
  'put into a sublevel of a sublevel': { counts: { set: 1 }, run: (db) => db.sublevel('part').sublevel('inner').put('k', 'v') },
  del: { counts: { delete: 1 }, run: (db) => db.del('a') },
  'batch of two': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch(two) },
  'batch into a sublevel': { counts: { batch: 1 }, entries: 2, run: (db) => db.sublevel('part').batch(two) },
  'empty batch': { counts: {}, entries: 0, run: (db) => db.batch([]) },
  'chained batch': { counts: { batch: 1 }, entries: 2, run: (db) => db.batch().put('d', '4').del('a').write() },
  'chained batch with a callback': {
    counts: { batch: 1 },
    entries: 2,
    run: (db) => callBack((done) => db.batch().put('d', '4').del('a').write(done)),
  },
  'chained batch that is cleared': {
    counts: { batch: 1 },
    entries: 1,
    run: (db) => db.batch().put('d', '4').put('e', '5').clear().del('a').write(),
  },
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
  'keys().all()': { counts: { scan: 1 }, entries: 5, run: (db) => db.keys().all() },
  'values().all()': { counts: { scan: 1 }, entries: 5, run: (db) => db.values().all() },
  'values of a sublevel': { counts: { scan: 1 }, entries: 2, run: (db) => readAll(db.sublevel('part').values()) },
  'iterator with several reads': {
    counts: { scan: 1 },
    entries: 4,
    run: async (db) => {
      const iterator = db.iterator()
      await iterator.nextv(3)
      await callBack((done) => iterator.next(done))
      await iterator.close()
    },
  },
  'iterator that is closed before it is read': { counts: { scan: 1 }, entries: 0, run: (db) => db.iterator().close() },
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
      expect(Object.values(readMeasured(registry, 'db')).every(({ errors }) => errors === 0)).toBe(true)
      if (entries !== undefined) {
        expect(readMeasured(registry, 'db')[counts['scan'] === undefined ? 'batch' : 'scan']?.entries).toBe(entries)
      }
      expect([readGauge(registry, 'db_queue_depth'), readGauge(registry, 'db_open_iterators')]).toEqual([0, 0])
    })
  }

  test(`${kind}: calls while the database opens are measured once`, async () => {
    const { db, registry } = measure(create())
    expect(db.status).toBe('opening')
    const part = db.sublevel('part')
    const iterator = db.iterator()
    await Promise.all([
      db.get('a').catch(() => {}),
      db.put('a', '1'),
      db.batch(two),
      db.batch().put('e', '5').write(),
      db.clear({ gte: 'q' }),
      db.getMany(['a']),
      part.get('x').catch(() => {}),
      part.put('x', '1'),
    ])
    await iterator.all()
    await part.keys().all()
    expect(readOperationCounts(registry)).toEqual({ get: 2, set: 2, batch: 2, clear: 1, get_many: 1, scan: 2 })
  })

  test(`${kind}: an iterator that is closed by its database is measured`, async () => {
    const { db, registry } = measure(create())
    await db.put('a', '1')
    const iterator = db.iterator()
    await iterator.next()
    expect(readGauge(registry, 'db_open_iterators')).toBe(1)
    await db.close()
    expect(readOperationCounts(registry)).toEqual({ set: 1, scan: 1 })
    expect(readMeasured(registry, 'db').scan?.entries).toBe(1)
    await db.open()
    expect(readGauge(registry, 'db_open_iterators')).toBe(0)
  })

  test(`${kind}: uninstrument leaves nothing, and calls that are in flight complete`, async () => {
    const { db, registry } = measure(create())
    await db.put('a', '1')
    const [read, iterator, batch] = [db.get('a'), db.iterator(), db.batch().put('b', '2')]
    const keys = Reflect.ownKeys(create())
    expect(uninstrument(db)).toBe(true)
    expect(Reflect.ownKeys(db).length).toBe(keys.length)
    expect(await read).toBe('1')
    await batch.write()
    expect(await iterator.all()).toEqual([['a', '1']])
    expect(readGauge(registry, 'db_queue_depth')).toBeUndefined()
  })
}

test('the state, the directory and the engine are those of the database', async () => {
  const location = mkdtempSync(join(folders, 'classic-'))
  const { db, registry } = measure(new ClassicLevel(location) as unknown as Database)
  const part = instrument(db.sublevel('part'), { name: 'part', registry })
  await part.open()
  for (const store of registry.stores.list()) {
    expect([store.engine, store.adapter, store.state(), store.directory()]).toEqual([
      'leveldb',
      'abstract-level',
      'open',
      location,
    ])
  }
  await registry.collectors.collectNow()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeGreaterThan(0)
  expect(registry.counter('db_flush_operations_total', { store: 'db' }).value).toBe(0)
  await db.close()
  expect(registry.stores.list().map((store) => store.state())).toEqual(['closed', 'closed'])
})

test('a failure to open is counted by its error type, also of a database that was opening when it was instrumented', async () => {
  const location = mkdtempSync(join(folders, 'classic-'))
  const owner = new ClassicLevel(location)
  await owner.open()
  const registry = new MetricsRegistry()
  const second = instrument(new ClassicLevel(location), { name: 'second', registry })
  await expect(second.open()).rejects.toMatchObject({ cause: { code: 'LEVEL_LOCKED' } })
  const third = new ClassicLevel(location)
  const opened = third.open()
  await nextTurn()
  instrument(third, { name: 'third', registry })
  await expect(opened).rejects.toMatchObject({ cause: { code: 'LEVEL_LOCKED' } })
  await registry.collectors.collectNow()
  await registry.collectors.collectNow()
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors.map(({ labels, value }) => [labels['store'], labels['operation'], labels['error_type'], value])).toEqual([
    ['second', 'open', 'LEVEL_LOCKED', 1],
    ['third', 'open', '_OTHER', 1],
  ])
  await owner.close()
})

test('a database that was opening when it was instrumented is read once it is open', async () => {
  const location = mkdtempSync(join(folders, 'classic-'))
  const db = new ClassicLevel(location)
  const opened = db.open()
  await nextTurn()
  const registry = new MetricsRegistry()
  instrument(db, { name: 'db', registry })
  await opened
  await registry.collectors.collectNow()
  expect(readGauge(registry, 'db_total_disk_bytes')).toBeGreaterThan(0)
  expect(readGauge(registry, 'db_compactions_running')).toBe(0)
  await db.close()
})

test('callbacks get the same this and arguments, at the same time', async () => {
  const receiver = { name: 'the engine' }
  const { db } = withEngine({
    _get: (_key: unknown, _options: unknown, callback: Done) => callback.call(receiver, null, 'here', 'more'),
  })
  await db.open()
  const run = Reflect.get(db, '_get') as Engine
  let got: unknown
  Reflect.apply(run, db, [
    'a',
    {},
    function (this: unknown, ...results: unknown[]) {
      got = [this, ...results]
    },
  ] as never)
  expect(got).toEqual([receiver, null, 'here', 'more'])
})

test('what a callback calls is measured, also if the engine calls back synchronously', async () => {
  const { db, registry } = withEngine({
    _get: (_key: unknown, _options: unknown, callback: Done) => callback(null, 'here'),
    _put: (_key: unknown, _value: unknown, _options: unknown, callback: Done) => callback(),
  })
  await db.open()
  await callBack((done) => db.get('a', () => db.put('b', '2', () => db.get('c', done))))
  expect(readOperationCounts(registry)).toEqual({ get: 2, set: 1 })
})

test('an error that a callback throws reaches whoever called it, and the operation counts once', async () => {
  const failure = new Error('thrown by the application')
  const { db, registry } = withEngine({ _get: (_key: unknown, _options: unknown, callback: Done) => callback(null, 'here') })
  await db.open()
  const throwing = (): never => {
    throw failure
  }
  expect(() => Reflect.apply(Reflect.get(db, '_get') as Engine, db, ['a', {}, throwing] as never)).toThrow(failure)
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 1, errors: 0 })
  expect(readGauge(registry, 'db_queue_depth')).toBe(0)
})

test('an engine that calls back twice is counted once, and both calls reach the callback', async () => {
  const { db, registry } = withEngine({
    _get: (_key: unknown, _options: unknown, callback: Done) => {
      callback(null, 'first')
      callback(new Error('second'))
    },
  })
  await db.open()
  const got: unknown[] = []
  Reflect.apply(Reflect.get(db, '_get') as Engine, db, [
    'a',
    {},
    (error: unknown, value: unknown) => got.push(error ?? value),
  ] as never)
  expect(got).toEqual(['first', new Error('second')])
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 1, errors: 0 })
})

test('an engine that throws is counted as failed, and its error is unchanged', async () => {
  const failure = Object.assign(new Error('disk'), { code: 'LEVEL_IO_ERROR' })
  const fail = (): never => {
    throw failure
  }
  const { db, registry } = withEngine({ _put: fail })
  await db.open()
  expect(() => db.put('a', '1')).toThrow(failure)
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 1, errors: 1 })
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors.map(({ labels }) => labels['error_type'])).toEqual(['LEVEL_IO_ERROR'])
})

test('only a missing key is an answer: other errors of a get are failures', async () => {
  const answers: unknown[] = [
    Object.assign(new Error('x'), { code: 'LEVEL_NOT_FOUND' }),
    Object.assign(new Error('x'), { notFound: true }),
    new Error('NotFound: '),
    'NotFound',
  ]
  const failures: unknown[] = [
    new Error('disk'),
    'failed',
    1,
    Object.assign(new Error('x'), { notFound: false }),
    { toString: 1 },
  ]
  for (const [errors, expected] of [
    [answers, 0],
    [failures, failures.length],
  ] as const) {
    const next = [...errors]
    const { db, registry } = withEngine({ _get: (_key: unknown, _options: unknown, callback: Done) => callback(next.shift()) })
    await db.open()
    for (const error of errors) {
      const run = Reflect.get(db, '_get') as Engine
      expect(await callBack((done) => Reflect.apply(run, db, ['a', {}, done] as never))).toEqual([error])
    }
    expect(readMeasured(registry, 'db').get).toEqual({ operations: errors.length, errors: expected })
  }
})

test('a read that closing its iterator aborts is not in flight afterwards', async () => {
  const { db, registry } = withEngine({
    _iterator(this: Database, ...args: never[]) {
      const iterator = (Reflect.get(MemoryLevel.prototype, '_iterator') as Engine).apply(this, args) as object
      return Object.assign(iterator, { _next() {} })
    },
  })
  await db.open()
  const iterator = db.iterator({ abortOnClose: true } as object)
  const read = iterator.next().catch((error: { code: string }) => error.code)
  expect(readGauge(registry, 'db_queue_depth')).toBe(1)
  await iterator.close()
  expect(await read).toBe('LEVEL_ITERATOR_NOT_OPEN')
  expect([readGauge(registry, 'db_queue_depth'), readGauge(registry, 'db_open_iterators')]).toEqual([0, 0])
})

const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

const probed: Readonly<Record<string, () => Database>> = {
  ...stores,
  'memory-level 1 that keeps bytes': () => new MemoryLevel<string, string>({ storeEncoding: 'view' }),
  'memory-level 1 of JSON': () => new MemoryLevel<string, string>({ keyEncoding: 'json', valueEncoding: 'json' }),
  'memory-level 1 of hexadecimal digits': () => new MemoryLevel<string, string>({ keyEncoding: 'hex', valueEncoding: 'base64' }),
  'a sublevel of a sublevel of memory-level 1': () =>
    new MemoryLevel<string, string>().sublevel('outer').sublevel('part') as unknown as Database,
}

for (const [kind, create] of Object.entries(probed)) {
  test(`${kind} is probed without metrics and events, and a scan can decode its key`, async () => {
    const { db, registry } = measure(create())
    await db.open()
    let events = 0
    for (const event of ['put', 'del', 'batch'] as const) db.on(event, () => events++)
    const before = readValues(registry)
    const probe = registry.stores.list()[0]?.probe()
    expect(await probe?.read('probe key')).toBeUndefined()
    await probe?.write?.('probe key', 'a value')
    expect(await probe?.read('probe key')).toBe('a value')
    expect(readValues(registry)).toEqual(before)
    expect(await db.iterator().all()).toHaveLength(1)
    await probe?.remove?.('probe key')
    expect(await db.iterator().all()).toEqual([])
    expect(events).toBe(0)
    await db.close()
    await expect(probe?.read('probe key')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
    expect(registry.stores.list()[0]?.probe()).toBeUndefined()
  })
}

test("a sublevel's probe writes below its prefix, and its measured database counts nothing", async () => {
  const { db, registry } = measure(new MemoryLevel<string, string>())
  const part = instrument(db.sublevel('outer').sublevel('part'), { name: 'part', registry })
  await part.open()
  const before = readValues(registry)
  await registry.stores.list()[1]?.probe()?.write?.('probe key', 'a value')
  expect(readValues(registry)).toEqual(before)
  expect(await db.keys().all()).toEqual(['!outer!!part!probe key'])
})

test('with a tracer, an operation runs in its span, and its callback in that of the caller', async () => {
  const manager = new AsyncLocalStorageContextManager()
  context.setGlobalContextManager(manager)
  onTestFinished(() => context.disable())
  const exporter = new InMemorySpanExporter()
  const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test')
  const { db, registry } = measure(new MemoryLevel<string, string>())
  registry.observer.tracer = tracer
  const caller = tracer.startSpan('caller')
  const active = await context.with(trace.setSpan(context.active(), caller), () =>
    callBack((done) => db.put('a', '1', () => done(trace.getActiveSpan()))),
  )
  expect(active).toEqual([caller])
  const [span] = exporter.getFinishedSpans()
  expect([span?.name, span?.parentSpanContext?.spanId]).toEqual(['set db', caller.spanContext().spanId])
})
