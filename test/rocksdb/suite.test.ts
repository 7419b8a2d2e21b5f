import { storeAdapters } from '@wombat/instrumentation'
import { storeSuite } from '@wombat/instrumentation/testing'
import { createDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle, type Session, type WriteBatch } from '@wombat/test-support/rocksdb'
import { describe, expect, test } from 'vitest'

async function closedSession(db: Session): Promise<Session> {
  const session = db.session()
  await session.close()
  return session
}

async function write(batch: WriteBatch, fill: (batch: WriteBatch) => void): Promise<void> {
  fill(batch)
  await batch.flush()
  batch.destroy()
}

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const read: Entry[] = []
  for await (const entry of entries) read.push(entry)
  return read
}

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('the suite'), () => {
  test('a database matches the adapter rocksdb-native and no other one', async () => {
    const db = await createDatabase()
    expect(storeAdapters.flatMap((adapter) => (adapter.matches(db) ? [adapter.name] : []))).toEqual(['rocksdb-native'])
  })

  storeSuite<Session>({
    kind: 'rocksdb-native',
    test,
    create: async ({ entries }) => {
      const db = await createDatabase({ columnFamilies: ['other'] })
      await db.ready()
      for (const [key, value] of entries) await db.put(key, value)
      return db
    },
    close: (db) => db.close(),
    // From the statistics and the log of a busy engine.
    optionalMetrics: [
      'db_cache_hits_total',
      'db_cache_misses_total',
      'db_bloom_filter_useful_total',
      'db_bloom_filter_false_positives_total',
      'db_memtable_hits_total',
      'db_memtable_misses_total',
      'db_read_bytes_total',
      'db_reseeks_total',
      'db_write_stall_seconds_total',
      'db_written_bytes_total',
    ],
    actions: [
      {
        does: 'get',
        operation: 'get',
        run: (db, { entries }) => db.get(entries[0]?.[0] ?? ''),
        fail: async (db, { newKey }) => (await closedSession(db)).get(newKey),
      },
      { does: 'get of a missing key', operation: 'get', run: (db, { newKey }) => db.get(newKey) },
      {
        does: 'get of a column family',
        operation: 'get',
        run: (db, { entries }) => db.columnFamily('other').get(entries[0]?.[0] ?? ''),
      },
      {
        does: 'get of a snapshot',
        operation: 'get',
        run: async (db, { entries }) => {
          const snapshot = db.snapshot()
          const value = await snapshot.get(entries[0]?.[0] ?? '')
          await snapshot.close()
          return value
        },
      },
      {
        does: 'read',
        operation: 'get_many',
        run: async (db, { entries }) => {
          const batch = db.read()
          const values = entries.map(([key]) => batch.get(key))
          await batch.flush()
          batch.destroy()
          return Promise.all(values)
        },
      },
      {
        does: 'read whose flush is not awaited',
        operation: 'get_many',
        run: (db, { entries }) => {
          const batch = db.read({ autoDestroy: true })
          const values = entries.map(([key]) => batch.get(key))
          batch.tryFlush()
          return Promise.all(values)
        },
      },
      {
        does: 'put',
        operation: 'set',
        run: (db, { newKey, newValue }) => db.put(newKey, newValue),
        fail: async (db, { newKey, newValue }) => (await closedSession(db)).put(newKey, newValue),
      },
      {
        does: 'delete',
        operation: 'delete',
        run: (db, { newKey }) => db.delete(newKey),
        fail: async (db, { newKey }) => (await closedSession(db)).delete(newKey),
      },
      {
        does: 'deleteRange',
        operation: 'clear',
        run: (db, { newKey }) => db.deleteRange(newKey, `${newKey}~`),
        fail: async (db, { newKey }) => (await closedSession(db)).deleteRange(newKey, `${newKey}~`),
      },
      {
        does: 'write',
        operation: 'batch',
        entries: 2,
        run: (db, { newKey, newValue }) =>
          write(db.write(), (batch) => {
            batch.tryPut(newKey, newValue)
            batch.tryDelete(newKey)
          }),
      },
      {
        does: 'write to a session whose promises are awaited one by one',
        operation: 'batch',
        entries: 1,
        run: (db, { entries: [first = ['', '']] }) => {
          const batch = db.session().write({ autoDestroy: true })
          const written = batch.put(...first)
          batch.tryFlush()
          return written
        },
      },
      {
        does: 'iterator',
        operation: 'scan',
        entries: 3,
        run: (db) => all(db.iterator()),
        fail: async (db) => (await closedSession(db)).iterator(),
      },
      { does: 'keys', operation: 'scan', entries: 3, run: (db) => all(db.keys()) },
      { does: 'peek', operation: 'scan', entries: 1, run: (db) => db.peek() },
    ],
  })
})
