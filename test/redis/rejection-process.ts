// Prints the rejections that nobody handles: node rejection-process.ts ioredis|@redis/client PORT bare|measured
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { Redis } from 'ioredis'

const [library, port, how] = process.argv.slice(2)
const reported: string[] = []
process.on('unhandledRejection', (error) => reported.push(String(error)))
const registry = new MetricsRegistry()
const measure = <Client extends object>(client: Client): Client =>
  how === 'measured' ? instrument(client, { name: 'orders', registry }) : client

if (library === 'ioredis') {
  const redis = measure(new Redis(Number(port)))
  await redis.set('text', 'x')
  redis.lpush('text', 'forgotten')
  redis.lpush('text', 'with a callback', () => {})
  redis.lpush('text', 'handled').catch(() => {})
  await redis.pipeline().lpush('text', 'in a pipeline').exec()
  redis.multi().lpush('text').exec()
  await sleep(100)
  await redis.quit()
} else {
  const client = measure(createClient({ socket: { port: Number(port), host: '127.0.0.1' } }))
  await client.connect()
  await client.set('text', 'x')
  client.lPush('text', 'forgotten')
  client.lPush('text', 'handled').catch(() => {})
  client.sendCommand(['LPUSH'])
  await sleep(100)
  await client.close()
}
process.stdout.write(JSON.stringify(reported))
