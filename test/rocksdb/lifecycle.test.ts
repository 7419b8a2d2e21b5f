import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { uninstrument } from '@wombat/instrumentation'
import { engineMetricNames } from '@wombat/test-support/engine-metrics'
import {
  createDatabase,
  gaugeNames,
  type MeasuredDatabase,
  measureDatabase,
  openMeasuredDatabase,
  temporaryFolder,
} from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { flushRepeatedly } from '@wombat/test-support/rocksdb-load'
import { describe, expect, test } from 'vitest'

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('an engine'), () => {
  test('that is not open yet is not opened by a collection', async () => {
    const { db, registry, collect } = measureDatabase(await createDatabase())
    await collect()
    expect(db.opened).toBe(false)
    expect(gaugeNames(registry)).not.toContain('db_memtable_bytes')
    await db.ready()
    await collect()
    expect(gaugeNames(registry)).toContain('db_memtable_bytes')
  })

  test('that was opening before it was measured is read like every other', async () => {
    const db = await createDatabase()
    const opening = db.ready()
    const { number, collect } = measureDatabase(db)
    await opening
    await flushRepeatedly(db, 2)
    await collect()
    expect(number('db_flush_operations_total')).toBe(2)
  })

  test('without statistics reports everything that does not depend on them', async () => {
    const { registry, collect, db } = await openMeasuredDatabase()
    await flushRepeatedly(db, 1)
    await collect()
    const shown = new Set(registry.getAllMetrics().map(({ name }) => name))
    expect(
      engineMetricNames('rocksdb')
        .filter((name) => !shown.has(name))
        .sort(),
    ).toEqual([
      // Other stores of this file are open, so the threads' CPU time cannot be attributed to one of them.
      'db_background_cpu_seconds_total',
      'db_bloom_filter_false_positives_total',
      'db_bloom_filter_useful_total',
      'db_cache_hits_total',
      'db_cache_misses_total',
      'db_memtable_hits_total',
      'db_memtable_misses_total',
      'db_read_bytes_total',
      'db_reseeks_total',
      'db_write_stall_seconds_total',
      'db_written_bytes_total',
    ])
  })

  test('that is closed has no gauges, and everything until its end is counted', async () => {
    const { db, registry, number, collect } = await openMeasuredDatabase()
    await flushRepeatedly(db, 3)
    await db.close()
    expect(gaugeNames(registry)).toEqual([])
    await collect()
    expect(gaugeNames(registry)).toEqual([])
    expect(number('db_flush_operations_total')).toBe(3)
  })

  test('that is suspended is not read until it resumes', async () => {
    const { db, registry, collect } = await openMeasuredDatabase()
    await db.suspend()
    await collect()
    expect(gaugeNames(registry)).not.toContain('db_memtable_bytes')
    await db.resume()
    await collect()
    expect(gaugeNames(registry)).toContain('db_memtable_bytes')
  })

  test('that stalls writers reports the active stall and its duration', async () => {
    const { db, number, collect } = await openMeasuredDatabase({ writeBufferSize: 64 * 1024 })
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

  test('can close during a collection', async () => {
    const stores: MeasuredDatabase[] = []
    for (let n = 0; n < 5; n++) stores.push(await openMeasuredDatabase({ columnFamilies: ['a', 'b', 'c', 'd'] }))
    await Promise.all(
      stores.map(async ({ db, registry }, n) => {
        const asked = registry.collectors.collect()
        for (let turn = 0; turn < n; turn++) await setImmediate()
        await Promise.all([db.close(), asked])
      }),
    )
    for (const { registry } of stores) expect(gaugeNames(registry)).toEqual([])
  })

  test('has no open files after it is closed or no longer measured', async () => {
    const folder = await temporaryFolder()
    const { db, collect } = await openMeasuredDatabase({}, folder)
    await collect()
    await db.close()
    await collect()
    const again = await openMeasuredDatabase({}, folder)
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
