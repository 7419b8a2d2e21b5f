import { Hono } from 'hono'
import { z } from 'zod'
import type { OperationQuery, RecentErrors, SlowOperations } from '../../operations/operation-answers.ts'
import { duration, parseParameters } from './parameters.ts'

/** Provides single operations: those of this process, or of all of its group. */
export interface OperationSource {
  slowOperations(query: OperationQuery): Promise<SlowOperations>
  recentErrors(query: OperationQuery): Promise<RecentErrors>
}

/** At least a second, because errors are counted per second. */
const window = duration
  .refine((windowMs) => windowMs >= 1000)
  .optional()
  .describe('a time of a second or more such as 30s, 5m or 1h')

const common = {
  store: z.string().min(1).optional().describe("a store's name"),
  limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('a whole number from 1 to 10000'),
}
const slowParameters = z.strictObject(common)
const errorParameters = z.strictObject({ ...common, window })

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
