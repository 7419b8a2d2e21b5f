import { trace } from '@opentelemetry/api'
import { ClassicLevel } from 'classic-level'
import { monitoring, sdk } from './telemetry.ts'

const orders = monitoring.instrument(new ClassicLevel('data/orders'), { name: 'orders' })
const tracer = trace.getTracer('orders')

for (let id = 1; id <= 20; id++) {
  await tracer.startActiveSpan('place order', async (span) => {
    await orders.put(`order ${id}`, 'placed')
    await orders.batch([
      { type: 'put', key: `customer ${id % 3}`, value: `${id}` },
      { type: 'put', key: `item ${id % 5}`, value: `${id}` },
    ])
    await orders.get(`order ${id}`)
    span.end()
  })
}

await orders.close()
await monitoring.close()
await sdk.shutdown() // sends the last spans and metrics
