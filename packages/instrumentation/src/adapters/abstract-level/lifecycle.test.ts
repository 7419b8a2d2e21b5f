import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { afterAll, expect, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Engine = (this: unknown, ...args: unknown[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-life-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

/** Returns the gauges of a store by name. */
function gauges(registry: MetricsRegistry, store = 'db'): Record<string, unknown> {
  const own = registry.getAllMetrics().filter(({ type, labels }) => type === 'gauge' && labels['store'] === store)
  return Object.fromEntries(own.map(({ name, value }) => [name, value]))
}

function errorsByType(registry: MetricsRegistry): unknown[] {
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  return errors.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])
}

const idle = {
  db_queue_depth: 0,
  db_oldest_operation_age_seconds: 0,
  db_open_iterators: 0,
  db_oldest_iterator_age_seconds: 0,
  db_open_snapshots: 0,
  db_oldest_snapshot_age_seconds: 0,
  db_store_info: 1,
}

/** A database with reads that wait for `release`. */
class HangingLevel extends MemoryLevel {
  readonly #waiting: Array<() => void> = []

  async _get(...args: unknown[]): Promise<unknown> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return (Reflect.get(MemoryLevel.prototype, '_get') as Engine).apply(this, args)
  }

  release(count = this.#waiting.length): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve()
  }
}

test('operations that hang are in flight, and the age of the oldest grows', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new HangingLevel(), { name: 'db', registry })
  await db.open()
  const reads = [db.get('a')]
  await wait(5)
  reads.push(db.get('b'), db.get('c'))
  await wait(5)
  const first = gauges(registry)
  expect(first).toMatchObject({ db_queue_depth: 3 })
  expect(first['db_oldest_operation_age_seconds']).toBeGreaterThan(0)
  await wait(5)
  expect(gauges(registry)['db_oldest_operation_age_seconds']).toBeGreaterThan(Number(first['db_oldest_operation_age_seconds']))
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 0, errors: 0 })
  db.release(2)
  await Promise.all(reads.slice(0, 2))
  expect(gauges(registry)).toMatchObject({ db_queue_depth: 1 })
  db.release()
  await Promise.all(reads)
  expect(gauges(registry)).toEqual(idle)
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 3, errors: 0 })
})

test('an iterator is open until it closes, and in flight only while it reads', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { name: 'db', registry })
  await db.batch([
    { type: 'put', key: 'a', value: '1' },
    { type: 'put', key: 'b', value: '2' },
  ])
  const [iterator, other] = [db.iterator(), db.keys()]
  const read = iterator.next()
  expect(gauges(registry)).toMatchObject({ db_open_iterators: 2, db_queue_depth: 1 })
  await read
  expect(gauges(registry)).toMatchObject({ db_open_iterators: 2, db_queue_depth: 0 })
  await iterator.close()
  expect(gauges(registry)).toMatchObject({ db_open_iterators: 1 })
  await other.close()
  expect(gauges(registry)).toEqual(idle)
})

test('gauges exist from the start, are absent while the store is closed, and return when it is open again', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new ClassicLevel(folder()), { name: 'db', registry })
  expect(gauges(registry)).toEqual(idle)
  await db.put('a', '1')
  await db.close()
  expect(gauges(registry)).toEqual({})
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 1, errors: 0 })
  await db.open()
  expect(gauges(registry)).toEqual(idle)
  await db.put('a', '2')
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 2, errors: 0 })
  await db.close()
  expect(gauges(registry)).toEqual({})
})

test('a value that is set is exported while the store is closed', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { name: 'db', registry })
  await db.open()
  await db.close()
  registry.setGaugeWithLabels('db_queue_depth', 7, { store: 'db' })
  expect(gauges(registry)).toEqual({ db_queue_depth: 7 })
  await db.open()
  expect(gauges(registry)).toEqual(idle)
  await db.close()
})

test('a store that is closed before it opened has no gauges', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { name: 'db', registry })
  await db.close()
  expect(gauges(registry)).toEqual({})
})

test('a store that is closed when it is instrumented has gauges from when it opens', async () => {
  const registry = new MetricsRegistry()
  const db = new MemoryLevel()
  await db.close()
  instrument(db, { name: 'db', registry })
  expect(gauges(registry)).toEqual({})
  await db.open()
  expect(gauges(registry)).toEqual(idle)
})

test('a store that is closing when it is instrumented has no gauges afterwards', async () => {
  const registry = new MetricsRegistry()
  const db = new ClassicLevel(folder())
  await db.open()
  const closing = db.close()
  instrument(db, { name: 'db', registry })
  await closing
  expect(gauges(registry)).toEqual({})
})

test('a store that fails to open has no gauges, and the failure is counted by its error type', async () => {
  const registry = new MetricsRegistry()
  const [location, file] = [folder(), join(folder(), 'file')]
  writeFileSync(file, '')
  const owner = new ClassicLevel(location)
  await owner.open()
  const second = instrument(new ClassicLevel(location), { name: 'db', registry })
  await expect(second.open()).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN', cause: { code: 'LEVEL_LOCKED' } })
  expect(gauges(registry)).toEqual({})
  const lost = instrument(new ClassicLevel(file), { name: 'db', registry })
  await expect(lost.open()).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
  expect(gauges(registry)).toEqual({})
  expect(errorsByType(registry)).toEqual([
    ['open', 'LEVEL_LOCKED', 1],
    ['open', '_OTHER', 1],
  ])
  await owner.close()
  await second.open()
  expect(gauges(registry)).toEqual(idle)
  await second.close()
})

test('an engine that throws while it opens is counted, and so is a failure to close', async () => {
  class Stubborn extends MemoryLevel {
    _open(): void {
      throw new Error('no')
    }
  }
  class Clinging extends MemoryLevel {
    _close(): Promise<void> {
      return Promise.reject(new Error('busy'))
    }
  }
  const registry = new MetricsRegistry()
  await expect(instrument(new Stubborn(), { name: 'db', registry }).open()).rejects.toMatchObject({ cause: { message: 'no' } })
  const clinging = instrument(new Clinging(), { name: 'db', registry })
  await clinging.open()
  await expect(clinging.close()).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_CLOSED', cause: { message: 'busy' } })
  expect(errorsByType(registry)).toEqual([
    ['open', '_OTHER', 1],
    ['close', '_OTHER', 1],
  ])
  expect(gauges(registry)).toEqual(idle)
})

test('two stores with one name are added up, and the oldest operation of both has the age', async () => {
  const registry = new MetricsRegistry()
  const [first, second] = [new HangingLevel(), new HangingLevel()].map((db) => instrument(db, { name: 'db', registry }))
  if (first === undefined || second === undefined) throw new Error('two were made')
  await Promise.all([first.put('a', '1'), second.put('a', '1'), second.put('b', '2')])
  const beginMs = performance.now()
  const reads = [first.get('a'), second.get('a')]
  await wait(10)
  expect(gauges(registry)).toMatchObject({ db_queue_depth: 2, db_store_info: 1 })
  const ageSeconds = Number(gauges(registry)['db_oldest_operation_age_seconds'])
  expect(ageSeconds).toBeGreaterThan(0)
  // The sum of both ages would be longer than the elapsed time.
  expect(ageSeconds).toBeLessThanOrEqual((performance.now() - beginMs) / 1000)
  for (const db of [first, second]) db.release()
  await Promise.all(reads)
  expect(readMeasured(registry, 'db')).toMatchObject({ set: { operations: 3 }, get: { operations: 2 } })
  await first.close()
  expect(gauges(registry)).toEqual(idle)
  await second.close()
  expect(gauges(registry)).toEqual({})
})

test('uninstrument restores properties and methods', async () => {
  for (const db of [new MemoryLevel(), new ClassicLevel(folder())]) {
    const methods = (): unknown[] =>
      [...'_open _close _get _getSync _getMany _has _hasMany _put _del _batch'.split(' ')]
        .concat('_chainedBatch _clear _iterator _keys _values'.split(' '))
        .map((name) => Reflect.get(db, name as string))
    await db.open()
    const before = [Reflect.ownKeys(db), Object.getOwnPropertyDescriptors(db), methods()]
    instrument(db, { registry: new MetricsRegistry() })
    expect(methods()).not.toEqual(before[2])
    expect(uninstrument(db)).toBe(true)
    expect([Reflect.ownKeys(db), Object.getOwnPropertyDescriptors(db), methods()]).toEqual(before)
    await db.close()
  }
})

test('operations in flight at uninstrument complete', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new HangingLevel(), { name: 'db', registry })
  await db.put('a', '1')
  await db.put('b', '2')
  const batch = db.batch().put('c', '3')
  const iterator = db.keys()
  const read = db.get('a')
  await nextTurn()
  uninstrument(db)
  db.release()
  expect(await read).toBe('1')
  await batch.write()
  expect(await iterator.all()).toEqual(['a', 'b'])
  expect(gauges(registry)).toEqual({})
})

test('a wrapper around a measured method stays after uninstrument, and measures nothing', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { name: 'db', registry })
  await db.open()
  const ours = Reflect.get(db, '_get') as Engine
  const theirs: Engine = function (...args) {
    return ours.apply(this, args)
  }
  Reflect.set(db, '_get', theirs)
  uninstrument(db)
  expect(Reflect.get(db, '_get')).toBe(theirs)
  await db.get('a')
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 0, errors: 0 })
  instrument(db, { name: 'db', registry })
  await db.get('a')
  expect(readMeasured(registry, 'db').get).toEqual({ operations: 1, errors: 0 })
})

test('a store that is dropped is garbage collected', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const registry = new MetricsRegistry()
  const use = async (close: boolean): Promise<WeakRef<object>> => {
    const db = instrument(new MemoryLevel(), { name: 'db', registry })
    await db.put('a', '1')
    await db.keys().all()
    if (close) await db.close()
    return new WeakRef(db)
  }
  const dropped = [await use(true), await use(false)]
  for (let tries = 0; tries < 50 && dropped.some((ref) => ref.deref() !== undefined); tries++) {
    await wait(1)
    collect()
  }
  expect(dropped.map((ref) => ref.deref())).toEqual([undefined, undefined])
  expect(gauges(registry)).toEqual({})
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 2, errors: 0 })
})
