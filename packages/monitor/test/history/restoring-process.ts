// Restores a history of some thousand samples, does nothing else, and prints that it did: node restoring-process.ts <path>
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { TimeSeries } from '../../src/history/memory/time-series.ts'
import { DurableHistory } from '../../src/history/sqlite/durable-history.ts'
import { createSamples, intervalMs } from './sample-data.ts'

const [path = ''] = process.argv.slice(2)
const file = await DurableHistory.open({
  path,
  logger: collectingLogger(),
  retentionMs: 2 ** 45,
  maxBytes: 2 ** 30,
  minFreeBytes: 0,
})
const count = 300
for (let index = 0; index < count; index++) file.append(index * intervalMs, createSamples(index))
await file.restore(new TimeSeries({ intervalMs }), count * intervalMs)
file.close()
process.stdout.write('restored\n')
