import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { type Action, type Measured, readMeasured, storeSuite, type TestData } from '../../testing/index.ts'
import { readValues } from '../../testing/read-measured.ts'

const require = createRequire(import.meta.url)
const Hyperbee: new (core: object, options: object) => Bee = require('hyperbee')
const Hypercore: new (storage: unknown) => Core = require('hypercore')
const RAM: unknown = require('random-access-memory')

/** What answers the questions of peers. */
interface Extension {
  outgoing: { send(answer: Buffer): void }
  onget(message: object, from: object): unknown
  oniterator(message: object, from: object): Promise<unknown>
}

interface Core {
  close(): Promise<void>
}

interface Batch {
  get(key: string): Promise<unknown>
  put(key: string, value: string): Promise<void>
  del(key: string, options?: object): Promise<void>
  flush(): Promise<void>
  close(): Promise<void>
  createReadStream(): AsyncIterable<{ key: string }>
  peek(range?: object): Promise<{ key: string } | null>
}

interface Bee extends Batch {
  readonly version: number
  readonly core: Core
  readonly extension: object
  ready(): Promise<void>
  getBySeq(seq: number): Promise<unknown>
  put(key: string, value: unknown, options?: object): Promise<void>
  batch(): Batch
  checkout(version: number): Bee
  snapshot(): Bee
  sub(prefix: string): Bee
  createReadStream(range?: object, options?: object): AsyncIterable<{ key: string }>
  createHistoryStream(): AsyncIterable<unknown>
  createDiffStream(version: number): AsyncIterable<unknown>
  clearUnlinked(): Promise<unknown>
}

interface Codec {
  encode(text: string): Buffer
  decode(bytes: Buffer): string
}

/** Text, but fails for one key. */
function createKeyEncoding({ poisonedKey, error }: Pick<TestData, 'poisonedKey' | 'error'>): Codec {
  return {
    encode(text) {
      if (text === poisonedKey) throw error
      return Buffer.from(text)
    },
    decode: (bytes) => bytes.toString(),
  }
}

const create = (core: Core, options: object = {}): Bee =>
  new Hyperbee(core, { keyEncoding: 'utf-8', valueEncoding: 'utf-8', ...options })

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const entry of stream) all.push(entry)
  return all
}

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''

async function writeBatch(store: Bee, { newKey, newValue, entries }: TestData): Promise<void> {
  const batch = store.batch()
  await batch.put(newKey, newValue)
  await batch.put(`${newKey}-2`, newValue)
  await batch.del(entries[0]?.[0] ?? '')
  await batch.del('not there')
  return batch.flush()
}

/** An option that fails. A key that cannot be encoded would leave the lock of a hyperbee taken: every later write waits forever. */
const failing = ({ error }: TestData): object => ({
  get keyEncoding() {
    throw error
  },
})

const actions: ReadonlyArray<Action<Bee>> = [
  {
    does: 'get',
    operation: 'get',
    run: (store, data) => store.get(firstKey(data)),
    fail: (store, data) => store.get(data.poisonedKey),
  },
  { does: 'get of nothing', operation: 'get', run: (store, { newKey }) => store.get(newKey) },
  { does: 'getBySeq', operation: 'get', run: (store) => store.getBySeq(1) },
  { does: 'a stream', operation: 'scan', entries: 3, run: (store) => readAll(store.createReadStream()) },
  { does: 'a stream of a range', operation: 'scan', run: (store) => readAll(store.createReadStream({ gt: 'z' })) },
  { does: 'peek', operation: 'scan', entries: 1, run: (store) => store.peek() },
  { does: 'peek of nothing', operation: 'scan', run: (store) => store.peek({ gt: 'z' }) },
  {
    does: 'put',
    operation: 'set',
    run: (store, { newKey, newValue }) => store.put(newKey, newValue),
    fail: (store, data) => store.put(data.newKey, 'a', failing(data)),
  },
  {
    does: 'del',
    operation: 'delete',
    run: (store, { newKey }) => store.del(newKey),
    fail: (store, data) => store.del(data.newKey, failing(data)),
  },
  { does: 'a batch', operation: 'batch', entries: 3, run: writeBatch },
  { does: 'an empty batch', operation: 'batch', run: (store) => store.batch().flush() },
]

storeSuite<Bee>({
  kind: 'hyperbee',
  test,
  actions,
  async create(data) {
    const store = create(new Hypercore(RAM), { keyEncoding: createKeyEncoding(data) })
    for (const [key, value] of data.entries) await store.put(key, value)
    return store
  },
  close: (store) => store.close(),
})

async function measure(bee = create(new Hypercore(RAM))) {
  const registry = new MetricsRegistry()
  instrument(bee, { name: 'bee', registry })
  onTestFinished(() => bee.close())
  await bee.ready()
  const readCounts = (): Record<string, Measured> =>
    Object.fromEntries(Object.entries(readMeasured(registry, 'bee')).filter(([, { operations }]) => operations > 0))
  return { bee, registry, readCounts }
}

const one = { operations: 1, errors: 0 }

test('operations on snapshots, checkouts and sub-databases, also nested, are those of the database', async () => {
  const { bee, readCounts } = await measure()
  await bee.put('a', '1')
  for (const view of [bee.snapshot(), bee.checkout(2), bee.snapshot().checkout(2)]) {
    expect(await view.get('a')).toMatchObject({ value: '1' })
    await view.close()
  }
  const users = bee.sub('users')
  await users.sub('admins').put('b', '2')
  expect(await readAll(users.createReadStream())).toHaveLength(1)
  const batch = users.batch()
  await batch.put('c', '3')
  expect(await batch.get('c')).toMatchObject({ value: '3' })
  expect(await batch.peek()).not.toBeNull()
  await batch.flush()
  expect(readCounts()).toEqual({
    set: { operations: 2, errors: 0 },
    get: { operations: 4, errors: 0 },
    scan: { operations: 2, errors: 0, entries: 2 },
    batch: { ...one, entries: 1 },
  })
})

test('a view that was created while the database was measured is not measured after uninstrument', async () => {
  const { bee, readCounts } = await measure()
  const view = bee.sub('users')
  uninstrument(bee)
  await view.put('a', '1')
  expect(await view.get('a')).toMatchObject({ value: '1' })
  expect(await bee.sub('other').get('a')).toBeNull()
  expect(readCounts()).toEqual({})
})

test('a stream that is abandoned is one scan with the entries it read, and one that is never read is none', async () => {
  const { bee, registry, readCounts } = await measure()
  for (const key of ['a', 'b', 'c']) await bee.put(key, key)
  bee.createReadStream()
  for await (const { key } of bee.createReadStream({}, { highWaterMark: 0 })) {
    expect(readValues(registry, 'bee').get('db_open_iterators')).toBe(1)
    if (key === 'a') break
  }
  expect(readValues(registry, 'bee').get('db_open_iterators')).toBe(0)
  expect(readCounts()['scan']).toMatchObject(one)
  expect(readCounts()['scan']?.entries).toBeGreaterThan(0)
})

test('a batch that is closed without a flush is no operation, and a condition that is not met writes nothing', async () => {
  const { bee, readCounts } = await measure()
  const batch = bee.batch()
  await batch.put('a', '1')
  await batch.close()
  await bee.put('b', '1')
  await bee.put('b', '2', { cas: () => false })
  expect(await bee.get('b')).toMatchObject({ value: '1' })
  expect(readCounts()).toEqual({ set: { operations: 2, errors: 0 }, get: one })
})

test('history and differences are not measured, nor what the store reads to clear its log', async () => {
  const { bee, readCounts } = await measure()
  for (const value of ['1', '2', '3']) await bee.put('a', value)
  expect(await readAll(bee.createHistoryStream())).toHaveLength(3)
  expect(await readAll(bee.createDiffStream(2))).toHaveLength(1)
  await bee.clearUnlinked()
  expect(await bee.get('a')).toMatchObject({ value: '3' })
  expect(readCounts()).toEqual({ set: { operations: 3, errors: 0 }, get: one })
})

test('what is read for a peer that asks is no operation', async () => {
  const { bee, readCounts } = await measure()
  for (let index = 0; index < 20; index++) await bee.put(`key ${index}`, 'value')
  const before = readCounts()
  // A peer needs the native library for its encrypted connection. This is what the store does when the question has arrived.
  const extension = bee.extension as Extension
  const answered = new Promise<Buffer[]>((resolve) => {
    const answers: Buffer[] = []
    extension.outgoing = { send: (answer) => (answers.push(answer) === 2 ? resolve(answers) : undefined) }
  })
  extension.onget({ version: bee.version, key: 'key 7' }, {})
  await extension.oniterator({ version: bee.version, checkpoint: [], limit: 0 }, {})
  expect(await answered).toHaveLength(2)
  expect(readCounts()).toEqual(before)
  await readAll(bee.createReadStream())
  expect(readCounts()['scan']).toEqual({ ...one, entries: 20 })
})

test('the probe reads what is stored here without measuring it, and neither writes nor waits for a peer', async () => {
  const { bee, registry } = await measure()
  await bee.put('key', 'value')
  const before = [readValues(registry, 'bee'), bee.version]
  const probe = registry.stores.list()[0]?.probe()
  expect(Object.keys(probe ?? {})).toEqual(['read'])
  expect([await probe?.read('key'), await probe?.read('another')]).toEqual(['value', undefined])
  expect([readValues(registry, 'bee'), bee.version]).toEqual(before)
})

test('a store whose log is closed is closed, and its errors have the codes of hypercore', async () => {
  const { bee, registry } = await measure()
  await bee.put('a', '1')
  const store = registry.stores.list()[0]
  expect(store?.state()).toBe('open')
  await bee.core.close()
  expect(store?.state()).toBe('closed')
  await expect(Promise.resolve().then(() => bee.get('a'))).rejects.toThrow('SESSION_CLOSED')
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors).toMatchObject([{ labels: { operation: 'get', error_type: 'SESSION_CLOSED' }, value: 1 }])
})

test('a store that cannot be opened has failed', async () => {
  const failure = new Error('no such disk')
  const core = new Hypercore(() => {
    throw failure
  })
  const registry = new MetricsRegistry()
  const bee = instrument(create(core, { extension: false }), { name: 'bee', registry })
  await expect(bee.ready()).rejects.toBe(failure)
  await new Promise((resolve) => setImmediate(resolve))
  const store = registry.stores.list()[0]
  expect([store?.state(), store?.openFailure()]).toEqual(['failed', '_OTHER'])
})

test('uninstrument leaves no trace, also on what answers peers', async () => {
  const { bee } = await measure()
  const { onget } = bee.extension as { onget: unknown }
  uninstrument(bee)
  expect((bee.extension as { onget: unknown }).onget).not.toBe(onget)
  expect(Object.hasOwn(bee.extension, 'onget')).toBe(false)
})
