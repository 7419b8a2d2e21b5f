// A service with stores under load and a monitor with everything on. It executes the commands of its parent, and ends with it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { open as openLmdb } from 'lmdb'
import { Load, type LoadedStore } from './load.ts'
import type { Command, Message, Report, ServiceOptions } from './protocol.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServiceOptions
const { folder, secrets } = options
const send = (message: Message): void => {
  // The parent may be gone.
  process.send?.(message, undefined, undefined, () => {})
}
const tellFault = (text: string): void => send({ kind: 'fault', text })
// The monitor must never cause one.
process.on('uncaughtException', (error) => tellFault(`uncaught exception: ${error.stack}`))
process.on('unhandledRejection', (reason) =>
  tellFault(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`),
)
process.on('disconnect', () => process.exit(1))

// The system clock, which a fault sets.
const realNow = Date.now
let { clockOffsetMs } = options
Date.now = () => realNow() + clockOffsetMs

const ports = options.usesDefaultPorts ? {} : { jsonApiPort: 0, prometheusPort: 0 }
const monitoring = await startMonitoring({
  ...ports,
  authToken: secrets.token,
  prometheusEnabled: true,
  logMetricsEnabled: true,
  metricsIntervalMs: 1000,
  historyIntervalMs: 250,
  historyPath: join(folder, 'history.db'),
  historyMaxBytes: 8 * 2 ** 20,
  historyMemoryBytes: 16 * 2 ** 20,
  alertEvaluationIntervalMs: 500,
  healthCheckIntervalMs: 2000,
  slowQueryThresholdMs: 50,
  alertRules: [{ name: 'Episode', condition: 'metric_above', metric: 'chaos_level', threshold: 5, severity: 'warning' }],
  alertWebhookUrl: options.webhookUrl,
  alertWebhookAllowPrivate: true,
  alertmanagerUrl: options.alertmanagerUrl,
  otlp: { url: options.otlpUrl, headers: { 'x-secret': secrets.header }, timeoutMs: 900, compression: 'none' },
})
const { registry } = monitoring
registry.declare({ name: 'chaos_level', kind: 'gauge', unit: '{level}', description: 'A level.', attributes: ['episode'] })

const level = monitoring.instrument(new ClassicLevel<string, string>(join(folder, 'orders')), { name: 'orders' })
const environment = options.hasLmdb
  ? monitoring.instrument(openLmdb<string, string>({ path: join(folder, 'carts'), mapSize: 64 * 2 ** 20 }), { name: 'carts' })
  : undefined
const sessions = monitoring.instrument(new Map<string, string>(), { name: 'sessions' })
const stores: Readonly<Record<string, LoadedStore>> = {
  orders: {
    put: (key, value) => level.put(key, value),
    get: (key) => level.get(key),
    // After a failed write LevelDB refuses all others until it is opened again.
    reopen: async () => {
      await level.close()
      await level.open()
    },
  },
  ...(environment && {
    carts: {
      put: (key: string, value: string) => environment.put(key, value),
      get: async (key: string) => environment.get(key),
      reopen: async () => {},
    },
  }),
  sessions: {
    put: async (key, value) => sessions.set(key, value),
    get: async (key) => sessions.get(key),
    reopen: async () => {},
  },
}
const loads = Object.entries(stores).map(([name, store]) => ({ name, load: new Load(store, secrets, tellFault) }))
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

/** Compares the counters with what the loads have counted: nothing is between the two in one turn of the event loop. */
function findMiscounted(): string[] {
  return loads.flatMap(({ name, load: { tally } }) => {
    const expected = {
      db_set_operations_total: tally.puts,
      db_get_operations_total: tally.gets,
      db_set_errors_total: tally.failedPuts,
      db_get_errors_total: tally.failedGets,
    }
    return Object.entries(expected).flatMap(([metric, count]) => {
      const counted = registry.counter(metric, { store: name }).value
      return counted === count ? [] : [`${metric} of ${name} is ${counted}, but it was done ${count} times`]
    })
  })
}

function readCounters(): Record<string, number> {
  const counters: Record<string, number> = {}
  for (const { definition, series } of registry.families()) {
    if (definition.kind !== 'counter' || !definition.name.startsWith('wombat_monitor_')) continue
    for (const { instrument, labels } of series.values()) {
      const value = 'value' in instrument && typeof instrument.value === 'number' ? instrument.value : 0
      const text = Object.entries(labels).map(([label, labelValue]) => `${label}=${labelValue}`)
      if (value > 0) counters[`${definition.name}{${text.join(',')}}`] = value
    }
  }
  return counters
}

function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

function report(): Report {
  const longestBlockMs = delay.max / 1e6
  delay.reset()
  const owed = (notifier: string) => registry.gauge('wombat_monitor_notifications_pending', { notifier }).value ?? 0
  const operations = loads.map(({ load: { tally } }) => tally)
  return {
    miscounted: findMiscounted(),
    operations: operations.reduce((sum, { puts, gets }) => sum + puts + gets, 0),
    failedOperations: operations.reduce((sum, { failedPuts, failedGets }) => sum + failedPuts + failedGets, 0),
    firing: monitoring.alerts().flatMap(({ labels, state }) => (state.name === 'firing' ? (labels['episode'] ?? []) : [])),
    owed: owed('webhook') + owed('alertmanager'),
    residentBytes: process.memoryUsage.rss(),
    openFiles: countOpenFiles(),
    longestBlockMs,
    counters: readCounters(),
  }
}

process.on('message', (command: Command) => {
  if (command.kind === 'clock') clockOffsetMs = command.offsetMs
  if (command.kind === 'level') registry.gauge('chaos_level', { episode: command.episode }).set(command.level)
  if (command.kind === 'report') send({ kind: 'report', id: command.id, report: report() })
})
process.on('SIGTERM', async () => {
  for (const { load } of loads) load.stop()
  await running
  await Promise.allSettled([level.close(), environment?.close()])
  await monitoring.close()
  process.exit()
})
await level.open()
const running = Promise.all(loads.map(({ load }) => load.run()))
send({ kind: 'ready', addresses: monitoring.addresses })
