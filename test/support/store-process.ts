// A process of its own with a monitored store: it does what its parent asks, one word at a time, and ends with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Addresses, type Logger, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { type OperationCounts, RandomLoad } from './random-load.ts'

/** What the parent may ask: to begin the load, to let it come to rest, to say how it goes. */
export type StoreCommand = 'load' | 'stop' | 'statistics'

export interface LoadStatistics extends OperationCounts {
  /** The longest that the event loop was held up since these figures were asked for last. */
  readonly longestHoldMs: number
  /** In use after a collection of garbage, buffers included. */
  readonly memoryBytes: number
}

/** What the parent hears: first the addresses, then an answer to every question, and every line of the log. */
export type Message =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | { readonly kind: 'answer'; readonly statistics: LoadStatistics }
  | { readonly kind: 'log'; readonly level: string; readonly message: string; readonly fields: object }

const send = (message: Message) => process.send?.(message)
const log = (level: string) => (fields: object, message: string) => send({ kind: 'log', level, message, fields })
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }

/** No test takes as long, so a process that is still there was forgotten. */
const mostMs = 180_000

const folder = mkdtempSync(join(tmpdir(), 'wombat-store-'))
const exit = () => process.exit()
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGTERM', exit)
process.on('disconnect', exit)
setTimeout(exit, mostMs).unref()

const config = JSON.parse(process.argv[2] ?? '{}') as MonitoringConfig
// At rest nothing may move: no rule is judged while numbers are compared.
const quiet = { alertEvaluationIntervalMs: 86_400_000 }
const monitoring = await startMonitoring({
  ...config,
  ...quiet,
  prometheusEnabled: true,
  prometheusPort: 0,
  jsonApiPort: 0,
  logger,
})
const store = monitoring.instrument(new ClassicLevel(join(folder, 'orders')), { name: 'orders' })
await store.open()
// An error outside any operation: a store that is not there cannot be opened.
const missing = new ClassicLevel(join(folder, 'missing'), { createIfMissing: false })
await monitoring
  .instrument(missing, { name: 'missing' })
  .open()
  .catch(() => {})
const load = new RandomLoad(store, 42)
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

function readStatistics(): LoadStatistics {
  const longestHoldMs = delay.max / 1e6
  delay.reset()
  global.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return { ...load.counts(), longestHoldMs, memoryBytes: heapUsed + external }
}

process.on('message', async (command: StoreCommand) => {
  if (command === 'load') load.start()
  if (command === 'stop') await load.stop()
  send({ kind: 'answer', statistics: readStatistics() })
})
send({ kind: 'ready', addresses: monitoring.addresses })
