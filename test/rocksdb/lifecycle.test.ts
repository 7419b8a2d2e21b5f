import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { instrument, type MetricsRegistry, uninstrument } from '@wombat/instrumentation'
import { describe, expect, test } from 'vitest'
import { rocksdbSupplies, statisticsSupplies } from '../../packages/instrumentation/src/engines/rocksdb-metrics.ts'
import { installed, named, type Session } from './database.ts'
import { database, type Measured, measuredDatabase, measuring, temporaryFolder } from './opened.ts'

function gaugesOf(registry: MetricsRegistry): string[] {
  return registry.getAllMetrics().flatMap(({ name, type }) => (type === 'gauge' ? [name] : []))
}

async function flushes(db: Session, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await db.put(`key ${n}`, 'value')
    await db.flush()
  }
}

/** Flushes that the engine's logs tell of, those of earlier openings too. */
async function flushesInLogs(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('LOG'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('').split('"event": "flush_finished"').length - 1
}

describe.skipIf(!installed)(named('an engine'), () => {
  test('that is not open yet is not opened to be asked', async () => {
    const { db, registry, collect } = measuring(await database())
    await collect()
    expect(db.opened).toBe(false)
    expect(gaugesOf(registry)).not.toContain('db_memtable_bytes')
    await db.ready()
    await collect()
    expect(gaugesOf(registry)).toContain('db_memtable_bytes')
  })

  test('that was being opened already is asked as every other', async () => {
    const db = await database()
    const opening = db.ready()
    const { number, collect } = measuring(db)
    await opening
    await flushes(db, 2)
    await collect()
    expect(number('db_flush_operations_total')).toBe(2)
  })

  test('without statistics supplies all that does not come from them', async () => {
    const { registry, collect, db } = await measuredDatabase()
    await flushes(db, 1)
    await collect()
    const shown = new Set(registry.getAllMetrics().map(({ name }) => name))
    // Other stores of this file are open, so nobody can tell whose the threads' time is.
    const absent = new Set<string>([...statisticsSupplies, 'db_background_cpu_seconds_total'])
    expect(rocksdbSupplies.filter((name) => !shown.has(name)).sort()).toEqual([...absent].sort())
  })

  test('that was open before counts from then on', async () => {
    const db = await database({ enableStatistics: true })
    await flushes(db, 3)
    const { number, collect } = measuring(db)
    await collect()
    await flushes(db, 2)
    expect(await db.get('missing')).toBeNull()
    await collect()
    expect(number('db_flush_operations_total')).toBe(2)
    expect(number('db_bloom_filter_useful_total')).toBeLessThanOrEqual(5)
  })

  test('that is measured again counts nothing twice', async () => {
    const { db, registry, number, collect } = await measuredDatabase()
    await flushes(db, 3)
    await collect()
    uninstrument(db)
    expect(gaugesOf(registry)).toEqual([])
    await flushes(db, 2)
    instrument(db, { registry, name: 'orders' })
    await collect()
    await flushes(db, 4)
    await collect()
    expect(number('db_flush_operations_total')).toBe(3 + 4)
  })

  test('that is closed says nothing more, and what it did to the end is counted', async () => {
    const { db, registry, number, collect } = await measuredDatabase()
    await flushes(db, 3)
    await db.close()
    expect(gaugesOf(registry)).toEqual([])
    await collect()
    expect(gaugesOf(registry)).toEqual([])
    expect(number('db_flush_operations_total')).toBe(3)
  })

  test('goes on counting where its store is opened again, also at once', async () => {
    const { db, registry, number, collect } = await measuredDatabase()
    for (let opening = 0, at = db; opening < 3; opening++) {
      await flushes(at, opening + 1)
      await at.close()
      at = measuring(await database({}, db.path), registry).db
      await at.ready()
    }
    await collect()
    await collect()
    expect(number('db_flush_operations_total')).toBe(1 + 2 + 3)
    expect(await flushesInLogs(db.path)).toBe(6)
  })

  test('is followed although somebody else tried to open its folder', async () => {
    const { db, number, collect } = await measuredDatabase()
    await flushes(db, 2)
    const refused = measuring(await database({}, db.path), undefined, 'refused')
    await expect(refused.db.ready()).rejects.toThrow(/lock/)
    await collect()
    await refused.collect()
    await flushes(db, 3)
    await collect()
    await refused.collect()
    expect(number('db_flush_operations_total')).toBe(5)
    expect(refused.number('db_flush_operations_total')).toBe(0)
    const errors = refused.registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
    expect(errors.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])).toEqual([['open', 'EIO', 1]])
    expect(gaugesOf(refused.registry)).toEqual([])
  })

  test('that is opened for reading only is not credited with what was done before', async () => {
    const { db } = await measuredDatabase()
    await flushes(db, 3)
    await db.close()
    const { number, collect } = await measuredDatabase({ readOnly: true }, db.path)
    await collect()
    expect(number('db_flush_operations_total')).toBe(0)
    expect(number('db_level_files', { level: '0' })).toBe(3)
  })

  test('that is suspended is left alone until it goes on', async () => {
    const { db, registry, collect } = await measuredDatabase()
    await db.suspend()
    await collect()
    expect(gaugesOf(registry)).not.toContain('db_memtable_bytes')
    await db.resume()
    await collect()
    expect(gaugesOf(registry)).toContain('db_memtable_bytes')
  })

  test('that holds writers back is seen to while it does, and for how long', async () => {
    const { db, number, collect } = await measuredDatabase({ writeBufferSize: 64 * 1024 })
    const seconds = (): number => number('db_write_stall_active_seconds', { cause: 'memtable' }) ?? Number.NaN
    let isEnough = false
    const write = async (): Promise<void> => {
      while (!isEnough) {
        const batch = db.write({ autoDestroy: true })
        for (let n = 0; n < 200; n++) batch.tryPut(`key ${n}`, 'x'.repeat(1000))
        await batch.flush()
      }
    }
    const writers = [write(), write(), write(), write()]
    while (!(seconds() > 0)) await collect()
    isEnough = true
    await Promise.all(writers)
    await db.flush()
    await collect()
    expect(seconds()).toBe(0)
    expect(number('db_write_stall_active_seconds', { cause: 'level0' })).toBe(0)
  })

  test('that closes while it is asked does no harm', async () => {
    const stores: Measured[] = []
    for (let n = 0; n < 5; n++) stores.push(await measuredDatabase({ columnFamilies: ['a', 'b', 'c', 'd'] }))
    await Promise.all(
      stores.map(async ({ db, registry }, n) => {
        const asked = registry.sources.refresh()
        for (let turn = 0; turn < n; turn++) await setImmediate()
        await Promise.all([db.close(), asked])
      }),
    )
    for (const { registry } of stores) expect(gaugesOf(registry)).toEqual([])
  })

  test('of two stores under one name: both are added up, but not the volume under them', async () => {
    const one = await measuredDatabase()
    const two = measuring(await database(), one.registry)
    await flushes(one.db, 2)
    await flushes(two.db, 3)
    await one.collect()
    expect(one.number('db_flush_operations_total')).toBe(5)
    expect(one.number('db_level_files', { level: '0' })).toBe(5)
    const alone = await measuredDatabase()
    await alone.collect()
    expect(one.number('db_disk_capacity_bytes')).toBe(alone.number('db_disk_capacity_bytes'))
    expect(one.number('db_memtable_bytes')).toBe(2 * (alone.number('db_memtable_bytes') ?? Number.NaN))
  })

  test('holds no file open after it closed, nor after it is measured no more', async () => {
    const folder = await temporaryFolder()
    const { db, collect } = await measuredDatabase({}, folder)
    await collect()
    await db.close()
    await collect()
    const again = await measuredDatabase({}, folder)
    await again.collect()
    uninstrument(again.db)
    await again.db.close()
    if (process.platform === 'linux') expect(await openFilesUnder(folder)).toEqual([])
  })
})

async function openFilesUnder(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd')
  const paths = await Promise.all(names.map((name) => readlink(join('/proc/self/fd', name)).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder))
}
