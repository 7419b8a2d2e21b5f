import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { intervalSummary, type Logger, type Snapshot, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { commandLine, inFlags, usage } from './command-line.ts'
import { makeDamagedStore } from './damaged-store.ts'
import { healthLines } from './health-lines.ts'
import { load } from './load.ts'
import { type OtlpReceiver, openOtlpReceiver } from './otlp-receiver.ts'
import { Screen } from './screen.ts'
import { table } from './table.ts'

const screen = new Screen(process.stdout)

const toScreen = (level: string) => (fields: object, message: string) =>
  screen.write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }))
const logger: Logger = { debug: () => {}, info: toScreen('info'), warn: toScreen('warn'), error: toScreen('error') }

function sayWhatCame({ exports, bytes }: OtlpReceiver): void {
  if (exports === 0) return
  screen.write(`OTLP        ${exports} ${exports === 1 ? 'export' : 'exports'} came, ${(bytes / 1000).toFixed(1)} kB in all`)
}

async function demo(): Promise<void> {
  const { help, seconds, prometheusPort, jsonApiPort } = commandLine()
  if (help) return screen.write(usage)
  const stop = new AbortController()
  // From before there is anything to clean up; a reader that goes away (`| head`) is a reason to stop, too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  process.stdout.on('error', () => stop.abort())
  const folder = await mkdtemp(join(tmpdir(), 'wombat-demo-'))
  // Empty is as good as unset, for OpenTelemetry's variables.
  const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined
  try {
    // Closed after the monitoring, whose last export it gets.
    await using receiver = endpoint === undefined ? await openOtlpReceiver(sayWhatCame) : undefined
    await using monitoring = await startMonitoring({
      prometheusEnabled: true,
      prometheusPort,
      jsonApiPort,
      logMetricsEnabled: true,
      // What is wrong with the damaged store is to be seen soon.
      alertEvaluationIntervalMs: 5000,
      healthCheckIntervalMs: 5000,
      ...(receiver !== undefined && { otlp: { url: receiver.url } }),
      logger,
      resource: { 'service.name': 'wombat-demo' },
    })
    await makeDamagedStore(join(folder, 'damaged'))
    // A small memtable, so that flushes and compactions come often.
    await using orders = monitoring.instrument(new ClassicLevel(join(folder, 'orders'), { writeBufferSize: 2 ** 20 }), {
      name: 'orders',
    })
    await using damaged = monitoring.instrument(new ClassicLevel(join(folder, 'damaged')), { name: 'damaged' })

    screen.write('Stores      orders, under load, and damaged, which is damaged on purpose')
    screen.write(`Prometheus  ${monitoring.addresses.prometheus}/metrics`)
    screen.write(`JSON        ${monitoring.addresses.json}/api/v1/metrics`)
    screen.write(`Alerts      ${monitoring.addresses.json}/api/v1/alerts`)
    screen.write(`Health      ${monitoring.addresses.json}/health`)
    screen.write(
      `OTLP        ${endpoint ?? `${receiver?.url}, a receiver of this demo's (OTEL_EXPORTER_OTLP_ENDPOINT names another)`}`,
    )
    screen.write('Log         a line below, every 10 s')
    screen.write(seconds === undefined ? 'Stop        Ctrl-C' : `Stop        Ctrl-C, or by itself after ${seconds} s`)

    const deadline = seconds === undefined ? undefined : setTimeout(() => stop.abort(), seconds * 1000)
    let before: Snapshot | undefined
    const show = async (): Promise<void> => {
      const now = await monitoring.snapshot()
      screen.draw(`${table(intervalSummary(before, now))}\n\n${healthLines(monitoring.health())}`)
      before = now
    }
    const ticker = setInterval(() => show().catch((error) => screen.write(String(error))), process.stdout.isTTY ? 1000 : 5000)
    try {
      await load(orders, damaged, stop.signal)
    } finally {
      clearInterval(ticker)
      clearTimeout(deadline)
    }
    // The whole run: since the last tick there may have been nothing to show.
    screen.draw(`${table(intervalSummary(undefined, await monitoring.snapshot()))}\n\n${healthLines(monitoring.health())}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  await demo()
} catch (error) {
  // Only the sentence: it names what to change.
  console.error(inFlags(error instanceof Error ? error.message : String(error)))
  process.exitCode = 1
}
