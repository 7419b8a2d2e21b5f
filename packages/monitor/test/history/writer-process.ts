// Writes samples until it is killed, and prints the index of each after it was written: node writer-process.ts <path> <first index>.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { DurableHistory } from '../../src/history/sqlite/durable-history.ts'
import { compactionIntervalMs, createSamples, intervalMs } from './sample-data.ts'

const [path = '', first = '0'] = process.argv.slice(2)
const logger = collectingLogger()
const file = await DurableHistory.open({
  path,
  logger,
  compactionIntervalMs,
  retentionMs: 2 ** 45,
  maxBytes: 2 ** 30,
  minFreeBytes: 0,
})
for (let index = Number(first); ; index++) {
  file.append(index * intervalMs, createSamples(index))
  writeSync(1, `${index}\n`)
  for (const { level, message, fields } of logger.lines)
    if (level === 'error') writeSync(2, `${message} ${JSON.stringify(fields)}\n`)
  await sleep(index % 3)
}
