// A service with two LevelDBs, one of them damaged: node --import tracing.ts service-process.ts <folder>. It ends with its parent.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { damagedKey } from '@wombat/test-support/damaged-store'
import { ClassicLevel } from 'classic-level'

/** Sent to the parent once the service is ready. */
export interface Ready {
  readonly url: string
  readonly jsonUrl: string | undefined
}

process.once('disconnect', () => process.exit())

const [folder = ''] = process.argv.slice(2)
const monitoring: Monitoring | undefined =
  process.env['STORES'] === 'found'
    ? undefined
    : await startMonitoring({ enableOperationTracing: true, slowQueryThresholdMs: 0, jsonApiPort: 0, healthCheckIntervalMs: 100 })

function createStore(name: string): ClassicLevel {
  const store = new ClassicLevel(join(folder, name))
  return monitoring?.instrument(store, { name }) ?? store
}

const orders = createStore('orders')
const accounts = createStore('accounts')
await Promise.all([orders.open(), accounts.open()])

/** Executes the operations of one request. The size of its batch identifies them. */
async function placeOrder(number: number): Promise<void> {
  await orders.put(`secret-key-${number}`, `secret-value-${number}`)
  await turn()
  await orders.get(`secret-key-${number}`)
  const entries = Array.from({ length: number }, (_, index) => index)
  await orders.batch(entries.map((index) => ({ type: 'put', key: `secret-key-${number}-${index}`, value: 'secret-value' })))
  await turn()
  for await (const _ of orders.iterator({ gte: 'secret-key', limit: 3 }));
  await accounts.get(damagedKey(0)).catch(() => {})
}

/** Opened by the first request, and used by others while it opens. */
let archive: ClassicLevel | undefined

async function useArchive(number: number): Promise<void> {
  archive ??= createStore('archive')
  const isWritten = archive.put(`secret-key-${number}`, 'secret-value')
  const entries = archive.iterator({ limit: 1 }).all()
  await Promise.all([isWritten, entries])
}

const work: Readonly<Record<string, (number: number) => unknown>> = {
  orders: placeOrder,
  archive: useArchive,
  tracing: (on) => monitoring?.adjust({ enableOperationTracing: on === 1 }),
}

const server = createServer(async (request, response) => {
  const [, kind = '', number] = request.url?.split('/') ?? []
  await work[kind]?.(Number(number))
  response.end()
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const ready: Ready = {
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  jsonUrl: monitoring?.addresses.json,
}
process.send?.(ready)
