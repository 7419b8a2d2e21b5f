import type { MetricsRegistry } from '@wombat/instrumentation'
import { Hono } from 'hono'
import { type OperationSource, slowOrders } from '../../operations/operation-answers.ts'
import { latencyCauses } from '../../process/process-state.ts'
import { oneOf, optional, text } from '../../validation/schema.ts'
import { answerSlices, jsonAnswer, jsonList, toJson } from '../json-answer.ts'
import { duration, moment, numeric, parseParameters, withDefault } from './parameters.ts'

const wholeFrom = (min: number, max: number) =>
  numeric(`a whole number from ${min} to ${max}`, (value) => Number.isInteger(value) && value >= min && value <= max)

const listParameters = {
  store: optional(text("a store's name")),
  operation: optional(text("an operation's name")),
  start: optional(moment()),
  end: optional(moment()),
  limit: withDefault(wholeFrom(1, 10_000), 100),
  offset: withDefault(wholeFrom(0, 1_000_000), 0),
}
const slowParameters = {
  ...listParameters,
  cause: optional(oneOf(latencyCauses)),
  minSeconds: optional(numeric('a number of seconds, 0 or more', (value) => value >= 0)),
  sort: optional(oneOf(slowOrders)),
}
const errorParameters = {
  ...listParameters,
  errorType: optional(text("an error's type")),
  // At least a second, because errors are counted per second.
  window: optional(duration('a time of a second or more such as 30s, 5m or 1h', 1000)),
}

/**
 * Creates the endpoints about single operations. Both take filters, `limit` and `offset`, and answer 400 with the reason if a parameter is
 * not valid.
 *
 * - `GET /api/v1/slow-operations`: recent slow operations, the newest or the slowest first, the thresholds, and the number of suppressed log
 *   lines.
 * - `GET /api/v1/errors`: recent errors, newest first, with their number by type and their rate per second in `window` (default:
 *   five minutes, or less if errors are known for less). The rate is left out if the window reaches further back.
 */
export function operationRoutes(source: OperationSource, registry: MetricsRegistry, now: () => number): Hono {
  return new Hono()
    .get('/api/v1/slow-operations', async (context) => {
      const query = parseParameters(slowParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { start, end, sort = 'time', ...others } = query.parameters
      const nowMs = now()
      const { slowOperations, ...rest } = await source.slowOperations({
        ...others,
        startMs: start?.(nowMs),
        endMs: end?.(nowMs),
        sort,
      })
      return jsonAnswer(context, listJson('slowOperations', slowOperations, rest), answerSlices(context, registry))
    })
    .get('/api/v1/errors', async (context) => {
      const query = parseParameters(errorParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { window: windowMs, start, end, ...others } = query.parameters
      const nowMs = now()
      const { errors, ...rest } = await source.recentErrors({
        ...others,
        windowMs,
        startMs: start?.(nowMs),
        endMs: end?.(nowMs),
      })
      return jsonAnswer(context, listJson('errors', errors, rest), answerSlices(context, registry))
    })
}

/** Yields an object of a list, which may be long, and other fields. */
function* listJson(name: string, items: readonly object[], others: object): Generator<string> {
  yield `{"${name}":`
  yield* jsonList(items)
  yield `,${toJson(others).slice(1)}`
}
