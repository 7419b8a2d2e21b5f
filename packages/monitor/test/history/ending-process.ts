// Monitors with a history for half a second, and ends without closing it: node ending-process.ts <path>.
import { setTimeout as sleep } from 'node:timers/promises'
import { startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { fastOptions } from './waiting-rules.ts'

const [historyPath = ''] = process.argv.slice(2)
await startMonitoring({ ...fastOptions, historyPath, logger: collectingLogger() })
await sleep(500)
