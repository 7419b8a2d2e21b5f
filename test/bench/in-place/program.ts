import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { ClassicLevel } from 'classic-level'
import { openTelemetryRecorder } from '../recording/opentelemetry.ts'
import { type Client, clients, promClientRecorders } from '../recording/prom-client.ts'
import { QuietReader } from '../recording/quiet-reader.ts'
import { type Get, getByHand } from './get-by-hand.ts'

/** What is added to the second of two stores. */
const ways: Readonly<Record<string, (store: ClassicLevel) => Get>> = {
  control: (store) => (key) => store.get(key),
  floor: (store) => {
    const now = performance.now.bind(performance)
    const spent = { ms: 0 }
    const original: (...args: unknown[]) => Promise<unknown> = Reflect.get(store, '_get')
    const measured = function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const startMs = now()
      const result = original.apply(this, args)
      const settle = (): void => {
        spent.ms += now() - startMs
      }
      result.then(settle, settle)
      return result
    }
    Reflect.set(store, '_get', measured)
    return (key) => store.get(key)
  },
  observed: (store) => {
    const original: (...args: unknown[]) => Promise<unknown> = Reflect.get(store, '_get')
    const ignore = (): void => {}
    const measured = function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const result = original.apply(this, args)
      result.then(ignore, ignore)
      return result
    }
    Reflect.set(store, '_get', measured)
    return (key) => store.get(key)
  },
  ours: (store) => {
    instrument(store, { name: 'orders', registry: new MetricsRegistry() })
    return (key) => store.get(key)
  },
  budget: (store) => {
    const registry = new MetricsRegistry()
    // Half of the time belongs to the bare store: 1 % of all is 2 % of what is left.
    registry.observer.budget.share = 0.01
    setInterval(() => registry.observer.adaptTiming(performance.now()), 1000).unref()
    instrument(store, { name: 'orders', registry })
    return (key) => store.get(key)
  },
  'one in 64': (store) => {
    const registry = new MetricsRegistry()
    registry.observer.sampleInterval = 64
    instrument(store, { name: 'orders', registry })
    return (key) => store.get(key)
  },
  'prom-client': (store) => withClient(store, clients['prom-client']),
  '@prometheus-io/client': (store) => withClient(store, clients['@prometheus-io/client']),
  OpenTelemetry: (store) => {
    const meter = new MeterProvider({ readers: [new QuietReader()] }).getMeter('bench')
    return getByHand(store, openTelemetryRecorder(meter, 'get', 'orders'))
  },
}

function withClient(store: ClassicLevel, client: Client): Get {
  return getByHand(store, promClientRecorders(new client.Registry(), 'get', client)('orders'))
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Prints the CPU time of an operation of a bare store, in microseconds, and the ratio of one that is measured: medians over passes in which the
 * two take turns, each in a process that does nothing else.
 */
async function main(way: string, isSwapped: boolean, concurrency: number, passes: number, perPass: number): Promise<void> {
  const measure = ways[way]
  if (measure === undefined) throw new Error(`no such way: ${way}`)
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'wombat-bench-')))
  const stores = folders.map((folder) => new ClassicLevel(folder))
  const keys = Array.from({ length: 5000 }, (_, index) => `key-${index}`)
  for (const store of stores) await store.batch(keys.map((key) => ({ type: 'put', key, value: 'v'.repeat(100) })))
  const [first, second] = isSwapped ? stores.toReversed() : stores
  const bare: Get = (key) => (first as ClassicLevel).get(key)
  const measured = measure(second as ClassicLevel)
  const run = async (get: Get): Promise<number> => {
    let next = 0
    const startMicroseconds = cpuMicroseconds()
    const worker = async (): Promise<void> => {
      while (next < perPass) await get(keys[next++ % keys.length] as string)
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    return (cpuMicroseconds() - startMicroseconds) / perPass
  }
  for (let pass = 0; pass < 5; pass++) for (const get of [bare, measured]) await run(get)
  const ratios: number[] = []
  const bareTimes: number[] = []
  for (let pass = 0; pass < passes; pass++) {
    const times = new Map<Get, number>()
    for (const get of pass % 2 === 0 ? [bare, measured] : [measured, bare]) times.set(get, await run(get))
    bareTimes.push(times.get(bare) ?? Number.NaN)
    ratios.push((times.get(measured) ?? Number.NaN) / (times.get(bare) ?? Number.NaN))
  }
  const median = (values: number[]): number | undefined => values.sort((one, other) => one - other)[values.length >> 1]
  process.stdout.write(JSON.stringify({ microseconds: median(bareTimes), ratio: median(ratios) }))
  for (const store of stores) await store.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

const [way = '', swapped, concurrency, passes, perPass] = process.argv.slice(2)
await main(way, swapped === '1', Number(concurrency), Number(passes), Number(perPass))
