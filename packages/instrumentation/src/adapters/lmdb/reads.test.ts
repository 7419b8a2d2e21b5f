import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { open, type RootDatabase, type RootDatabaseOptions } from 'lmdb'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import type { HistogramValue } from '../../metrics/metric.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

const folders = mkdtempSync(join(tmpdir(), 'lmdb-reads-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const letters = ['a', 'b', 'c', 'd']

/** Creates a measured database with four entries that were written unmeasured. */
async function openDatabase(options: RootDatabaseOptions = {}) {
  const registry = new MetricsRegistry()
  const db = open<unknown, string>(mkdtempSync(join(folders, 'db-')), { noSync: true, ...options })
  const value = (letter: string): unknown => {
    if (options.encoding === undefined) return { letter, length: 1 }
    return options.encoding === 'binary' ? Buffer.from(letter) : letter
  }
  for (const letter of letters) db.put(letter, value(letter))
  await db.committed
  instrument(db, { name: 'orders', registry })
  onTestFinished(async () => {
    await nextTurn()
    // lmdb 2 throws when it is closed twice.
    if (Reflect.get(db, 'status') === 'open') await db.close()
  })
  const gauge = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  return { db, registry, gauge, readCounts: () => readMeasured(registry, 'orders') }
}

/** lmdb 2 has no `tryLock`. */
const isVersion2 = (db: object): boolean => !('tryLock' in db)

type Read = (db: RootDatabase<unknown, string>) => unknown

const scans: ReadonlyArray<[does: string, entries: number, read: Read]> = [
  ['for of', 4, (db) => [...db.getRange()].length],
  [
    'for await',
    4,
    async (db) => {
      for await (const _ of db.getRange() as unknown as AsyncIterable<unknown>);
    },
  ],
  ['asArray', 4, (db) => db.getRange().asArray],
  ['forEach', 4, (db) => db.getRange().forEach(() => {})],
  [
    'map and filter',
    4,
    (db) => [
      ...db
        .getRange()
        .map(({ key }) => key)
        .filter((key) => key !== 'a'),
    ],
  ],
  ['a limit', 2, (db) => [...db.getKeys({ limit: 2 })]],
  ['reverse', 4, (db) => [...db.getRange({ reverse: true, snapshot: false })]],
  ['getKeysCount', 0, (db) => db.getKeysCount()],
]

for (const [does, entries, read] of scans) {
  test(`a range that is read with ${does} is one scan of ${entries} entries`, async () => {
    const { db, readCounts, gauge } = await openDatabase()
    await read(db)
    expect(readCounts().scan).toEqual({ operations: 1, errors: 0, entries })
    expect(gauge('db_open_iterators')).toBe(0)
  })
}

test('a slice is a scan, which lmdb 2 does not end', async () => {
  const { db, readCounts, gauge } = await openDatabase()
  expect([...db.getRange().slice(1, 2)]).toHaveLength(1)
  expect(readCounts().scan).toEqual(
    isVersion2(db) ? { operations: 0, errors: 0, entries: 0 } : { operations: 1, errors: 0, entries: 3 },
  )
  expect(gauge('db_open_iterators')).toBe(isVersion2(db) ? 1 : 0)
})

test('a range is lazy: each iteration is a scan, and none is counted before', async () => {
  const { db, readCounts } = await openDatabase()
  const range = db.getRange()
  expect(readCounts().scan?.operations).toBe(0)
  expect([...range].length + [...range].length).toBe(8)
  expect(readCounts().scan).toEqual({ operations: 2, errors: 0, entries: 8 })
})

test('an abandoned scan counts the entries it delivered, and is open until then', async () => {
  const { db, readCounts, gauge } = await openDatabase()
  for (const { key } of db.getRange()) {
    expect(gauge('db_open_iterators')).toBe(1)
    if (key === 'b') break
  }
  expect(gauge('db_open_iterators')).toBe(0)
  expect(readCounts().scan).toEqual({ operations: 1, errors: 0, entries: 2 })
})

test('a range that its reader forgets is a scan, and counted as abandoned', async () => {
  const { db, registry, readCounts, gauge } = await openDatabase()
  const forget = (): void => {
    db.getRange()[Symbol.iterator]().next()
  }
  forget()
  expect([readCounts().scan?.operations, gauge('db_open_iterators')]).toEqual([0, 1])
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 50 && readCounts().scan?.operations === 0; tries++) {
    await sleep(1)
    collectGarbage()
    await registry.collectors.collectNow()
  }
  expect(readCounts().scan).toEqual({ operations: 1, errors: 0, entries: 1 })
  expect([gauge('db_open_iterators'), gauge('db_abandoned_iterators_total')]).toEqual([0, 1])
})

test('the duration of a scan excludes the time that its reader takes', async () => {
  const { db, registry } = await openDatabase()
  for await (const _ of db.getRange() as unknown as AsyncIterable<unknown>) await sleep(5)
  const latency = registry.getAllMetrics().find(({ name }) => name === 'db_scan_latency_seconds')?.value as HistogramValue
  expect(latency.sum).toBeLessThan(0.01)
})

test("a value that cannot be decoded fails the scan with the decoder's error", async () => {
  const error = new SyntaxError('no value')
  const { db, readCounts, gauge } = await openDatabase({
    encoder: {
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
      decode: () => {
        throw error
      },
    },
  })
  expect(() => [...db.getRange()]).toThrow(error)
  expect(readCounts().scan).toEqual({ operations: 1, errors: 1, entries: 0 })
  expect(gauge('db_open_iterators')).toBe(0)
})

test('an invalid range is a failed scan', async () => {
  const { db, readCounts } = await openDatabase({ dupSort: true, encoding: 'ordered-binary' })
  expect(() => [...db.getRange({ start: {} as never })]).toThrow('as a key')
  expect(readCounts().scan).toEqual({ operations: 1, errors: 1, entries: 0 })
  if (isVersion2(db)) return
  expect(() => db.getRange({ snapshot: false })).toThrow('snapshot')
  expect(readCounts().scan).toEqual({ operations: 2, errors: 2, entries: 0 })
})

const inner: ReadonlyArray<[does: string, options: RootDatabaseOptions]> = [
  ['binary values', { encoding: 'binary' }],
  ['shared structures, which lmdb keeps in the database itself', { sharedStructuresKey: Symbol.for('structures') }],
  ['a cache', { cache: true }],
]

for (const [does, options] of inner) {
  test(`with ${does}, lmdb's own reads and writes are not counted`, async () => {
    const { db, readCounts } = await openDatabase(options)
    const value = options.encoding === 'binary' ? Buffer.from('x') : { first: 1, other: 2 }
    await db.put('x', value)
    expect(db.get('x')).toEqual(value)
    expect(await db.getMany([...letters, 'x'])).toHaveLength(5)
    expect(db.getEntry('x')).toMatchObject({ value })
    db.putSync('y', value)
    expect([...db.getRange({ start: 'a' })]).toHaveLength(6)
    expect(await db.remove('y')).toBe(true)
    const count = (operations: number) => ({ operations, errors: 0 })
    expect(readCounts()).toMatchObject({
      get: count(2),
      get_many: count(1),
      set: count(2),
      delete: count(1),
      batch: count(0),
      scan: { ...count(1), entries: 6 },
    })
  })
}

test('calls in the callback of a getMany are separate operations', async () => {
  const { db, readCounts } = await openDatabase()
  const values = await new Promise((resolve) => {
    db.getMany(letters, () => resolve(db.get('a')))
  })
  expect(values).toEqual({ letter: 'a', length: 1 })
  expect(readCounts()).toMatchObject({ get_many: { operations: 1 }, get: { operations: 1 } })
})

test('a getMany without keys is counted, a prefetch is not', async () => {
  const { db, readCounts } = await openDatabase()
  expect(await db.getMany([])).toEqual([])
  await db.prefetch(letters)
  expect(readCounts()).toMatchObject({ get_many: { operations: 1, errors: 0 }, get: { operations: 0 } })
})
