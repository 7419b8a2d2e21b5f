// An application with a real store, an alert every few seconds, and a new fault every ten: the clock jumps, the log fails, a receiver is
// away, a port is taken. At the end nothing that is owed may be missing, and the application must not have noticed.
//
// node test/chaos/chaos.ts [seconds] prints the figures as JSON, and exits with 1 if something was lost.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, type Monitoring, startMonitoring, webhookNotifier } from '@wombat/monitor'
import { randomFrom } from '@wombat/test-support/random'
import { ClassicLevel } from 'classic-level'

const seconds = Number(process.argv[2] ?? 1800)
const faultIntervalMs = Number(process.argv[3] ?? 10_000)
const episodeMs = 4000
const random = randomFrom(Number(process.argv[4] ?? 11))
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T

const failures: string[] = []
process.on('uncaughtException', (error) => failures.push(`uncaught: ${error.message}`))
process.on('unhandledRejection', (error) => failures.push(`unhandled: ${String(error)}`))

// The system clock, which a fault sets.
const realNow = Date.now
let clockOffsetMs = 0
Date.now = () => realNow() + clockOffsetMs

// The log, which a fault breaks.
let isLogBroken = false
const logged: Record<string, number> = {}
const write = (_fields: object, message: string): void => {
  if (isLogBroken) throw new Error('no space left on device')
  logged[message] = (logged[message] ?? 0) + 1
}
const logger: Logger = { debug: () => {}, info: write, warn: write, error: write }

type Behavior = 'ok' | 'down' | 'busy' | 'hanging' | 'cutting'

/** A receiver that a fault makes fail. Returns what it accepted. */
async function startReceiver(onAccepted: (body: Buffer) => void) {
  const state = { behavior: 'ok' as Behavior, accepted: 0, refused: 0 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (state.behavior !== 'ok') state.refused++
      if (state.behavior === 'hanging') return
      if (state.behavior === 'cutting') return void request.socket.destroy()
      if (state.behavior === 'down') return void response.writeHead(503).end()
      if (state.behavior === 'busy') return void response.writeHead(429, { 'retry-after': '2' }).end()
      state.accepted++
      onAccepted(Buffer.concat(chunks))
      response.writeHead(200).end()
    })
  })
  await listen(server, 0)
  return { state, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
}

const seen = { firing: new Set<string>(), resolved: new Set<string>() }
const webhook = await startReceiver((body) => {
  const { alerts } = JSON.parse(body.toString()) as {
    alerts: Array<{ status: 'firing' | 'resolved'; labels: { episode: string } }>
  }
  for (const { status, labels } of alerts) seen[status].add(labels.episode)
})
const otlp = await startReceiver(() => {})

const folder = await mkdtemp(join(tmpdir(), 'wombat-chaos-'))
const session = { monitoring: undefined as Monitoring | undefined, store: undefined as ClassicLevel | undefined, operations: 0 }
const totals = { operations: 0, miscounted: 0, slowestMs: 0, restarts: 0 }

async function start(): Promise<void> {
  const monitoring = await startMonitoring({
    logger,
    prometheusEnabled: true,
    historyPath: join(folder, 'history'),
    metricsIntervalMs: 1000,
    historyIntervalMs: 250,
    alertEvaluationIntervalMs: 500,
    otlp: { url: `${otlp.url}/v1/metrics`, timeoutMs: 900 },
    notifiers: [webhookNotifier({ url: `${webhook.url}/hook`, allowPrivate: true, timeoutMs: 1500 })],
    alertRules: [{ name: 'Episode', condition: 'metric_above', metric: 'chaos_level', threshold: 5, severity: 'warning' }],
  })
  monitoring.registry.declare({
    name: 'chaos_level',
    kind: 'gauge',
    unit: '{level}',
    description: 'A level.',
    attributes: ['episode'],
  })
  session.store = monitoring.instrument(new ClassicLevel(join(folder, 'store')), { name: 'orders' })
  session.operations = 0
  session.monitoring = monitoring
}

async function stop(): Promise<void> {
  const { monitoring, store } = session
  session.monitoring = undefined
  // The operation in progress settles.
  await sleep(200)
  if (monitoring === undefined || store === undefined) return
  const counted = monitoring.registry.counter('db_set_operations_total', { store: 'orders' }).value
  totals.miscounted += Math.abs(counted - session.operations)
  for (const [name, labels] of Object.values(counters)) {
    counts[name] = (counts[name] ?? 0) + monitoring.registry.counter(name, labels).value
  }
  await store.close()
  await monitoring.close()
}

const counters = {
  dropped: ['wombat_monitor_notifications_dropped_total', { notifier: 'webhook' }],
  sent: ['wombat_monitor_notifications_sent_total', { notifier: 'webhook' }],
  failed: ['wombat_monitor_notification_failures_total', { notifier: 'webhook' }],
  clockSteps: ['wombat_monitor_clock_steps_total', {}],
  logFailures: ['wombat_monitor_callout_failures_total', { target: 'logger' }],
  exportFailures: ['wombat_monitor_export_failures_total', { exporter: 'otlp' }],
  evaluations: ['wombat_monitor_alert_evaluations_total', {}],
  evaluationsMissed: ['wombat_monitor_alert_evaluations_missed_total', {}],
  historyFailures: ['wombat_monitor_history_failures_total', {}],
} as const satisfies Record<string, readonly [string, Record<string, string>]>
/** The counters of all sessions. */
const counts: Record<string, number> = {}

let isRunning = true
/** The load: each write is read back. */
async function load(): Promise<void> {
  for (let index = 0; isRunning; index++) {
    const { monitoring, store } = session
    if (monitoring === undefined || store === undefined) {
      await sleep(5)
      continue
    }
    const key = `key${index % 5000}`
    const startMs = performance.now()
    try {
      session.operations++
      await store.put(key, `${index}`)
      if ((await store.get(key)) !== `${index}`) failures.push(`${key} has another value`)
      totals.operations += 2
    } catch (error) {
      session.operations -= (error as { code?: string }).code === 'LEVEL_DATABASE_NOT_OPEN' ? 1 : 0
      if (session.monitoring !== undefined) failures.push(`operation: ${String(error)}`)
    }
    totals.slowestMs = Math.max(totals.slowestMs, performance.now() - startMs)
    if (index % 50 === 0) await sleep(2)
  }
}

let episodes = 0
const fired = new Set<string>()
/** Each episode is an alert of its own: it fires, and is resolved. */
async function raiseAlerts(): Promise<void> {
  while (isRunning) {
    const episode = `${++episodes}`
    const set = (value: number | undefined): void => {
      const gauge = session.monitoring?.registry.gauge('chaos_level', { episode })
      gauge?.set(value)
    }
    const endMs = performance.now() + episodeMs
    while (performance.now() < endMs) {
      set(9)
      for (const { labels, state } of session.monitoring?.alerts() ?? [])
        if (state.name === 'firing') fired.add(labels['episode'] ?? '')
      await sleep(100)
    }
    set(undefined)
  }
}

const faults: Record<string, () => Promise<() => void | Promise<void>>> = {
  clock: async () => {
    clockOffsetMs += pick([-3_600_000, 3_600_000, 90_000, -90_000, 400 * 86_400_000, -20_000])
    if (Math.abs(clockOffsetMs) > 500 * 86_400_000) clockOffsetMs = 0
    return () => {}
  },
  log: async () => {
    isLogBroken = true
    return () => {
      isLogBroken = false
    }
  },
  receiver: async () => {
    webhook.state.behavior = pick(['down', 'busy', 'hanging', 'cutting'])
    return () => {
      webhook.state.behavior = 'ok'
    }
  },
  collector: async () => {
    otlp.state.behavior = pick(['down', 'busy', 'hanging', 'cutting'])
    return () => {
      otlp.state.behavior = 'ok'
    }
  },
  port: async () => {
    await stop()
    const neighbor = createServer((_, response) => response.end('not yours'))
    // If it is taken already, that is a conflict, too.
    await listen(neighbor, pick([8080, 9090])).catch(() => {})
    await start()
    totals.restarts++
    return () => new Promise((resolve) => neighbor.close(() => resolve()))
  },
}

const injected: Record<string, number> = {}
await start()
const work = [load(), raiseAlerts()]
const endMs = performance.now() + seconds * 1000
while (performance.now() < endMs) {
  const name = pick(Object.keys(faults))
  injected[name] = (injected[name] ?? 0) + 1
  const mend = await (faults[name] as () => Promise<() => void | Promise<void>>)()
  await sleep(Math.min(faultIntervalMs, Math.max(0, endMs - performance.now())))
  await mend()
}
isRunning = false
await Promise.all(work)
const settleMs = performance.now() + 60_000
const owed = (): number =>
  session.monitoring?.registry.gauge('wombat_monitor_notifications_pending', { notifier: 'webhook' }).value ?? 0
const missing = (): string[] => [...fired].filter((episode) => !seen.resolved.has(episode))
while (performance.now() < settleMs && (owed() > 0 || missing().length > 0)) await sleep(200)
const stillOwed = owed()
const lost = missing()
await stop()
const figures = {
  seconds,
  faults: injected,
  operations: totals.operations,
  miscounted: totals.miscounted,
  slowestOperationMs: Math.round(totals.slowestMs),
  restarts: totals.restarts,
  alertsFired: fired.size,
  toldFiring: seen.firing.size,
  toldResolved: seen.resolved.size,
  neverTold: [...fired].filter((episode) => !seen.firing.has(episode) && !seen.resolved.has(episode)),
  neverResolved: lost,
  owed: stillOwed,
  receiver: webhook.state,
  collector: otlp.state,
  counts,
  residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  logged,
  failures,
}
for (const { server } of [webhook, otlp]) {
  server.closeAllConnections()
  server.close()
}
await rm(folder, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`)
const isLost = figures.neverTold.length > 0 || figures.neverResolved.length > 0 || figures.owed > 0
process.exitCode = isLost || totals.miscounted > 0 || failures.length > 0 ? 1 : 0
