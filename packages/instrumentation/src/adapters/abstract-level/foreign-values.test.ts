import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel1 } from 'memory-level1'
import { expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Done = (error?: unknown, result?: unknown) => void
type AnyMethod = (this: unknown, ...args: unknown[]) => unknown

const require = createRequire(import.meta.url)
const memdown: () => object = require('memdown')

const traps = 'get has getPrototypeOf getOwnPropertyDescriptor defineProperty isExtensible ownKeys'.split(' ')
const throwing = new Proxy(
  {},
  Object.fromEntries(
    traps.map((trap) => [
      trap,
      () => {
        throw new Error('trapped')
      },
    ]),
  ),
)
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const methods = { _next() {}, _nextv() {}, _all() {}, _close() {}, _end() {}, _write() {} }

/** What an engine may return instead of a promise, an iterator or a batch. */
const values: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'a number': 1,
  'a text': 'text',
  'a symbol': Symbol('symbol'),
  'an empty object': {},
  'a frozen object': Object.freeze({}),
  'a frozen object with the methods': Object.freeze({ ...methods }),
  'a sealed object with the methods': Object.seal({ ...methods }),
  'an object whose methods cannot be replaced': Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(methods).map(([name, value]) => [name, { value }])),
  ),
  'an object whose getters throw': Object.defineProperties(
    {},
    Object.fromEntries(
      [...Object.keys(methods), 'length', 'count'].map((name) => [
        name,
        {
          get: () => {
            throw new Error('a getter')
          },
        },
      ]),
    ),
  ),
  'a proxy that refuses new properties': new Proxy({ ...methods }, { defineProperty: () => false }),
  'a proxy that throws': throwing,
  'a revoked proxy': revoked(),
  'a function': () => {},
}

interface Kind {
  readonly create: () => object
  /** How each private method is reached. */
  readonly calls: Readonly<Record<string, (db: never) => unknown>>
}

const entry = { type: 'put' as const, key: 'a', value: '1' }
const later: Done = () => {}

const kinds: Readonly<Record<string, Kind>> = {
  'abstract-level 3': {
    create: () => new MemoryLevel(),
    calls: {
      _get: (db: MemoryLevel) => db.get('a'),
      _getSync: (db: MemoryLevel) => db.getSync('a'),
      _getMany: (db: MemoryLevel) => db.getMany(['a']),
      _has: (db: MemoryLevel) => db.has('a'),
      _hasMany: (db: MemoryLevel) => db.hasMany(['a']),
      _put: (db: MemoryLevel) => db.put('a', '1'),
      _del: (db: MemoryLevel) => db.del('a'),
      _batch: (db: MemoryLevel) => db.batch([entry]),
      _clear: (db: MemoryLevel) => db.clear(),
      _chainedBatch: (db: MemoryLevel) => db.batch(),
      _iterator: (db: MemoryLevel) => db.iterator(),
      _keys: (db: MemoryLevel) => db.keys(),
      _values: (db: MemoryLevel) => db.values(),
      _sublevel: (db: MemoryLevel) => db.sublevel('a').prefix,
      _close: (db: MemoryLevel) => db.close(),
    },
  },
  'abstract-level 1': {
    create: () => new MemoryLevel1(),
    calls: {
      _get: (db: MemoryLevel1) => db.get('a', later),
      _getMany: (db: MemoryLevel1) => db.getMany(['a'], later),
      _put: (db: MemoryLevel1) => db.put('a', '1', later),
      _del: (db: MemoryLevel1) => db.del('a', later),
      _batch: (db: MemoryLevel1) => db.batch([entry], later),
      _clear: (db: MemoryLevel1) => db.clear(later),
      _chainedBatch: (db: MemoryLevel1) => db.batch(),
      _iterator: (db: MemoryLevel1) => db.iterator(),
      _keys: (db: MemoryLevel1) => db.keys(),
      _values: (db: MemoryLevel1) => db.values(),
      _sublevel: (db: MemoryLevel1) => db.sublevel('a'),
    },
  },
  'abstract-leveldown': {
    create: () => {
      const store = memdown()
      ;(Reflect.get(store, 'open') as AnyMethod).call(store, later)
      return store
    },
    calls: Object.fromEntries(
      [
        ['_get', 'get', 'a'],
        ['_getMany', 'getMany', ['a']],
        ['_put', 'put', 'a', '1'],
        ['_del', 'del', 'a'],
        ['_batch', 'batch', [entry]],
        ['_clear', 'clear'],
        ['_chainedBatch', 'batch'],
        ['_iterator', 'iterator'],
      ].map(([own, method, ...args]) => [
        own as string,
        (db: object) => {
          const returns = ['_iterator', '_chainedBatch'].some((name) => name === own)
          return (Reflect.get(db, method as string) as AnyMethod).apply(db, returns ? args : [...args, later])
        },
      ]),
    ),
  },
}

/** Returns how a call ended, and what it returned if that is the engine's own value. */
async function runOutcome(call: () => unknown, value: unknown): Promise<unknown> {
  const describe = (result: unknown): unknown => (result === value ? 'the value' : typeof result)
  try {
    const result = call()
    if (result === value) return 'the value, synchronously'
    return result instanceof Promise ? ['resolved', describe(await result)] : ['returned', describe(result)]
  } catch (error) {
    return ['failed', String(error)]
  }
}

for (const [kind, { create, calls }] of Object.entries(kinds)) {
  for (const [method, call] of Object.entries(calls)) {
    test.each(Object.entries(values))(
      `${kind}: ${method} that returns %s behaves the same when it is measured`,
      async (_what, value) => {
        const outcomes: unknown[] = []
        for (const isMeasured of [false, true]) {
          const db: object = Object.assign(create(), { [method]: () => value })
          const registry = new MetricsRegistry()
          registry.warn = () => {}
          if (isMeasured) instrument(db, { registry, bySublevel: true })
          while (Reflect.get(db, 'status') !== 'open') await nextTurn()
          outcomes.push(await runOutcome(() => call(db as never), value))
          const values = registry.getAllMetrics().filter(({ name }) => name === 'db_queue_depth' || name === 'db_open_iterators')
          // A callback that never comes is in flight.
          const waits = kind !== 'abstract-level 3' && !/chained|iterator|keys|values|sublevel/i.test(method)
          if (isMeasured && method !== '_close') expect(values.map((one) => one.value)).toEqual([waits ? 1 : 0, 0])
        }
        expect(outcomes[1]).toEqual(outcomes[0])
      },
    )
  }
}

test('iterators and chained batches that cannot be measured are reported once, with what they must be', async () => {
  const db = Object.assign(new MemoryLevel(), { _iterator: () => undefined, _chainedBatch: () => Object.freeze({ _write() {} }) })
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  instrument(db, { registry, name: 'orders' })
  await db.open()
  for (let calls = 0; calls < 3; calls++) {
    db.iterator()
    db.batch()
  }
  expect(warnings).toEqual([
    expect.stringMatching(/^store orders: scans are not measured .* _next, _nextv, _all, _close$/),
    expect.stringMatching(/^store orders: chained batches are not measured .* _write$/),
  ])
  await db.close()
})

test.each(Object.entries(values))(
  'a database whose encodings are %s has no probe or one that works, and is measured',
  async (_what, value) => {
    for (const method of ['keyEncoding', 'valueEncoding', 'prefixKey']) {
      const db = Object.assign(new MemoryLevel(), {})
      const registry = new MetricsRegistry()
      const warnings: string[] = []
      registry.warn = (message) => warnings.push(message)
      instrument(db, { registry })
      await db.open()
      await db.put('a', '1')
      Object.assign(db, { [method]: () => value })
      expect(() => registry.stores.list()[0]?.probe()).not.toThrow()
      expect(warnings).toEqual([])
      Reflect.deleteProperty(db, method)
      expect(await db.get('a')).toBe('1')
      await db.close()
    }
  },
)

test('iterators that misbehave later behave the same when they are measured', async () => {
  const bad: Readonly<Record<string, () => object>> = {
    'whose count throws': () =>
      Object.defineProperty({ ...methods }, 'count', {
        get: () => {
          throw new Error('count')
        },
      }),
    'whose count is a text': () => ({ ...methods, count: 'many' }),
    'that is returned twice': (() => {
      const one = { ...methods }
      return () => one
    })(),
  }
  for (const create of Object.values(bad)) {
    const registry = new MetricsRegistry()
    registry.warn = () => {}
    const db = instrument(Object.assign(new MemoryLevel(), { _iterator: create }), { registry })
    await db.open()
    for (let calls = 0; calls < 2; calls++) {
      const iterator = db.iterator() as unknown as typeof methods
      iterator._next()
      iterator._close()
      // A method of an iterator may be called on another object.
      iterator._next.call({} as never)
      iterator._close.call(undefined as never)
    }
    const open = registry.getAllMetrics().find(({ name }) => name === 'db_open_iterators')
    expect(open?.value).toBe(0)
    await db.close()
  }
})

test('an iterator that two measured stores return is a scan of each', async () => {
  const registry = new MetricsRegistry()
  const inner = instrument(new MemoryLevel(), { name: 'inner', registry })
  await inner.batch([entry])
  const forward = {
    _iterator: (options: unknown) => (Reflect.get(inner, '_iterator') as AnyMethod).call(inner, options),
  }
  const outer = instrument(Object.assign(new MemoryLevel(), forward), { name: 'outer', registry })
  await outer.open()
  for (let scans = 0; scans < 3; scans++) expect(await outer.iterator().all()).toEqual([['a', '1']])
  for (const store of ['inner', 'outer']) {
    expect(readMeasured(registry, store).scan).toEqual({ operations: 3, errors: 0, entries: 3 })
  }
  const open = registry.getAllMetrics().filter(({ name }) => name === 'db_open_iterators')
  expect(open.map(({ value }) => value)).toEqual([0, 0])
  await Promise.all([inner.close(), outer.close()])
})
