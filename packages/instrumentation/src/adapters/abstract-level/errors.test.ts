import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { afterAll, expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Engine = (this: unknown, ...args: never[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-errors-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

/** Creates a measured database with replaced engine methods. */
function withEngine(methods: Record<string, (...args: never[]) => unknown>): { db: MemoryLevel; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  return { db: instrument(Object.assign(new MemoryLevel(), methods), { name: 'db', registry }), registry }
}

function errorsByType(registry: MetricsRegistry): unknown[] {
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  return errors.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])
}

/** Returns the reason of a rejection. */
async function readRejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (reason) {
    return reason
  }
  throw new Error('it was not rejected')
}

const thrown: Record<string, unknown> = {
  'an Error': new Error('no space left for key secret'),
  'an error with a code of ours': Object.assign(new Error('bad block'), { code: 'LEVEL_CORRUPTION' }),
  'a frozen error': Object.freeze(new Error('frozen')),
  'a string': 'failed',
  'a number': 0,
  null: null,
  undefined: undefined,
  'a plain object': { reason: 'failed' },
}

for (const [what, reason] of Object.entries(thrown)) {
  test(`an engine that throws ${what} synchronously: the caller gets the same value`, async () => {
    const fail = (): never => {
      throw reason
    }
    const { db, registry } = withEngine({ _get: fail, _put: fail, _batch: fail, _getSync: fail })
    await db.open()
    expect(await readRejection(db.get('a'))).toBe(reason)
    expect(await readRejection(db.put('a', '1'))).toBe(reason)
    expect(await readRejection(db.batch([{ type: 'del', key: 'a' }]))).toBe(reason)
    let caught: unknown = 'nothing'
    try {
      db.getSync('a')
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(reason)
    const errors = readMeasured(registry, 'db')
    expect([errors.get, errors.set, errors.batch]).toEqual([
      { operations: 2, errors: 2 },
      { operations: 1, errors: 1 },
      { operations: 1, errors: 1, entries: 0 },
    ])
  })

  test(`an engine that rejects with ${what}: the caller gets the same value`, async () => {
    const fail = (): Promise<never> => Promise.reject(reason)
    const { db, registry } = withEngine({ _del: fail, _clear: fail, _hasMany: fail, _getMany: fail })
    expect(await readRejection(db.del('a'))).toBe(reason)
    expect(await readRejection(db.clear())).toBe(reason)
    expect(await readRejection(db.hasMany(['a']))).toBe(reason)
    expect(await readRejection(db.getMany(['a']))).toBe(reason)
    const measured = readMeasured(registry, 'db')
    const failed = { operations: 1, errors: 1 }
    expect([measured.delete, measured.clear, measured.has, measured.get_many]).toEqual([failed, failed, failed, failed])
  })

  test(`an iterator that fails with ${what} is one scan that failed`, async () => {
    const { db, registry } = withEngine({
      _iterator(this: MemoryLevel, ...args: never[]) {
        const iterator = (Reflect.get(MemoryLevel.prototype, '_iterator') as Engine).apply(this, args) as object
        return Object.assign(iterator, { _next: () => Promise.reject(reason) })
      },
    })
    await db.open()
    const iterator = db.iterator()
    expect(await readRejection(iterator.next())).toBe(reason)
    await iterator.close()
    expect(readMeasured(registry, 'db').scan).toEqual({ operations: 1, errors: 1, entries: 0 })
  })
}

test('an engine that fails to create an iterator counts as one failed scan', async () => {
  const reason = new Error('too many')
  const fail = (): never => {
    throw reason
  }
  const { db, registry } = withEngine({ _iterator: fail })
  await db.open()
  expect(() => db.iterator()).toThrow(reason)
  expect(readMeasured(registry, 'db').scan).toEqual({ operations: 1, errors: 1, entries: 0 })
})

test('what an engine returns instead of an iterator is returned unchanged', async () => {
  const frozen = Object.freeze({ _next() {}, _nextv() {}, _all() {}, _close() {} })
  for (const made of [undefined, {}, frozen]) {
    const { db } = withEngine({ _iterator: () => made })
    await db.open()
    expect(db.iterator()).toBe(made)
  }
})

test('iterators that the engine closes itself are counted once', async () => {
  const { db, registry } = withEngine({
    _iterator(this: MemoryLevel, ...args: never[]) {
      const iterator = (Reflect.get(MemoryLevel.prototype, '_iterator') as Engine).apply(this, args) as object
      return Object.assign(iterator, {
        async _next(this: { _close: () => Promise<void> }) {
          await this._close()
        },
      })
    },
  })
  await db.open()
  const iterator = db.iterator()
  expect(await iterator.next()).toBeUndefined()
  await iterator.close()
  expect(readMeasured(registry, 'db').scan).toEqual({ operations: 1, errors: 0, entries: 0 })
  expect(registry.getAllMetrics().find(({ name }) => name === 'db_open_iterators')?.value).toBe(0)
})

test("the engine's own promise is returned", async () => {
  const promise = Promise.resolve('here')
  const { db } = withEngine({ _get: () => promise })
  expect(Reflect.apply(Reflect.get(db, '_get'), db, ['a', {}])).toBe(promise)
  await db.close()
})

test('an engine that returns no promises is measured', async () => {
  const { db, registry } = withEngine({ _get: () => 'here', _put: () => undefined, _has: () => true })
  await db.put('a', '1')
  expect(await db.get('a')).toBe('here')
  expect(await db.has('a')).toBe(true)
  expect(readMeasured(registry, 'db')).toMatchObject({ set: { operations: 1 }, get: { operations: 1 }, has: { operations: 1 } })
})

test('the `then` of a lazy thenable is called once', async () => {
  let thenCalls = 0
  const lazy = {
    // biome-ignore lint/suspicious/noThenProperty: query builders are such objects
    then(resolve: (value: string) => void) {
      thenCalls++
      resolve('built')
    },
  }
  const { db, registry } = withEngine({ _get: () => lazy })
  expect(await db.get('a')).toBe('built')
  expect(thenCalls).toBe(1)
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 1, errors: 0 })
})

test('an unhandled rejection is still reported once by the process, with the same error', async () => {
  const reason = new Error('unhandled')
  const { db } = withEngine({ _get: () => Promise.reject(reason) })
  await db.open()
  const listeners = process.listeners('unhandledRejection')
  const reported: unknown[] = []
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => reported.push(error))
  try {
    db.get('a')
    for (let turns = 0; turns < 5; turns++) await nextTurn()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
  expect(reported).toEqual([reason])
})

test('an error is counted by its documented code only', async () => {
  const codes: Record<string, unknown> = {
    '1': Object.assign(new Error('a'), { code: 'LEVEL_IO_ERROR' }),
    '2': Object.assign(new Error('b'), { code: 'ENOSPC' }),
    '3': new Error('key 3 at /var/lib'),
    '4': new Error('c', { cause: Object.assign(new Error('d'), { code: 'LEVEL_CORRUPTION' }) }),
  }
  const { db, registry } = withEngine({ _get: (key: Buffer) => Promise.reject(codes[String(key)]) })
  for (const key of ['1', '2', '3', '4', '1']) await readRejection(db.get(key))
  expect(errorsByType(registry)).toEqual([
    ['get', 'LEVEL_IO_ERROR', 2],
    ['get', '_OTHER', 2],
    ['get', 'LEVEL_CORRUPTION', 1],
  ])
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 5, errors: 5 })
})

/** Creates a LevelDB with one damaged table: its first block is overwritten; index and footer, at its end, are intact. */
async function createDamagedStore(): Promise<ClassicLevel> {
  const location = mkdtempSync(join(folders, 'damaged-'))
  const db = new ClassicLevel(location)
  for (let key = 100; key < 300; key++) await db.put(String(key), 'x'.repeat(500))
  await db.compactRange('0', '9')
  await db.close()
  for (const name of readdirSync(location).filter((file) => file.endsWith('.ldb'))) {
    const table = await open(join(location, name), 'r+')
    await table.write(Buffer.alloc(200, 0xff), 0, 200, 0)
    await table.close()
  }
  return new ClassicLevel(location)
}

test('reads of a damaged LevelDB fail as LEVEL_CORRUPTION, with an error of the engine', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(await createDamagedStore(), { name: 'db', registry })
  const reads = [() => db.get('100'), () => db.getMany(['100']), () => db.has('100'), () => db.keys().all()]
  for (const read of reads) expect(await readRejection(read())).toMatchObject({ code: 'LEVEL_CORRUPTION' })
  expect(() => db.getSync('100')).toThrow(expect.objectContaining({ code: 'LEVEL_CORRUPTION' }))
  await db.put('100', 'whole again')
  expect(await db.get('100')).toBe('whole again')
  expect(errorsByType(registry)).toEqual([
    ['get', 'LEVEL_CORRUPTION', 2],
    ['get_many', 'LEVEL_CORRUPTION', 1],
    ['has', 'LEVEL_CORRUPTION', 1],
    ['scan', 'LEVEL_CORRUPTION', 1],
  ])
  expect(readMeasured(registry, 'db')).toMatchObject({
    get: { operations: 3, errors: 2 },
    get_many: { operations: 1, errors: 1 },
    has: { operations: 1, errors: 1 },
    scan: { operations: 1, errors: 1 },
    set: { operations: 1, errors: 0 },
  })
  await db.close()
})
