import { Hono } from 'hono'
import { z } from 'zod'
import type { ErrorHistory } from '../../operations/error-history.ts'
import type { SlowLog } from '../../operations/slow-log.ts'
import { parseDuration, parseParameters } from './parameters.ts'

/** Less than a second says nothing: errors are counted by the second. */
const window = parseDuration
  .refine((windowMs) => windowMs >= 1000)
  .optional()
  .describe('a time of a second or more such as 30s, 5m or 1h')

const common = {
  store: z.string().min(1).optional().describe("a store's name"),
  limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('a whole number from 1 to 10000'),
}
const ofSlow = z.strictObject(common)
const ofErrors = z.strictObject({ ...common, window })

const defaultWindowMs = 300_000

/**
 * `GET /api/v1/slow-operations`: the last slow operations, newest first, from how long on one is slow, and how many lines the
 * log was spared. `GET /api/v1/errors`: the last errors, newest first, how many there were by type in the window (default:
 * five minutes, or as far back as is known), and each second; that is left out where the window reaches further back.
 * Both take `store` and `limit`; 400 with the reason where a parameter cannot be used.
 */
export function operationRoutes(slow: SlowLog, errors: ErrorHistory, now: () => number = Date.now): Hono {
  return new Hono()
    .get('/api/v1/slow-operations', (context) => {
      const asked = parseParameters(ofSlow, context.req.query())
      if ('error' in asked) return context.json(asked, 400)
      const { store, limit } = asked.parameters
      const slowOperations = slow.records.filter((record) => store === undefined || record.store === store).slice(0, limit)
      const { thresholdSeconds: threshold, suppressed, enabled } = slow
      const thresholdSeconds =
        typeof threshold === 'number' ? threshold : threshold.filter((one) => store === undefined || one.store === store)
      return context.json({ slowOperations, thresholdSeconds, suppressed, enabled })
    })
    .get('/api/v1/errors', (context) => {
      const asked = parseParameters(ofErrors, context.req.query())
      if ('error' in asked) return context.json(asked, 400)
      const { store, limit, window } = asked.parameters
      const timeMs = now()
      const { knownSinceMs } = errors
      const windowMs = window ?? Math.max(1000, Math.min(defaultWindowMs, timeMs - (knownSinceMs ?? timeMs)))
      const found = errors.entries.filter(
        (entry) => entry.lastMs >= timeMs - windowMs && (store === undefined || entry.store === store),
      )
      return context.json({
        errors: found.slice(0, limit),
        ratePerSecond: errors.errorRate(windowMs, store),
        countsByType: errors.countsByType(windowMs, store),
        windowSeconds: windowMs / 1000,
        knownSinceMs,
      })
    })
}
