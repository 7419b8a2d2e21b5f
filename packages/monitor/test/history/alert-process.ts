// Writes to a store once, then monitors it and prints its alerts until it is killed: node alert-process.ts <path>.
import { writeSync } from 'node:fs'
import { startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { MemoryLevel } from 'memory-level'
import { fastOptions } from './waiting-rules.ts'

const [historyPath = ''] = process.argv.slice(2)
const monitoring = await startMonitoring({ ...fastOptions, historyPath, logger: collectingLogger() })
await monitoring.instrument(new MemoryLevel<string, string>(), { name: 'orders' }).put('a', '1')
setInterval(() => writeSync(1, `${JSON.stringify(monitoring.alerts())}\n`), 50)
