import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { intervalSummary, type Logger, type Snapshot, startMonitoring } from '@wombat/monitor'
import { parseCommandLine, usage, withFlagNames } from './command-line.ts'
import { healthLines } from './health-lines.ts'
import { load } from './load.ts'
import { importAlert, type Moment, runMoments } from './moments.ts'
import { type OtlpReceiver, openOtlpReceiver } from './otlp-receiver.ts'
import { Screen } from './screen.ts'
import { openStores } from './stores.ts'
import { table } from './table.ts'

const screen = new Screen(process.stdout)

/** The lines of the log before the address of the console; undefined when it has been printed. */
let early: string[] | undefined = []

const toScreen = (level: string) => (fields: object, message: string) => {
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })
  if (early === undefined) screen.write(line)
  else early.push(line)
}

function printEarlyLines(): void {
  const lines = early ?? []
  early = undefined
  for (const line of lines) screen.write(line)
}
const logger: Logger = { debug: () => {}, info: toScreen('info'), warn: toScreen('warn'), error: toScreen('error') }

function printReceived({ exports, bytes }: OtlpReceiver): void {
  if (exports === 0) return
  screen.write(`OTLP        ${exports} ${exports === 1 ? 'export' : 'exports'} received, ${(bytes / 1000).toFixed(1)} kB`)
}

async function demo(): Promise<void> {
  const { help, seconds, prometheusPort, jsonApiPort } = parseCommandLine()
  if (help) return screen.write(usage)
  const stop = new AbortController()
  // Before there is anything to clean up. Also stops if the reader of the output is gone (`| head`).
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  process.stdout.on('error', () => stop.abort())
  const folder = await mkdtemp(join(tmpdir(), 'wombat-demo-'))
  // For OpenTelemetry's variables, empty counts as not set.
  const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined
  try {
    // Closed after the monitoring, because it receives the last export.
    await using receiver = endpoint === undefined ? await openOtlpReceiver(printReceived) : undefined
    await using monitoring = await startMonitoring({
      prometheusEnabled: true,
      prometheusPort,
      jsonApiPort,
      logMetricsEnabled: true,
      // Short intervals, so that the problems of the damaged store show soon.
      alertEvaluationIntervalMs: 5000,
      slowQueryThresholdMs: 200,
      healthCheckIntervalMs: 5000,
      ...(receiver !== undefined && { otlp: { url: receiver.url } }),
      logger,
      resource: { 'service.name': 'wombat-demo' },
      alertRules: { extends: 'default', rules: [importAlert] },
    })
    screen.write(`Console     ${monitoring.addresses.json}/`)
    printEarlyLines()
    await using stores = await openStores(monitoring, folder)

    screen.write('Stores      orders (LevelDB, under most of the load), products (LMDB), invoices (SQLite), sessions (a cache)')
    screen.write('            and damaged (LevelDB with damaged data: it raises an alert)')
    screen.write(`Prometheus  ${monitoring.addresses.prometheus}/metrics`)
    screen.write(`JSON        ${monitoring.addresses.json}/api/v1/metrics`)
    screen.write(`Alerts      ${monitoring.addresses.json}/api/v1/alerts`)
    screen.write(`Health      ${monitoring.addresses.json}/health`)
    screen.write(
      `OTLP        ${endpoint ?? `${receiver?.url}, a receiver in this demo (set OTEL_EXPORTER_OTLP_ENDPOINT for another)`}`,
    )
    screen.write('Log         one line below every 10 s')
    screen.write(seconds === undefined ? 'Stop        Ctrl-C' : `Stop        Ctrl-C, or after ${seconds} s`)

    const deadline = seconds === undefined ? undefined : setTimeout(() => stop.abort(), seconds * 1000)
    let before: Snapshot | undefined
    const show = async (): Promise<void> => {
      const now = await monitoring.snapshot()
      screen.draw(`${table(intervalSummary(before, now))}\n\n${healthLines(monitoring.health())}`)
      before = now
    }
    const ticker = setInterval(() => show().catch((error) => screen.write(String(error))), process.stdout.isTTY ? 1000 : 5000)
    const begin = ({ title, store }: Moment) => {
      screen.write(`Now         ${title}`)
      return monitoring.annotate(title, { store })
    }
    try {
      await Promise.all([load(stores, stop.signal), runMoments(stores, stop.signal, begin)])
    } finally {
      clearInterval(ticker)
      clearTimeout(deadline)
    }
    // The whole run: there may be nothing to show since the last update.
    screen.draw(`${table(intervalSummary(undefined, await monitoring.snapshot()))}\n\n${healthLines(monitoring.health())}`)
  } finally {
    printEarlyLines()
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  await demo()
} catch (error) {
  // Only the message: it contains what to change.
  console.error(withFlagNames(error instanceof Error ? error.message : String(error)))
  process.exitCode = 1
}
