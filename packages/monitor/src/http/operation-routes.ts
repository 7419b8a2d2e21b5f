import { Hono } from 'hono'
import { z } from 'zod'
import { complaint } from '../config-complaint.ts'
import type { ErrorHistory } from '../operations/error-history.ts'
import type { SlowOperations } from '../operations/slow-operations.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A time as PromQL writes it. Less than a second says nothing: errors are counted by the second. */
const span = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/)
  .transform((text) => {
    const [, count = '', unit = 'ms'] = /^(\d+)(\w+)$/.exec(text) ?? []
    return Number(count) * unitMs[unit as keyof typeof unitMs]
  })
  .refine((windowMs) => windowMs >= 1000)

const common = {
  store: z.string().min(1).optional().describe("a store's name"),
  limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('a whole number from 1 to 10000'),
}
const ofSlow = z.strictObject(common)
const ofErrors = z.strictObject({
  ...common,
  window: span.optional().describe('a time of a second or more such as 30s, 5m or 1h'),
})

const defaultWindowMs = 300_000

/**
 * `GET /api/v1/slow-operations`: the last slow operations, newest first, from how long on one is slow, and how many lines the
 * log was spared. `GET /api/v1/errors`: the last errors, newest first, how many there were by type in the window (default:
 * five minutes, or as far back as is known), and each second; that is left out where the window reaches further back.
 * Both take `store` and `limit`; 400 with the reason where a parameter cannot be used.
 */
export function operationRoutes(slow: SlowOperations, errors: ErrorHistory, now: () => number = Date.now): Hono {
  return new Hono()
    .get('/api/v1/slow-operations', (context) => {
      const asked = parse(ofSlow, context.req.query())
      if ('error' in asked) return context.json(asked, 400)
      const { store, limit } = asked.parameters
      const slowOperations = slow.records.filter((record) => store === undefined || record.store === store).slice(0, limit)
      const { thresholdSeconds: threshold, suppressed, enabled } = slow
      const thresholdSeconds =
        typeof threshold === 'number' ? threshold : threshold.filter((one) => store === undefined || one.store === store)
      return context.json({ slowOperations, thresholdSeconds, suppressed, enabled })
    })
    .get('/api/v1/errors', (context) => {
      const asked = parse(ofErrors, context.req.query())
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

type Asked<Shape> = { readonly parameters: Shape } | { readonly error: string }

function parse<Schema extends typeof ofSlow | typeof ofErrors>(
  schema: Schema,
  query: Record<string, string>,
): Asked<z.output<Schema>> {
  const parsed = schema.safeParse(query)
  if (parsed.success) return { parameters: parsed.data as z.output<Schema> }
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys')
    return { error: `${issue.keys.join(', ')}: no such parameter; there are ${Object.keys(schema.shape).join(', ')}` }
  const name = String(issue?.path[0])
  return { error: complaint(name, schema.shape[name as keyof typeof schema.shape] as z.ZodType, query[name]) }
}
