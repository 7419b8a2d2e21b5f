import {
  createDatabase,
  type MeasuredDatabase,
  measureDatabase,
  openMeasuredDatabase,
  temporaryFolder,
} from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, loadRocksdb, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { describe, expect, test, vi } from 'vitest'

const storeIn = ({ registry }: MeasuredDatabase) => {
  const [store] = registry.stores.list()
  if (store === undefined) throw new Error('the registry has no store')
  return store
}

const readMetrics = ({ registry }: MeasuredDatabase) =>
  registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

const readEntries = async ({ db }: MeasuredDatabase) => {
  const entries: string[] = []
  for await (const { key, value } of db.iterator()) entries.push(`${key}=${value}`)
  return entries
}

/** Waits until the probe can write: the adapter finds out after the database has opened. */
const writableProbe = (measured: MeasuredDatabase) =>
  vi.waitFor(() => {
    const probe = storeIn(measured).probe()
    if (probe?.write === undefined || probe.remove === undefined) throw new Error('the probe cannot write yet')
    return { ...probe, write: probe.write, remove: probe.remove }
  })

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a probe'), () => {
  test('writes, reads and removes a key without changing metrics or other entries', async () => {
    const measured = await openMeasuredDatabase()
    await measured.db.put('a', '1')
    const probe = await writableProbe(measured)
    const entries = await readEntries(measured)
    // The first values of the engine come in the background.
    await vi.waitFor(() => expect(readMetrics(measured).map(([name]) => name)).toContain('db_memtable_bytes'), 5000)
    const before = readMetrics(measured)
    expect(await probe.read('probe key')).toBeUndefined()
    const written = probe.write('probe key', 'a value')
    expect(readMetrics(measured)).toEqual(before)
    await written
    expect(await probe.read('probe key')).toBe('a value')
    await probe.remove('probe key')
    expect(await probe.read('probe key')).toBeUndefined()
    expect(readMetrics(measured)).toEqual(before)
    expect(await readEntries(measured)).toEqual(entries)
  })

  test('writes to a database that was open before it was measured', async () => {
    const db = await createDatabase()
    await db.ready()
    const probe = await writableProbe(measureDatabase(db))
    await probe.write('probe key', 'a value')
    expect(await probe.read('probe key')).toBe('a value')
    await probe.remove('probe key')
  })

  test('only reads a read-only database', async () => {
    const folder = await temporaryFolder()
    const first = new (loadRocksdb())(folder)
    await first.ready()
    await first.put('a', '1')
    await first.close()
    const measured = await openMeasuredDatabase({ readOnly: true }, folder)
    // By now, the probe of a writable database can write.
    await measured.collect()
    const probe = storeIn(measured).probe()
    expect(Object.keys(probe ?? {})).toEqual(['read'])
    const before = readMetrics(measured)
    expect([await probe?.read('a'), await probe?.read('probe key')]).toEqual(['1', undefined])
    expect(readMetrics(measured)).toEqual(before)
  })

  test('exists only while the database is open and not suspended', async () => {
    const measured = measureDatabase(await createDatabase())
    const store = storeIn(measured)
    const seen = () => [store.state(), store.probe() !== undefined]
    expect(seen()).toEqual(['opening', false])
    expect(measured.db.opened).toBe(false)
    await measured.db.ready()
    expect(seen()).toEqual(['open', true])
    await measured.db.suspend()
    expect(seen()).toEqual(['opening', false])
    await measured.db.resume()
    expect(seen()).toEqual(['open', true])
    const probe = store.probe()
    await measured.db.close()
    expect(seen()).toEqual(['closed', false])
    await expect(probe?.read('a')).rejects.toThrow('closed')
    expect(store.directory()).toBe(measured.db.path)
  })
})
