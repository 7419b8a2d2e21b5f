import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import {
  type AlertRule,
  DurableHistory,
  defaultRules,
  type HistorySeries,
  type Logger,
  type Monitoring,
  startMonitoring,
} from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'
import { watchDelays } from './delays.ts'
import type { Load, Service } from './load.ts'

// The service of the benchmark: many stores, a long history and many alerts in one process.

const load = JSON.parse(process.argv[2] ?? '') as Load
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const minuteMs = 60_000
const historyPath = join(load.folder, 'history.db')

const historyEndMs = await writeHistory()
const monitoring = await startMonitoring({
  logger: quiet,
  processGroup: 'off',
  jsonApiPort: 0,
  prometheusEnabled: true,
  prometheusPort: 0,
  consoleEnabled: false,
  historyPath,
  historyMemoryBytes: 2 ** 29,
  historyRetentionMs: (load.historyDays + 1) * 24 * 60 * minuteMs,
  historyMaxBytes: 2 ** 30,
  historyIntervalMs: 5000,
  alertEvaluationIntervalMs: 5000,
  alertWebhookUrl: `${load.sinkUrl}/alerts`,
  alertWebhookAllowPrivate: true,
  alertRules: [...defaultRules, ...manyAlerts()],
  healthCheckIntervalMs: 5000,
  healthProbe: 'read',
  logMetricsEnabled: true,
  metricsIntervalMs: 5000,
  cardinalityLimit: 100_000,
  otlp: { url: `${load.sinkUrl}/v1/metrics`, intervalMs: 5000 },
})
const stores = await openStores()
await fillUp()
const bench = await watchDelays(load.profiled)
await waitForHistory(monitoring)
keepWorking()

const service: Service = { jsonPort: port('json'), prometheusPort: port('prometheus'), historyEndMs }
process.on('message', async (message) => {
  if (message === 'report') process.send?.(await bench())
  else {
    await monitoring.close()
    process.exit()
  }
})
process.send?.(service)

function port(server: 'json' | 'prometheus'): number {
  const address = monitoring.addresses[server]
  if (address === undefined) throw new Error(`the server ${server} must be started`)
  return Number(new URL(address).port)
}

/** Writes a history as it would be after so many days: coarse where a reader sees steps only. Returns its last time. */
async function writeHistory(): Promise<number> {
  const { historyDays, historySeries } = load
  const history = await DurableHistory.open({
    path: historyPath,
    logger: quiet,
    retentionMs: (historyDays + 1) * 24 * 60 * minuteMs,
    maxBytes: 2 ** 30,
  })
  const series = Array.from({ length: historySeries }, (_, index): HistorySeries => {
    return { name: 'bench_total', labels: { store: `past${index}` }, isCounter: true }
  })
  const endMs = Date.now() - 1000
  const hourMs = 60 * minuteMs
  const periods = [
    { fromMs: historyDays * 24 * hourMs, toMs: 24 * hourMs, stepMs: 15 * minuteMs },
    { fromMs: 24 * hourMs, toMs: hourMs, stepMs: minuteMs },
    { fromMs: hourMs, toMs: 0, stepMs: 10_000 },
  ]
  for (const { fromMs, toMs, stepMs } of periods) {
    for (let ageMs = Math.min(fromMs, historyDays * 24 * hourMs); ageMs > toMs || ageMs === 0; ageMs -= stepMs) {
      const value = (historyDays * 24 * hourMs - ageMs) / 1000
      history.append(
        endMs - ageMs,
        series.map((one, index) => ({ series: one, value: value * (1 + (index % 7)) })),
      )
      await turn()
    }
  }
  await history.idle()
  history.close()
  return endMs
}

/** Rules over buckets: each is an alert that fires. */
function manyAlerts(): AlertRule[] {
  const perRule = load.stores * 23
  return ['get', 'set', 'delete', 'batch', 'scan']
    .map((operation, index): AlertRule => {
      return {
        name: `Many${index}`,
        condition: 'metric_above',
        metric: `db_${operation}_latency_seconds_bucket`,
        threshold: -1,
        severity: 'info',
        annotations: { summary: '{{ labels.store }} has {{ value }} operations below {{ labels.le }} s.' },
      }
    })
    .slice(0, Math.ceil(load.alerts / perRule))
}

async function openStores(): Promise<MemoryLevel[]> {
  return Promise.all(
    Array.from({ length: load.stores }, async (_, index) => {
      const store = monitoring.instrument(new MemoryLevel(), { name: `store${index}` })
      await store.open()
      return store
    }),
  )
}

/** Adds metrics of the application until the page has so many lines. */
async function fillUp(): Promise<void> {
  const { registry } = monitoring
  registry.declare({ name: 'app_jobs_total', kind: 'counter', unit: '{job}', description: 'Jobs.', attributes: ['queue'] })
  let lines = 0
  for (const { definition, series } of registry.families()) {
    const perSeries = definition.kind === 'histogram' ? (definition.bounds ?? { length: 22 }).length + 3 : 1
    lines += series.size * perSeries
  }
  for (let index = lines; index < load.lines; index++) registry.counter('app_jobs_total', { queue: `queue${index}` }).add()
}

async function waitForHistory({ fetch }: Monitoring): Promise<void> {
  const query = `http://localhost/api/v1/query?metric=bench_total&by=&time=${historyEndMs}`
  for (let attempt = 0; attempt < 1200; attempt++) {
    const { series = [] } = (await (await fetch(new Request(query))).json()) as { series?: readonly object[] }
    if (series.length === 1) return
    await sleep(100)
  }
  throw new Error('the history must be restored within two minutes: queries would read nothing')
}

/** A few hundred operations per second, spread over all stores. */
function keepWorking(): void {
  let count = 0
  setInterval(() => {
    for (let done = 0; done < 4; done++) {
      const store = stores[count++ % stores.length] as MemoryLevel
      const key = String(count % 100)
      void store.put(key, 'value').then(async () => {
        await store.get(key)
        if (count % 10 === 0) await store.batch([{ type: 'del', key }])
        if (count % 50 === 0) for await (const _ of store.iterator({ limit: 5 }));
      })
    }
  }, 10)
}
