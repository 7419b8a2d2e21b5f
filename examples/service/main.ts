import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { Hono } from 'hono'
import { type Order, orderRoutes } from './order-routes.ts'

const { HOST = '127.0.0.1', PORT = '3000', DATA = 'data/orders', DRAIN_MS = '5000' } = process.env

// From the beginning on; the same signal again ends it at once.
const toldToEnd = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])

// No door of its own: what it serves is mounted below. With WOMBAT_AUTH_TOKEN all of it but the status asks for a token.
const monitoring = await startMonitoring({ jsonApiEnabled: false })
const orders = monitoring.instrument(new ClassicLevel<string, Order>(DATA, { valueEncoding: 'json' }), { name: 'orders' })
await orders.open()

const app = new Hono()
let isEnding = false
app.use(async (context, next) => {
  await next()
  if (isEnding) context.header('connection', 'close') // else the server waits for connections on which nobody asks any more
})
app.route('/orders', orderRoutes(orders))
for (const path of ['/metrics', '/health/*', '/livez/*', '/readyz/*', '/api/v1/*']) {
  app.get(path, (context) => monitoring.fetch(context.req.raw))
}

const server = serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) })
await once(server, 'listening')
console.log(`listening at port ${(server.address() as AddressInfo).port}`)

await toldToEnd

isEnding = true
monitoring.beginShutdown() // /readyz says 503 from now on; everything else goes on
await sleep(Number(DRAIN_MS)) // until whoever asks /readyz has seen that, and sends requests elsewhere
const closed = once(server, 'close')
server.close() // answers what is under way
await closed
await monitoring.close() // sends the last metrics, the store's among them
await orders.close()
