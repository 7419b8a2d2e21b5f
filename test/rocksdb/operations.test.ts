import { instrument, MetricsRegistry, uninstrument } from '@wombat/instrumentation'
import { readMeasured } from '@wombat/instrumentation/testing'
import { createDatabase, measureDatabase, openMeasuredDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle, type Session } from '@wombat/test-support/rocksdb'
import { describe, expect, test } from 'vitest'

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('operations'), () => {
  test("match the counts of the engine's binding, for every way to call them", async () => {
    const { db, registry } = await openMeasuredDatabase({ columnFamilies: ['other'] })
    const other = db.columnFamily('other')
    await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? db : other).put(`key ${n}`, 'value')))
    const snapshot = other.snapshot()
    for (const session of [db, other, snapshot, db.session()]) await session.get('key 1')
    await other.delete('key 2')
    await db.deleteRange('key 3', 'key 5')
    const batch = db.write()
    for (let flush = 0; flush < 3; flush++) {
      batch.tryPut('again', `${flush}`)
      batch.tryDelete('key 7')
      await batch.flush()
    }
    batch.destroy()
    const read = snapshot.read({ autoDestroy: true })
    const values = ['key 2', 'key 4', 'missing'].map((key) => read.get(key))
    read.tryFlush()
    expect((await Promise.all(values)).map(String)).toEqual(['value', 'value', 'null'])

    const { get, get_many, set, batch: batches, delete: deletes, clear } = readMeasured(registry, 'orders')
    expect({ get, get_many, set, batches, deletes, clear }).toEqual({
      get: { operations: 4, errors: 0 },
      get_many: { operations: 1, errors: 0 },
      set: { operations: 50, errors: 0 },
      batches: { operations: 3, errors: 0, entries: 6 },
      deletes: { operations: 1, errors: 0 },
      clear: { operations: 1, errors: 0 },
    })
    expect(db.stats).toEqual({
      gets: 4 + 3,
      readBatches: 4 + 1,
      puts: 50 + 3,
      deletes: 1 + 3,
      rangeDeletes: 1,
      writeBatches: 50 + 1 + 1 + 3,
    })
  })

  test('of sessions that existed before are measured too', async () => {
    const db = await createDatabase()
    await db.ready()
    const session = db.session()
    const { registry } = measureDatabase(db)
    await session.get('key')
    expect(readMeasured(registry, 'orders').get).toEqual({ operations: 1, errors: 0 })
  })

  test('before the database is open are measured once', async () => {
    const { db, registry } = measureDatabase(await createDatabase())
    await Promise.all([db.put('key', 'value'), db.peek(), db.ready()])
    expect(readMeasured(registry, 'orders')).toMatchObject({ set: { operations: 1 }, scan: { operations: 1 } })
  })

  test('that the engine rejects are errors with the code of the engine, not of the batch', async () => {
    const { db } = await openMeasuredDatabase()
    const folder = db.path
    await db.close()
    const { db: readOnly, registry } = await openMeasuredDatabase({ readOnly: true }, folder)
    await expect(readOnly.put('key', 'value')).rejects.toThrow('Batch was not applied')
    const batch = readOnly.write({ autoDestroy: true })
    batch.tryPut('key', 'value')
    await expect(batch.flush()).rejects.toThrow('Batch was not applied')
    const unobserved = readOnly.write({ autoDestroy: true })
    const written = unobserved.put('key', 'value')
    unobserved.tryFlush()
    await expect(written).rejects.toThrow('read only')

    expect(readMeasured(registry, 'orders')).toMatchObject({
      set: { operations: 1, errors: 1 },
      batch: { operations: 2, errors: 2, entries: 0 },
    })
    const kinds = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
    expect(kinds.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])).toEqual([
      ['set', 'ENOSYS', 1],
      ['batch', 'ENOSYS', 2],
    ])
  })

  test('of a destroyed batch are not counted', async () => {
    const { db, registry } = await openMeasuredDatabase()
    const batch = db.write()
    const written = batch.put('key', 'value')
    batch.destroy()
    await expect(written).rejects.toThrow('Batch is destroyed')
    expect(readMeasured(registry, 'orders').batch).toEqual({ operations: 0, errors: 0, entries: 0 })
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('iterators'), () => {
  async function filled(): Promise<ReturnType<typeof measureDatabase>> {
    const found = await openMeasuredDatabase()
    for (let n = 0; n < 100; n++) await found.db.put(`key ${n}`, 'value')
    return found
  }

  test('are open until they are destroyed by their end, their reader or an error', async () => {
    const { db, number } = await filled()
    const iterator = db.iterator()
    expect(number('db_open_iterators')).toBe(1)
    for await (const entry of iterator) expect(String(entry.value)).toBe('value')
    expect(number('db_open_iterators')).toBe(0)
    expect(number('db_scan_entries_total')).toBe(100)

    const idle = db.snapshot().iterator()
    expect(number('db_open_iterators')).toBe(1)
    const closed = new Promise((resolve) => idle.on('close', resolve))
    idle.destroy()
    await closed
    expect(number('db_open_iterators')).toBe(0)
    expect(number('db_scan_operations_total')).toBe(2)
  })

  test('that are left early count as one scan of the entries read', async () => {
    const { db, number } = await filled()
    for await (const key of db.keys({ limit: 60 })) if (String(key).endsWith('1')) break
    expect(number('db_scan_operations_total')).toBe(1)
    expect(number('db_scan_entries_total')).toBeGreaterThanOrEqual(2)
    expect(number('db_scan_entries_total')).toBeLessThanOrEqual(60)
    expect(number('db_queue_depth')).toBe(0)
  })

  test('do not include the time of their reader', async () => {
    const { db, registry } = await filled()
    for await (const _ of db.iterator({ limit: 10 })) await new Promise((resolve) => setTimeout(resolve, 10))
    const latency = registry.getAllMetrics().find(({ name }) => name === 'db_scan_latency_seconds')?.value
    expect(typeof latency === 'object' && latency.sum).toBeLessThan(0.05)
  })
})

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('measuring'), () => {
  test('rejects a session of a database', async () => {
    const db = await createDatabase()
    const registry = new MetricsRegistry()
    expect(() => instrument(db.session(), { registry })).toThrow(
      /^cannot instrument a session of a RocksDB: instrument the database/,
    )
    expect(registry.getAllMetrics()).toEqual([])
  })

  test('that stops leaves no trace on sessions, reused batches and shared objects', async () => {
    const { db } = await openMeasuredDatabase()
    const parts = (): object[] => [
      db,
      session,
      Reflect.get(db, '_state'),
      ...Reflect.get(Reflect.get(db, '_state'), '_writeBatches'),
    ]
    const session = db.session()
    const use = async (batch = session.write()): Promise<void> => {
      batch.tryPut('key', 'value')
      await batch.flush()
      batch.destroy()
    }
    await use()
    expect(parts().filter((part) => ownMethods(part).length > 0)).not.toEqual([])
    uninstrument(db)
    expect(parts()).toHaveLength(4)
    expect(parts().flatMap(ownMethods)).toEqual([])
    await use()
  })

  test('that stops measures nothing more of open batches and iterators', async () => {
    const { db, registry, number } = await openMeasuredDatabase()
    const batch = db.write()
    const iterator = db.iterator()
    uninstrument(db)
    batch.tryPut('key', 'value')
    await batch.flush()
    batch.destroy()
    const seen: unknown[] = []
    for await (const entry of iterator) seen.push(entry)
    expect(seen).toHaveLength(1)
    expect(readMeasured(registry, 'orders')).toMatchObject({ batch: { operations: 0 }, scan: { operations: 0 } })
    expect(number('db_open_iterators')).toBeUndefined()
  })

  test('can start again', async () => {
    const { db, registry } = await openMeasuredDatabase()
    uninstrument(db)
    instrument(db, { registry, name: 'orders' })
    const session: Session = db.session()
    await session.put('key', 'value')
    expect(readMeasured(registry, 'orders').set).toEqual({ operations: 1, errors: 0 })
  })
})

/** Returns the names of the own methods of an object. Batches of the binding have one, bound at creation. */
function ownMethods(object: object): string[] {
  return Object.keys(Object.getOwnPropertyDescriptors(object)).filter(
    (key) => typeof Reflect.get(object, key) === 'function' && key !== '_enqueuePromise',
  )
}
