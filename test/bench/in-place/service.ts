import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { type Client, clients, promClientRecorders } from '../recording/prom-client.ts'
import { type Get, getByHand } from './get-by-hand.ts'

/** What measures the store of a service. Each returns how the service reads a key. */
const ways: Readonly<Record<string, (store: ClassicLevel) => Promise<Get>>> = {
  bare: async (store) => (key) => store.get(key),
  control: async (store) => (key) => store.get(key),
  instrument: async (store) => {
    instrument(store, { name: 'orders', registry: new MetricsRegistry() })
    return (key) => store.get(key)
  },
  monitoring: (store) => monitor(store, 1),
  budget: (store) => monitor(store, 0.02),
  'prom-client': (store) => withClient(store, clients['prom-client']),
  '@prometheus-io/client': (store) => withClient(store, clients['@prometheus-io/client']),
}

async function monitor(store: ClassicLevel, overheadBudget: number): Promise<Get> {
  const monitoring = await startMonitoring({ jsonApiPort: 0, logLevel: 'error', overheadBudget })
  monitoring.instrument(store, { name: 'orders' })
  return (key) => store.get(key)
}

async function withClient(store: ClassicLevel, client: Client): Promise<Get> {
  return getByHand(store, promClientRecorders(new client.Registry(), 'get', client)('orders'))
}

/** Serves one get for each request, and says over the channel to its parent where, and when asked, how much CPU time it has taken. */
async function main(way: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wombat-bench-'))
  const store = new ClassicLevel(folder)
  await store.batch(Array.from({ length: 5000 }, (_, index) => ({ type: 'put', key: `key-${index}`, value: 'v'.repeat(100) })))
  const get = await ways[way]?.(store)
  if (get === undefined) throw new Error(`no such way: ${way}`)
  let requests = 0
  const server = createServer(async (_, response) => {
    response.end(String(await get(`key-${requests++ % 5000}`)))
  })
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
  process.on('message', (what) => {
    if (what === 'cpu') {
      const { user, system } = process.cpuUsage()
      process.send?.({ microseconds: user + system })
      return
    }
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  })
}

await main(process.argv[2] ?? '')
