import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { Hono } from 'hono'
import { type Order, orderRoutes } from './order-routes.ts'

const { HOST = '127.0.0.1', PORT = '3000', DATA = 'data/orders', DRAIN_MS = '5000' } = process.env

// Listens once: a second signal ends the process at once.
const endSignal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])

// Without its own HTTP server: its endpoints are mounted below. If WOMBAT_AUTH_TOKEN is set, they require it, except for a status.
const monitoring = await startMonitoring({ jsonApiEnabled: false })
const orders = monitoring.instrument(new ClassicLevel<string, Order>(DATA, { valueEncoding: 'json' }), { name: 'orders' })
await orders.open()

const app = new Hono()
let isEnding = false
app.use(async (context, next) => {
  await next()
  if (isEnding) context.header('connection', 'close') // else the server would wait for idle connections
})
app.route('/orders', orderRoutes(orders))
for (const path of ['/metrics', '/health/*', '/livez/*', '/readyz/*', '/api/v1/*']) {
  app.get(path, (context) => monitoring.fetch(context.req.raw))
}

const server = serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) })
await once(server, 'listening')
console.log(`listening at port ${(server.address() as AddressInfo).port}`)

await endSignal

isEnding = true
monitoring.beginShutdown() // /readyz answers 503 from now on, everything else still works
await sleep(Number(DRAIN_MS)) // until the load balancer has seen it and sends requests elsewhere
const closed = once(server, 'close')
server.close() // still answers the requests in flight
await closed
await monitoring.close() // sends the last metrics
await orders.close()
