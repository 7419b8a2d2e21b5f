import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instrument, uninstrument } from '@wombat/instrumentation'
import { createDatabase, gaugeNames, measureDatabase, openMeasuredDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { flushRepeatedly } from '@wombat/test-support/rocksdb-load'
import { describe, expect, test } from 'vitest'

/** Returns the number of flushes in the logs of the engine, including those of earlier openings. */
async function flushesInLogs(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('LOG'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('').split('"event": "flush_finished"').length - 1
}

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('what an engine has done'), () => {
  test('before it was measured is not counted', async () => {
    const db = await createDatabase({ enableStatistics: true })
    await flushRepeatedly(db, 3)
    const { number, collect } = measureDatabase(db)
    await collect()
    await flushRepeatedly(db, 2)
    expect(await db.get('missing')).toBeNull()
    await collect()
    expect(number('db_flush_operations_total')).toBe(2)
    expect(number('db_bloom_filter_useful_total')).toBeLessThanOrEqual(5)
  })

  test('is counted once if measuring stops and starts again', async () => {
    const { db, registry, number, collect } = await openMeasuredDatabase()
    await flushRepeatedly(db, 3)
    await collect()
    uninstrument(db)
    expect(gaugeNames(registry)).toEqual([])
    await flushRepeatedly(db, 2)
    instrument(db, { registry, name: 'orders' })
    await collect()
    await flushRepeatedly(db, 4)
    await collect()
    expect(number('db_flush_operations_total')).toBe(3 + 4)
  })

  test('adds up over openings, even if they follow immediately', async () => {
    const { db, registry, number, collect } = await openMeasuredDatabase()
    for (let opening = 0, at = db; opening < 3; opening++) {
      await flushRepeatedly(at, opening + 1)
      await at.close()
      at = measureDatabase(await createDatabase({}, db.path), registry).db
      await at.ready()
    }
    await collect()
    await collect()
    expect(number('db_flush_operations_total')).toBe(1 + 2 + 3)
    expect(await flushesInLogs(db.path)).toBe(6)
  })

  test('is counted although another process tried to open its folder', async () => {
    const { db, number, collect } = await openMeasuredDatabase()
    await flushRepeatedly(db, 2)
    const refused = measureDatabase(await createDatabase({}, db.path), undefined, 'refused')
    await expect(refused.db.ready()).rejects.toThrow(/lock/)
    await collect()
    await refused.collect()
    await flushRepeatedly(db, 3)
    await collect()
    await refused.collect()
    expect(number('db_flush_operations_total')).toBe(5)
    expect(refused.number('db_flush_operations_total')).toBe(0)
    const errors = refused.registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
    expect(errors.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])).toEqual([['open', 'EIO', 1]])
    expect(gaugeNames(refused.registry)).toEqual([])
  })

  test('is not counted for a read-only database', async () => {
    const { db } = await openMeasuredDatabase()
    await flushRepeatedly(db, 3)
    await db.close()
    const { number, collect } = await openMeasuredDatabase({ readOnly: true }, db.path)
    await collect()
    expect(number('db_flush_operations_total')).toBe(0)
    expect(number('db_level_files', { level: '0' })).toBe(3)
  })

  test('is summed for two stores of one name, as are their sizes, but not the volume they share', async () => {
    const one = await openMeasuredDatabase()
    const two = measureDatabase(await createDatabase(), one.registry)
    await flushRepeatedly(one.db, 2)
    await flushRepeatedly(two.db, 3)
    await one.collect()
    expect(one.number('db_flush_operations_total')).toBe(5)
    expect(one.number('db_level_files', { level: '0' })).toBe(5)
    const alone = await openMeasuredDatabase()
    await alone.collect()
    expect(one.number('db_disk_capacity_bytes')).toBe(alone.number('db_disk_capacity_bytes'))
    expect(one.number('db_memtable_bytes')).toBe(2 * (alone.number('db_memtable_bytes') ?? Number.NaN))
  })
})
