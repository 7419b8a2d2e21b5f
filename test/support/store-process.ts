// A process with a monitored store. It executes the commands of its parent, and ends with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Addresses, type Logger, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { type OperationCounts, RandomLoad } from './random-load.ts'

/** A command of the parent: start the load, stop it, or report statistics. */
export type StoreCommand = 'load' | 'stop' | 'statistics'

export interface LoadStatistics extends OperationCounts {
  /** The longest delay of the event loop since the last report. */
  readonly longestHoldMs: number
  /** Memory in use after a garbage collection, buffers included. */
  readonly memoryBytes: number
}

/** A message to the parent: first the addresses, then a response to every command, and every log line. */
export type Message =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | { readonly kind: 'answer'; readonly statistics: LoadStatistics }
  | { readonly kind: 'log'; readonly level: string; readonly message: string; readonly fields: object }

const send = (message: Message) => process.send?.(message)
const log = (level: string) => (fields: object, message: string) => send({ kind: 'log', level, message, fields })
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }

/** Longer than every test: ends a process that its parent left behind. */
const mostMs = 180_000

const folder = mkdtempSync(join(tmpdir(), 'wombat-store-'))
const exit = () => process.exit()
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGTERM', exit)
process.on('disconnect', exit)
setTimeout(exit, mostMs).unref()

const config = JSON.parse(process.argv[2] ?? '{}') as MonitoringConfig
// Evaluating rules would change values while they are compared.
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
// An error outside any operation: a store that does not exist cannot be opened.
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
