import { setImmediate as nextTurn } from 'node:timers/promises'
import { instrument, MetricsRegistry, uninstrument } from '@wombat/instrumentation'
import { readMeasured } from '@wombat/instrumentation/testing'
import { describeOutcome, foreignValues } from '@wombat/test-support/foreign-values'
import { createDatabase, type MeasuredDatabase, openMeasuredDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle, type Session } from '@wombat/test-support/rocksdb'
import { describe, expect, onTestFinished, test } from 'vitest'

type AnyMethod = (this: unknown, ...args: unknown[]) => unknown

const streamMethods = ['_open', '_read', 'push', '_destroy']
const batchMethods = ['_flush', '_onfinished', '_onfree']

/** The methods of a database, with what its callers expect of the result. */
const methods: Readonly<Record<string, readonly string[]>> = {
  get: ['then'],
  put: ['then'],
  delete: ['then'],
  deleteRange: ['then'],
  read: batchMethods,
  write: batchMethods,
  iterator: streamMethods,
}

/** An object of which all methods but the last one can be replaced. */
function almostReplaceable(names: readonly string[]): object {
  const replaceable = Object.fromEntries(names.map((name) => [name, () => {}]))
  return Object.defineProperty(replaceable, names.at(-1) ?? '', { configurable: false, writable: false })
}

const cases = Object.entries(methods).flatMap(([method, expected]) =>
  Object.entries({
    ...foreignValues(expected),
    'an object that lacks a method': Object.fromEntries(expected.slice(1).map((name) => [name, () => {}])),
    'an object one of whose methods cannot be replaced': almostReplaceable(expected),
  }).map(([what, value]) => ({ method, what, value })),
)

function call(target: object, method: string, ...args: unknown[]): unknown {
  return (Reflect.get(target, method) as AnyMethod).apply(target, args)
}

function stateOf(db: Session): { sessions: unknown[] } {
  return Reflect.get(db, '_state')
}

/** Removes all sessions but the database itself. The engine closes every session that it knows, again and again until it is gone. */
function forgetSessions(db: Session): void {
  stateOf(db).sessions = [db]
}

/** Collects the warnings of the registry, and keeps those of the registry from the console. */
function collectWarnings({ registry }: Pick<MeasuredDatabase, 'registry'>): string[] {
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  return warnings
}

/** Counts unhandled rejections until the test ends. */
function collectUnhandled(): string[] {
  const messages: string[] = []
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => messages.push(String(error)))
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })
  return messages
}

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a database behaves the same when it is measured'), () => {
  test.each(cases)('if $method returns $what', async ({ method, value }) => {
    const outcomes: unknown[] = []
    for (const isMeasured of [false, true]) {
      const db = Object.assign(await createDatabase(), { [method]: () => value })
      const registry = new MetricsRegistry()
      registry.warn = () => {}
      if (isMeasured) instrument(db, { registry, name: 'orders' })
      await db.ready()
      outcomes.push(await describeOutcome(() => call(db, method, 'key', 'value'), value))
      if (isMeasured) {
        const gauges = ['db_queue_depth', 'db_open_iterators'].map(
          (name) => registry.getAllMetrics().find((metric) => metric.name === name)?.value,
        )
        expect(gauges).toEqual([0, 0])
        expect(uninstrument(db)).toBe(true)
      }
      Reflect.deleteProperty(db, method)
      await db.put('a', '1')
      expect(String(await db.get('a'))).toBe('1')
    }
    expect(outcomes[1]).toEqual(outcomes[0])
  })

  test.each(Object.entries(foreignValues(['get', 'put', 'read', 'write', 'iterator'])))(
    'if its state is given %s instead of a session',
    async (_what, value) => {
      const { db, registry } = await openMeasuredDatabase()
      const warnings = collectWarnings({ registry })
      const bare = await createDatabase()
      // The engine writes to a session; what it does not accept, it does not accept.
      const add = (target: Session): Promise<unknown> => describeOutcome(() => call(stateOf(target), 'addSession', value), value)
      expect(await add(db)).toEqual(await add(bare))
      for (const target of [db, bare]) forgetSessions(target)
      expect(warnings.length).toBeLessThanOrEqual(1)
      expect(await db.session().get('a')).toBeNull()
      expect(readMeasured(registry, 'orders').get).toEqual({ operations: 1, errors: 0 })
    },
  )

  test.each(Object.entries(foreignValues(['peek'])))('if its sessions already contain %s', async (_what, value) => {
    const db = await createDatabase()
    const { sessions } = stateOf(db)
    sessions.push(value)
    const registry = new MetricsRegistry()
    collectWarnings({ registry })
    instrument(db, { registry, name: 'orders' })
    sessions.pop()
    await db.put('a', '1')
    expect(readMeasured(registry, 'orders').set).toEqual({ operations: 1, errors: 0 })
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('what cannot be measured is reported once'), () => {
  test('with what it must be', async () => {
    const db = Object.assign(await createDatabase(), {
      read: () => undefined,
      write: () => Object.freeze({ _flush() {}, _onfinished() {} }),
      iterator: () => [].values(),
    })
    const registry = new MetricsRegistry()
    const warnings = collectWarnings({ registry })
    instrument(db, { registry, name: 'orders' })
    await db.ready()
    for (let calls = 0; calls < 3; calls++) {
      db.read()
      db.write()
      db.iterator()
      expect(() => call(stateOf(db), 'addSession', Object.freeze({ get() {} }))).toThrow()
      forgetSessions(db)
    }
    expect(warnings).toEqual([
      expect.stringMatching(/^store orders: a get_many is not measured if .* _flush, _onfinished$/),
      expect.stringMatching(/^store orders: a batch is not measured if .* _flush, _onfinished$/),
      expect.stringMatching(/^store orders: a scan is not measured if .* _open, _read, push, _destroy$/),
      expect.stringMatching(/^store orders: the operations of a session are not measured if /),
    ])
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a batch'), () => {
  test('that is returned twice, and one whose wrappers stay in use, count each flush once', async () => {
    const { db, registry, number } = await openMeasuredDatabase()
    const batch = db.write()
    Object.assign(db, { write: () => batch })
    uninstrument(db)
    instrument(db, { registry, name: 'orders' })
    expect([db.write(), db.write()]).toEqual([batch, batch])
    // Other code wraps our wrapper, which therefore stays when the batch is destroyed.
    const wrapper = Reflect.get(batch, '_flush') as AnyMethod
    Object.assign(batch, {
      _flush(...args: unknown[]) {
        return wrapper.apply(this, args)
      },
    })
    for (let uses = 0; uses < 3; uses++) {
      call(batch, '_onfree')
      Reflect.set(batch, '_db', db)
      const again = db.write()
      again.tryPut('key', 'value')
      await again.flush()
    }
    expect(readMeasured(registry, 'orders').batch).toEqual({ operations: 3, errors: 0, entries: 3 })
    expect(number('db_queue_depth')).toBe(0)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'returns a thenable that throws',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw new Error('broken')
          },
        }),
    ],
  ])('whose flush %s is a failed operation, for its caller too', async (_what, flush) => {
    const unhandled = collectUnhandled()
    const { db, registry, number } = await openMeasuredDatabase()
    const create = (): object => ({ _flush: flush, _onfinished() {}, _operations: 'many' })
    Object.assign(db, { write: create })
    uninstrument(db)
    instrument(db, { registry, name: 'orders' })
    const run = (batch: object): Promise<unknown> => describeOutcome(() => call(batch, '_flush'), undefined)
    expect(await run(db.write())).toEqual(await run(create()))
    expect(readMeasured(registry, 'orders').batch).toEqual({ operations: 1, errors: 1, entries: 0 })
    expect(number('db_queue_depth')).toBe(0)
    expect(unhandled).toEqual([])
  })

  test('that is frozen while it is flushed settles as without measuring', async () => {
    const { db, registry, number } = await openMeasuredDatabase()
    let finish: AnyMethod = () => {}
    Object.assign(db, {
      write: () => ({
        _flush() {
          finish = Reflect.get(this, '_onfinished') as AnyMethod
        },
        _onfinished: () => 'finished',
        _onfree: () => 'free',
      }),
    })
    uninstrument(db)
    instrument(db, { registry, name: 'orders' })
    const batch = db.write()
    call(batch, '_flush')
    expect(number('db_queue_depth')).toBe(1)
    Object.freeze(batch)
    expect([finish.call(batch), call(batch, '_onfree')]).toEqual(['finished', 'free'])
    expect(readMeasured(registry, 'orders').batch).toMatchObject({ operations: 1, errors: 0 })
    expect(number('db_queue_depth')).toBe(0)
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('an iterator'), () => {
  /** Measures a database whose `iterator()` returns this object. */
  async function measureStream(stream: object): Promise<MeasuredDatabase & { readonly stream: object }> {
    const measured = await openMeasuredDatabase()
    Object.assign(measured.db, { iterator: () => stream })
    uninstrument(measured.db)
    instrument(measured.db, { registry: measured.registry, name: 'orders' })
    return { ...measured, stream: measured.db.iterator() }
  }

  const bare = { _open() {}, _read() {}, push: (entry: unknown) => entry, _destroy: () => 'destroyed' }

  test('that is returned twice is one scan, and another one after it was destroyed', async () => {
    const { db, registry, number, stream } = await measureStream({ ...bare })
    expect(db.iterator()).toBe(stream)
    expect(number('db_open_iterators')).toBe(1)
    for (let scans = 0; scans < 2; scans++) {
      call(stream, 'push', 'an entry')
      expect(call(stream, '_destroy')).toBe('destroyed')
      expect(number('db_open_iterators')).toBe(0)
      db.iterator()
    }
    expect(readMeasured(registry, 'orders').scan).toEqual({ operations: 2, errors: 0, entries: 2 })
  })

  test('passes everything to the callback of a read, and is called without one as well', async () => {
    const { stream, number } = await measureStream({
      ...bare,
      _read(this: unknown, done?: AnyMethod) {
        return done?.call(this, null, 'one', 'two')
      },
    })
    const read = function (this: unknown, ...results: unknown[]): unknown[] {
      return [this, ...results]
    }
    expect(call(stream, '_read', read)).toEqual([stream, null, 'one', 'two'])
    expect(call(stream, '_read')).toBeUndefined()
    expect(number('db_queue_depth')).toBe(0)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['calls back with an error', (done: AnyMethod) => done(new Error('broken'))],
  ])('whose read %s is a failed scan when it is destroyed', async (_what, read) => {
    const { stream, registry, number } = await measureStream({ ...bare, _read: read })
    const outcome = await describeOutcome(() => call(stream, '_read', () => undefined), undefined)
    expect(outcome).toEqual(await describeOutcome(() => (read as AnyMethod)(() => undefined), undefined))
    expect(number('db_queue_depth')).toBe(0)
    call(stream, '_destroy')
    expect(readMeasured(registry, 'orders').scan).toEqual({ operations: 1, errors: 1, entries: 0 })
  })

  test('that is frozen after it was returned ends when it is destroyed', async () => {
    const { stream, registry, number } = await measureStream({ ...bare })
    Object.freeze(stream)
    expect(call(stream, '_destroy')).toBe('destroyed')
    expect(call(stream, '_destroy')).toBe('destroyed')
    expect(readMeasured(registry, 'orders').scan).toEqual({ operations: 1, errors: 0, entries: 0 })
    expect(number('db_open_iterators')).toBe(0)
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a database that cannot be opened'), () => {
  test('has no operations in flight, and its unhandled rejections are those of the database', async () => {
    const outcomes: unknown[] = []
    for (const isMeasured of [false, true]) {
      const unhandled = collectUnhandled()
      const db: Session = await createDatabase({}, '/dev/null/no-folder')
      const registry = new MetricsRegistry()
      if (isMeasured) instrument(db, { registry, name: 'orders' })
      const results: string[] = []
      const note = (what: string) => (error: unknown) => results.push(`${what}: ${error}`)
      const batch = db.write()
      batch.tryPut('key', 'value')
      batch.flush().then(note('flush done'), note('flush failed'))
      const iterator = db.iterator()
      iterator.on('error', note('iterator failed'))
      iterator.on('data', note('data'))
      await db.ready().catch(note('ready failed'))
      for (let turns = 0; turns < 5; turns++) await nextTurn()
      outcomes.push({ results, unhandled: [...unhandled].sort() })
      if (!isMeasured) continue
      const { batch: batches } = readMeasured(registry, 'orders')
      expect(batches).toEqual({ operations: 1, errors: 1, entries: 0 })
    }
    expect(outcomes[1]).toEqual(outcomes[0])
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a probe'), () => {
  test('exists only if the database can be read without changing its counts, and reads whatever that returns', async () => {
    const measured = await openMeasuredDatabase()
    const probe = () => measured.registry.stores.list()[0]?.probe()
    const read = async (value: unknown) => {
      Object.assign(measured.db, { peek: async () => value })
      return probe()?.read('a')
    }
    expect(await read(null)).toBeUndefined()
    expect(await read(undefined)).toBeUndefined()
    expect(await read({ value: new Uint8Array([49]) })).toBe('1')
    expect(await read({ value: 'text' })).toBe('text')
    Object.assign(measured.db, { peek: undefined })
    expect(probe()).toBeUndefined()
  })
})
