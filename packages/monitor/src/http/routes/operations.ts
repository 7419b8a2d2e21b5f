import { Hono } from 'hono'
import type { OperationSource } from '../../operations/operation-answers.ts'
import { optional, text } from '../../validation/schema.ts'
import { duration, numeric, parseParameters, withDefault } from './parameters.ts'

const isLimit = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 10_000

const slowParameters = {
  store: optional(text("a store's name")),
  limit: withDefault(numeric('a whole number from 1 to 10000', isLimit), 100),
}
const errorParameters = {
  ...slowParameters,
  // At least a second, because errors are counted per second.
  window: optional(duration('a time of a second or more such as 30s, 5m or 1h', 1000)),
}

/**
 * Creates the endpoints about single operations. Both take `store` and `limit`, and answer 400 with the reason if a parameter is
 * not valid.
 *
 * - `GET /api/v1/slow-operations`: recent slow operations, newest first, the thresholds, and the number of suppressed log lines.
 * - `GET /api/v1/errors`: recent errors, newest first, with their number by type and their rate per second in `window` (default:
 *   five minutes, or less if errors are known for less). The rate is left out if the window reaches further back.
 */
export function operationRoutes(source: OperationSource): Hono {
  return new Hono()
    .get('/api/v1/slow-operations', async (context) => {
      const query = parseParameters(slowParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      return context.json(await source.slowOperations(query.parameters))
    })
    .get('/api/v1/errors', async (context) => {
      const query = parseParameters(errorParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { window: windowMs, ...others } = query.parameters
      return context.json(await source.recentErrors({ ...others, windowMs }))
    })
}
