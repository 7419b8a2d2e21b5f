import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { intervalSummary, type Logger, type Snapshot, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { makeDamagedStore } from './damaged-store.ts'
import { load } from './load.ts'
import { Screen } from './screen.ts'
import { table } from './table.ts'

const usage = `A LevelDB store under a mixed load, measured end to end.

  npm start -- [--for SECONDS] [--prometheus-port PORT] [--json-port PORT]

  --for SECONDS             stop after that time (default: at Ctrl-C)
  --prometheus-port PORT    where /metrics is served (default 9464)
  --json-port PORT          where /api/v1/metrics is served (default 8080)

OTLP is sent too where OTEL_EXPORTER_OTLP_ENDPOINT is set.`

const screen = new Screen(process.stdout)

/** Numbers of the command line; a wrong one ends the program with a sentence. */
function commandLine(): { seconds: number | undefined; prometheusPort: number; jsonApiPort: number } {
  const { values } = parseArgs({
    options: {
      for: { type: 'string' },
      'prometheus-port': { type: 'string', default: '9464' },
      'json-port': { type: 'string', default: '8080' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    screen.write(usage)
    process.exit(0)
  }
  const seconds = values.for === undefined ? undefined : Number(values.for)
  if (seconds !== undefined && !(seconds > 0))
    throw new Error(`--for must be a number of seconds above 0, got ${JSON.stringify(values.for)}`)
  return { seconds, prometheusPort: Number(values['prometheus-port']), jsonApiPort: Number(values['json-port']) }
}

const toScreen = (level: string) => (fields: object, message: string) =>
  screen.write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }))
const logger: Logger = { debug: toScreen('debug'), info: toScreen('info'), warn: toScreen('warn'), error: toScreen('error') }

async function demo(): Promise<void> {
  const { seconds, prometheusPort, jsonApiPort } = commandLine()
  const folder = await mkdtemp(join(tmpdir(), 'wombat-demo-'))
  try {
    await using monitoring = await startMonitoring({
      prometheusEnabled: true,
      prometheusPort,
      jsonApiPort,
      logMetricsEnabled: true,
      logger,
      resource: { 'service.name': 'wombat-demo' },
    })
    await makeDamagedStore(join(folder, 'damaged'))
    // A small memtable, so that flushes and compactions come often.
    await using orders = monitoring.instrument(new ClassicLevel(join(folder, 'orders'), { writeBufferSize: 2 ** 20 }), {
      name: 'orders',
    })
    await using damaged = monitoring.instrument(new ClassicLevel(join(folder, 'damaged')), { name: 'damaged' })

    screen.write(`Prometheus  ${monitoring.addresses.prometheus}/metrics`)
    screen.write(`JSON        ${monitoring.addresses.json}/api/v1/metrics`)
    screen.write(`OTLP        ${process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? 'off (set OTEL_EXPORTER_OTLP_ENDPOINT)'}`)
    screen.write('Log         a line below, every 10 s')
    screen.write(seconds === undefined ? 'Stop        Ctrl-C' : `Stop        Ctrl-C, or by itself after ${seconds} s`)

    const stop = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
    const deadline = seconds === undefined ? undefined : setTimeout(() => stop.abort(), seconds * 1000)
    let before: Snapshot | undefined
    const show = async (): Promise<void> => {
      const now = await monitoring.snapshot()
      screen.draw(table(intervalSummary(before, now)))
      before = now
    }
    const ticker = setInterval(() => show().catch((error) => screen.write(String(error))), process.stdout.isTTY ? 1000 : 5000)
    await load(orders, damaged, stop.signal)
    clearInterval(ticker)
    clearTimeout(deadline)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  await demo()
} catch (error) {
  // Only the sentence: it names what to change.
  screen.write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
