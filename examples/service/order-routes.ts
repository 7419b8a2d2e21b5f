import type { ClassicLevel } from 'classic-level'
import { Hono } from 'hono'

export type Order = Readonly<Record<string, unknown>>

const maxListed = 100

/** Creates `PUT /:id` with an order in JSON, `GET /:id`, and `GET /` for the first 100 orders after the id `?after=`. */
export function orderRoutes(orders: ClassicLevel<string, Order>): Hono {
  return new Hono()
    .put('/:id', async (context) => {
      const order: unknown = await context.req.json().catch(() => undefined)
      if (!isOrder(order)) return context.json({ error: 'an order must be a JSON object' }, 400)
      await orders.put(context.req.param('id'), order)
      return context.body(null, 204)
    })
    .get('/:id', async (context) => {
      const order = await orders.get(context.req.param('id'))
      return order === undefined ? context.json({ error: 'order not found' }, 404) : context.json(order)
    })
    .get('/', async (context) => {
      const found = await orders.iterator({ gt: context.req.query('after') ?? '', limit: maxListed }).all()
      return context.json({ orders: found.map(([id, order]) => ({ id, order })) })
    })
}

function isOrder(value: unknown): value is Order {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
