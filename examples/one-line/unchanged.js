// An application without any change.
import { ClassicLevel } from 'classic-level'

const orders = new ClassicLevel('data/orders', { valueEncoding: 'json' })

for (let id = 1; ; id++) {
  await orders.put(`${id}`, { amount: id })
  await orders.get(`${id}`)
  await new Promise((resolve) => setTimeout(resolve, 100))
}
