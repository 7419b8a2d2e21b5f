// A service with LevelDB stores under a light load and a day of history, for the figures of the console:
// node measured-service.ts FOLDER STORES  It prints the address of its console, and answers each line of its input with one line of JSON.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { DurableHistory, type Snapshot, startMonitoring, toSamples } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'

const [folder = '', storeCount = '4'] = process.argv.slice(2)
const dayMs = 86_400_000
const minuteMs = 60_000
const historyPath = join(folder, 'history.db')
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error }

mkdirSync(folder, { recursive: true })
const names = Array.from({ length: Number(storeCount) }, (_, index) => `store${index + 1}`)
await writeDay(await firstSnapshot())

const monitoring = await startMonitoring({ jsonApiPort: 0, historyPath, logger })
const stores = names.map((name) => monitoring.instrument(new ClassicLevel(join(folder, name)), { name }))
const load = setInterval(() => void operate(stores), 100)
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
console.log(`${monitoring.addresses.json}/`)

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') break
  console.log(JSON.stringify(await measure()))
}
clearInterval(load)
await Promise.all(stores.map((store) => store.close()))
await monitoring.close()

/** Returns what the monitor has used until now, and the longest block of the event loop since the last measurement. */
async function measure() {
  const metrics = await monitoring.metrics()
  const busySeconds = metrics.flatMap((metric) =>
    metric.name === 'wombat_monitor_busy_seconds_total' && 'value' in metric ? [[metric.labels['part'], metric.value]] : [],
  )
  const longestBlockMs = delay.max / 1e6
  delay.reset()
  const { user, system } = process.cpuUsage()
  return {
    atMs: performance.now(),
    longestBlockMs,
    cpuSeconds: (user + system) / 1e6,
    busySeconds: Object.fromEntries(busySeconds),
  }
}

async function operate(stores: readonly ClassicLevel[]): Promise<void> {
  const key = `key${Math.floor(Math.random() * 1000)}`
  await Promise.all(stores.flatMap((store) => [store.put(key, 'value'), store.get(key), store.has(key)]))
}

/** Returns the series that the stores have after every operation. */
async function firstSnapshot(): Promise<Snapshot> {
  const monitoring = await startMonitoring({ jsonApiEnabled: false, logger })
  const stores = names.map((name) => monitoring.instrument(new ClassicLevel(join(folder, name)), { name }))
  await operate(stores)
  const snapshot = await monitoring.snapshot()
  await Promise.all(stores.map((store) => store.close()))
  await monitoring.close()
  return snapshot
}

/** Writes a day of samples, one a minute: counters grow with the load of a day, gauges swing. */
async function writeDay(snapshot: Snapshot): Promise<void> {
  const file = await DurableHistory.open({ path: historyPath, logger, retentionMs: 30 * dayMs, maxBytes: 2 ** 30 })
  const samples = snapshot.prometheusPoints.flatMap(toSamples)
  console.error(`${samples.length} series`)
  const endMs = Date.now() - minuteMs
  for (let timeMs = endMs - dayMs; timeMs <= endMs; timeMs += minuteMs) {
    const hours = (timeMs - endMs) / 3_600_000
    const grown = 24 + hours + Math.sin((hours * Math.PI) / 6)
    const scaled = samples.map(({ series, value }) => ({
      series,
      value: series.isCounter ? Math.round(value * grown * 10_000) : value * (1 + Math.sin(hours) / 4),
    }))
    file.append(timeMs, scaled)
  }
  await file.close()
}
