// An application that uses only the OpenTelemetry API. The one added line is marked.
import { instrument } from '@wombat/instrumentation'
import { ClassicLevel } from 'classic-level'

const orders = new ClassicLevel('data/orders', { valueEncoding: 'json' })
instrument(orders, { name: 'orders' }) // this one

for (let id = 1; ; id++) {
  await orders.put(`${id}`, { amount: id })
  await orders.get(`${id}`)
  await new Promise((resolve) => setTimeout(resolve, 100))
}
