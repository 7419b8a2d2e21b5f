// Prints whether clients that were closed and dropped are garbage collected: node --expose-gc dropped-process.ts PORT
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { Redis } from 'ioredis'

const port = Number(process.argv[2])
const registry = new MetricsRegistry()

async function useIORedis(): Promise<WeakRef<object>> {
  const redis = instrument(new Redis(port), { name: 'orders', registry })
  await redis.set('a', '1')
  await redis.quit()
  return new WeakRef(redis)
}

async function useNodeRedis(): Promise<WeakRef<object>> {
  const client = instrument(createClient({ socket: { port, host: '127.0.0.1' } }), { name: 'orders', registry })
  await client.connect()
  await client.set('a', '1')
  await client.close()
  return new WeakRef(client)
}

const clients = { ioredis: await useIORedis(), '@redis/client': await useNodeRedis() }
const isCollected = (): boolean => Object.values(clients).every((client) => client.deref() === undefined)
for (let tries = 0; tries < 100 && !(isCollected() && registry.stores.list().length === 0); tries++) {
  await sleep(10)
  globalThis.gc?.()
}
const states = Object.entries(clients).map(([name, client]) => [name, client.deref() === undefined ? 'collected' : 'kept'])
process.stdout.write(JSON.stringify({ ...Object.fromEntries(states), stores: registry.stores.list().length }))
