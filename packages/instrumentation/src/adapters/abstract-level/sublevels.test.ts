import { createRequire } from 'node:module'
import type { AbstractLevel } from 'abstract-level'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel1 } from 'memory-level1'
import { expect, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

type Database = AbstractLevel<string | Uint8Array, string, string>

/** A LevelUP, or a part of one. */
interface Up {
  put(key: string, value: string): Promise<void>
  get(key: string): Promise<unknown>
  batch(): { put(key: string, value: string): { write(): Promise<void> } }
  iterator(): AsyncIterable<unknown>
  clear(): Promise<void>
}

const require = createRequire(import.meta.url)
const levelup: (store: object) => Up = require('levelup')
const encode: (store: object) => object = require('encoding-down')
const memdown: () => object = require('memdown')
const subleveldown: (store: Up, name: string) => Up = require('subleveldown')

function measure<Store extends object>(db: Store): { db: Store; registry: MetricsRegistry; warnings: string[] } {
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  return { db: instrument(db, { name: 'db', registry, bySublevel: true }), registry, warnings }
}

/** Returns the values of a metric by sublevel and operation. */
function bySublevel(
  registry: MetricsRegistry,
  metric: 'operations_total' | 'errors_total' | 'operation_seconds_total' = 'operations_total',
) {
  const series = registry.getAllMetrics().filter(({ name, value }) => name === `db_sublevel_${metric}` && value !== 0)
  return Object.fromEntries(series.map(({ labels, value }) => [`${labels['sublevel']} ${labels['operation']}`, value]))
}

const kinds: Readonly<Record<string, (storeEncoding: 'buffer' | 'view' | 'utf8') => Database>> = {
  'memory-level': (storeEncoding) => new MemoryLevel({ storeEncoding }) as Database,
  'memory-level 1': (storeEncoding) => new MemoryLevel1({ storeEncoding }) as unknown as Database,
}

for (const [kind, create] of Object.entries(kinds)) {
  for (const storeEncoding of ['utf8', 'buffer', 'view'] as const) {
    test(`${kind} with keys as ${storeEncoding}: every operation counts in its sublevel`, async () => {
      const { db, registry } = measure(create(storeEncoding))
      const users = db.sublevel('users')
      const mails = users.sublevel('mails')
      await db.put('a', '1')
      await users.put('b', '2')
      await mails.put('c', '3')
      await mails.get('c')
      await users.getMany(['b', 'x'])
      await mails.del('c')
      await users.batch([{ type: 'put', key: 'd', value: '4' }])
      await db.batch([
        { type: 'put', key: 'e', value: '5' },
        { type: 'put', key: 'f', value: '6', sublevel: users as never },
        { type: 'put', key: 'g', value: '7', sublevel: users as never },
      ])
      await db
        .batch()
        .put('h', '8', { sublevel: mails as never })
        .put('i', '9')
        .write()
      await users.batch().put('j', '10').write()
      await users.iterator().all()
      await mails.keys({ reverse: true }).all()
      await mails.values({ gte: 'a', lt: 'z' }).all()
      await db.iterator().all()
      await users.clear()
      await db.clear({ gte: '!users!', lte: '!users"' })
      await db.clear({ gte: '!a!', lte: '!users!x' })
      expect(bySublevel(registry)).toEqual({
        '(root) set': 1,
        'users set': 1,
        'users/mails set': 1,
        'users/mails get': 1,
        'users get_many': 1,
        'users/mails delete': 1,
        'users batch': 3,
        '(root) batch': 2,
        'users/mails batch': 1,
        'users scan': 1,
        'users/mails scan': 2,
        '(root) scan': 1,
        'users clear': 2,
        '(root) clear': 1,
      })
      expect(readMeasured(registry, 'db')).toMatchObject({
        batch: { operations: 4 },
        scan: { operations: 4 },
        clear: { operations: 3 },
      })
      expect(bySublevel(registry, 'errors_total')).toEqual({})
      const seconds = Object.values(bySublevel(registry, 'operation_seconds_total'))
      expect(seconds).toHaveLength(14)
      expect(seconds.every((one) => Number(one) > 0 && Number(one) < 10)).toBe(true)
      await db.close()
    })
  }

  test(`${kind}: failures count in their sublevel, a missing key does not`, async () => {
    const failure = new Error('disk')
    const plain = create('utf8')
    const { db, registry } = measure(plain)
    await db.open()
    const part = db.sublevel('part')
    await part.open()
    await part.get('none').catch(() => {})
    uninstrument(db)
    const isOld = kind === 'memory-level 1'
    Object.assign(plain, {
      _put: isOld ? (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(failure) : () => Promise.reject(failure),
      _iterator: () => {
        throw failure
      },
    })
    instrument(plain, { name: 'db', registry, bySublevel: true })
    await expect(part.put('a', '1')).rejects.toBe(failure)
    expect(() => part.iterator()).toThrow(failure)
    expect(bySublevel(registry)).toEqual({ 'part get': 1, 'part set': 1, 'part scan': 1 })
    expect(bySublevel(registry, 'errors_total')).toEqual({ 'part set': 1, 'part scan': 1 })
    await db.close()
  })

  test(`${kind}: keys that only look like those of a sublevel count as the database's own`, async () => {
    const { db, registry } = measure(create('utf8'))
    for (const key of ['!', '!!', '!!x', '!open', '!with space!x', '!with"quote!x', '!ümlaut!x', 'x!part!y'])
      await db.put(key, '1')
    await db.put('!part!x', '1')
    expect(bySublevel(registry)).toEqual({ '(root) set': 8, 'part set': 1 })
    await db.close()
  })

  test(`${kind}: at most 100 sublevels have series of their own, and that is said once`, async () => {
    const { db, registry, warnings } = measure(create('utf8'))
    await db.put('a', '1')
    for (let part = 0; part < 150; part++) await db.sublevel(`part${part}`).put('a', '1')
    await db.sublevel('part0').put('b', '2')
    const counts = bySublevel(registry)
    expect(Object.keys(counts)).toHaveLength(102)
    expect(counts).toMatchObject({ '(root) set': 1, 'part0 set': 2, 'part99 set': 1, 'otel_metric_overflow set': 50 })
    expect(warnings).toEqual([expect.stringMatching(/^store db: more than 100 sublevels: .* do not use bySublevel if/)])
    await db.close()
  })

  test(`${kind}: a name that is too long for a label shares the series of the others`, async () => {
    const { db, registry } = measure(create('utf8'))
    await db.sublevel('x'.repeat(2000)).put('a', '1')
    expect(bySublevel(registry)).toEqual({ 'otel_metric_overflow set': 1 })
    await db.close()
  })

  test(`${kind}: without bySublevel there are no such series, and uninstrument leaves nothing`, async () => {
    const registry = new MetricsRegistry()
    const db = instrument(create('utf8'), { name: 'db', registry })
    await db.sublevel('part').put('a', '1')
    const names = registry.getAllMetrics().map(({ name }) => name)
    expect(names.filter((name) => name.startsWith('db_sublevel'))).toEqual([])
    uninstrument(db)
    const keys = Reflect.ownKeys(db)
    instrument(db, { name: 'db', registry, bySublevel: true })
    uninstrument(db)
    expect(Reflect.ownKeys(db)).toEqual(keys)
    await db.close()
  })
}

test('a synchronous get counts in its sublevel, and an instrumented sublevel uses the same names', async () => {
  const { db, registry } = measure(new MemoryLevel())
  const part = db.sublevel('part')
  await part.put('a', '1')
  part.getSync('a')
  await part.has('a')
  await part.hasMany(['a', 'b'])
  instrument(part, { name: 'part', registry, bySublevel: true })
  await part.sublevel('inner').put('b', '2')
  expect(bySublevel(registry)).toEqual({ 'part set': 1, 'part get': 1, 'part has': 2, 'part/inner set': 1 })
  const labels = { store: 'part', sublevel: 'part/inner', operation: 'set' }
  expect(registry.counter('db_sublevel_operations_total', labels).value).toBe(1)
  await db.close()
})

test('the parts of subleveldown count under their names', async () => {
  const { db, registry } = measure(levelup(encode(memdown())))
  const part = subleveldown(db, 'part')
  const inner = subleveldown(part, 'inner')
  await db.put('a', '1')
  await part.put('b', '2')
  await inner.put('c', '3')
  await inner.get('c')
  await part.batch().put('d', '4').write()
  for await (const _entry of part.iterator()) void _entry
  await inner.clear()
  expect(bySublevel(registry)).toEqual({
    '(root) set': 1,
    'part set': 1,
    'part/inner set': 1,
    'part/inner get': 1,
    'part batch': 1,
    'part scan': 1,
    'part/inner clear': 1,
  })
})
