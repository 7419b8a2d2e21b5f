// Monitors for half a second with a history, and ends without closing anything: node ending-process.ts <path>.
import { setTimeout as sleep } from 'node:timers/promises'
import { startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { quickly } from './waiting-rules.ts'

const [historyPath = ''] = process.argv.slice(2)
await startMonitoring({ ...quickly, historyPath, logger: collectingLogger() })
await sleep(500)
