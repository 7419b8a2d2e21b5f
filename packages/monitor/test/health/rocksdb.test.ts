import { instrument } from '@wombat/instrumentation'
import { createDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { flushRepeatedly } from '@wombat/test-support/rocksdb-load'
import { describe, expect, test } from 'vitest'
import { createHealthChecks } from './health-checks.ts'

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('health of a RocksDB'), () => {
  test('is checked by a probe and by the files in level 0', async () => {
    const { registry, recordMetrics, runCheck, checkNames } = createHealthChecks({
      bounds: { rocksdbLevelZeroDegradedFiles: 2, rocksdbLevelZeroUnhealthyFiles: 3 },
    })
    const db = instrument(await createDatabase(), { registry, name: 'orders' })
    const runOnNewMetrics = async () => {
      await recordMetrics()
      return runCheck('compaction_status', 'orders')
    }
    await flushRepeatedly(db, 1)
    await recordMetrics()
    expect(checkNames('orders')).toEqual(['database_connectivity', 'disk_space', 'compaction_status', 'error_rates'])
    expect(await runCheck('database_connectivity', 'orders')).toMatchObject({
      status: 'healthy',
      message: 'Database is responsive',
    })
    expect(await runCheck('compaction_status', 'orders')).toMatchObject({ status: 'healthy', message: 'Compaction keeps up' })
    await flushRepeatedly(db, 1)
    await expect.poll(runOnNewMetrics).toMatchObject({
      status: 'degraded',
      message: 'Level 0 is filling up',
      observed: { value: 2, bound: 2, unit: '{file}' },
    })
    await flushRepeatedly(db, 1)
    await expect.poll(runOnNewMetrics).toMatchObject({ status: 'unhealthy', message: 'Level 0 is full' })
  })
})
