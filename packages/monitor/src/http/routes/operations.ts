import { Hono } from 'hono'
import type { ErrorHistory } from '../../operations/error-history.ts'
import type { SlowLog } from '../../operations/slow-log.ts'
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
