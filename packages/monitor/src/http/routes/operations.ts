import { Hono } from 'hono'
import { z } from 'zod'
import type { ErrorHistory } from '../../operations/error-history.ts'
import type { SlowLog } from '../../operations/slow-log.ts'
import { duration, parseParameters } from './parameters.ts'

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

const defaultWindowMs = 300_000

/**
 * Creates the endpoints about single operations. Both take `store` and `limit`, and answer 400 with the reason if a parameter is
 * not valid.
 *
 * - `GET /api/v1/slow-operations`: recent slow operations, newest first, the thresholds, and the number of suppressed log lines.
 * - `GET /api/v1/errors`: recent errors, newest first, with their number by type and their rate per second in `window` (default:
 *   five minutes, or less if errors are known for less). The rate is left out if the window reaches further back.
 */
export function operationRoutes(slowLog: SlowLog, errors: ErrorHistory, now: () => number): Hono {
  return new Hono()
    .get('/api/v1/slow-operations', (context) => {
      const query = parseParameters(slowParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { store, limit } = query.parameters
      const slowOperations = slowLog.records.filter((record) => store === undefined || record.store === store).slice(0, limit)
      const { thresholdSeconds, suppressed, enabled } = slowLog
      const adaptiveThresholds = slowLog.adaptiveThresholds.filter((one) => store === undefined || one.store === store)
      return context.json({ slowOperations, thresholdSeconds, adaptiveThresholds, suppressed, enabled })
    })
    .get('/api/v1/errors', (context) => {
      const query = parseParameters(errorParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { store, limit, window } = query.parameters
      const timeMs = now()
      const { knownSinceMs } = errors
      const windowMs = window ?? Math.max(1000, Math.min(defaultWindowMs, timeMs - (knownSinceMs ?? timeMs)))
      const recent = errors.entries.filter(
        (entry) => entry.lastMs >= timeMs - windowMs && (store === undefined || entry.store === store),
      )
      return context.json({
        errors: recent.slice(0, limit),
        ratePerSecond: errors.errorRate(windowMs, store),
        countsByType: errors.countsByType(windowMs, store),
        windowSeconds: windowMs / 1000,
        knownSinceMs,
      })
    })
}
