// Writes ticks until it is killed: node writer-process.ts <path> <first value>. It says what it is about to write, and what it wrote.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import type { Sample } from '../../src/history/series.ts'
import { DurableHistory } from '../../src/history/sqlite/durable-history.ts'
import { compactionIntervalMs, samplesAt, stepMs } from './sample-data.ts'

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
for (let tick = Number(first); ; tick++) {
  const samples: Sample[] = samplesAt(tick)
  file.append(tick * stepMs, samples)
  writeSync(1, `${tick}\n`)
  for (const { level, message, fields } of logger.lines)
    if (level === 'error') writeSync(2, `${message} ${JSON.stringify(fields)}\n`)
  await sleep(tick % 3)
}
