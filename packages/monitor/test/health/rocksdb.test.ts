import { instrument } from '@wombat/instrumentation'
import { database } from '@wombat/test-support/measured-rocksdb'
import { installed, named } from '@wombat/test-support/rocksdb'
import { flushes } from '@wombat/test-support/rocksdb-load'
import { describe, expect, test } from 'vitest'
import { watched } from './health-checks.ts'

describe.skipIf(!installed)(named('the health of a RocksDB'), () => {
  test('is seen in a try and in the files of level 0', async () => {
    const { registry, remember, look, names } = watched({
      bounds: { rocksdbLevelZeroDegradedFiles: 2, rocksdbLevelZeroUnhealthyFiles: 3 },
    })
    const db = instrument(await database(), { registry, name: 'orders' })
    await flushes(db, 1)
    await remember()
    expect(names('orders')).toEqual(['database_connectivity', 'disk_space', 'compaction_status', 'error_rates'])
    expect(await look('database_connectivity', 'orders')).toMatchObject({ status: 'healthy', message: 'Database is responsive' })
    expect(await look('compaction_status', 'orders')).toMatchObject({ status: 'healthy', message: 'Compaction keeps up' })
    await flushes(db, 1)
    await new Promise((resolve) => setTimeout(resolve, 150))
    await remember()
    expect(await look('compaction_status', 'orders')).toMatchObject({
      status: 'degraded',
      message: 'Level 0 is filling up',
      observed: { value: 2, bound: 2, unit: '{file}' },
    })
    await flushes(db, 1)
    await new Promise((resolve) => setTimeout(resolve, 150))
    await remember()
    expect(await look('compaction_status', 'orders')).toMatchObject({ status: 'unhealthy', message: 'Level 0 is full' })
  })
})
