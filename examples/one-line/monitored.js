// An application without OpenTelemetry. The one added line is marked.
import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'

const orders = new ClassicLevel('data/orders', { valueEncoding: 'json' })
;(await startMonitoring({ prometheusEnabled: true })).instrument(orders, { name: 'orders' }) // this one

for (let id = 1; ; id++) {
  await orders.put(`${id}`, { amount: id })
  await orders.get(`${id}`)
  await new Promise((resolve) => setTimeout(resolve, 100))
}
