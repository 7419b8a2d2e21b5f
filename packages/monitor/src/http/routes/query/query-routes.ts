import type { Labels } from '@wombat/instrumentation'
import { Hono } from 'hono'
import { z } from 'zod'
import type { AlertManager } from '../../../alerts/manager.ts'
import type { History } from '../../../history/history.ts'
import { countSeries, type QueryFunction, queryAt, queryFunctions } from '../../../history/queries.ts'
import { SerialQueue } from '../../serial-queue.ts'
import { parseDuration, parseParameters, type QueryParameters } from '../parameters.ts'
import { queryRange } from './query-range.ts'

const momentForm = 'a Unix time in milliseconds'
const spanForm = 'a time such as 30s, 5m or 1h'
const moment = z.coerce.number().positive()

const common = {
  metric: z.string().min(1).describe("a metric's name"),
  function: z
    .enum(queryFunctions)
    .default('value')
    .describe(`one of ${queryFunctions.join(', ')}`),
  window: parseDuration.optional().describe(spanForm),
  quantile: z.coerce.number().gt(0).lt(1).optional().describe('a number between 0 and 1'),
}
const atOnce = z.strictObject({ ...common, time: moment.optional().describe(momentForm) })
const overTime = z.strictObject({
  ...common,
  start: moment.describe(momentForm),
  end: moment.optional().describe(momentForm),
  step: parseDuration.describe(spanForm),
})

/** As many as Prometheus gives of one series, and no more series than anybody looks at. */
const maximumSteps = 11_000
const maximumSeries = 1000
/** Steps times series that one range may read: about a second of work, and an answer of some megabytes. */
const maximumReads = 300_000
/** Ranges in line: a page with so many panels asks for all of them at once. */
const maximumInLine = 16

/**
 * `GET /api/v1/query` and `GET /api/v1/query_range`: a function of a metric's series, now or step by step. Label matchers are
 * parameters such as `label.store=orders`. 400 with the reason where a parameter cannot be used or the answer would be too much
 * work. Ranges are answered one after the other; 503 with Retry-After where too many wait.
 */
export function queryRoutes(history: History, now: () => number): Hono {
  const line = new SerialQueue(maximumInLine)
  return new Hono()
    .get('/api/v1/query', (context) => {
      const asked = parse(atOnce, context.req.query())
      if ('error' in asked) return context.json({ error: asked.error }, 400)
      const { time = now(), ...question } = asked.parameters
      const series = queryAt(history, { ...question, where: asked.where }, time)
      return series.length > maximumSeries ? context.json(tooMany(series.length), 400) : context.json({ timeMs: time, series })
    })
    .get('/api/v1/query_range', async (context) => {
      const asked = parse(overTime, context.req.query())
      if ('error' in asked) return context.json({ error: asked.error }, 400)
      const { start, end = now(), step, ...question } = asked.parameters
      const steps = Math.floor((end - start) / step) + 1
      if (!(steps >= 1 && steps <= maximumSteps)) {
        return context.json(
          { error: `from start to end there must be 1 to ${maximumSteps} steps, got ${Math.max(0, steps)}` },
          400,
        )
      }
      const toRead = { ...question, where: asked.where }
      const behind = countSeries(history, toRead)
      if (steps * behind > maximumReads) return context.json(tooManySamples(steps, behind), 400)
      const asker = context.req.raw.signal
      const turn = line.run(() => queryRange(history, toRead, { startMs: start, stepMs: step, count: steps }, asker))
      if (turn === undefined) {
        const error = `${maximumInLine} ranges are being answered or wait for it: ask again`
        return context.json({ error }, 503, { 'retry-after': '1' })
      }
      const series = await turn
      if (series === undefined) return context.json({ error: 'whoever asked went away' }, 503)
      return series.length > maximumSeries ? context.json(tooMany(series.length), 400) : context.json({ series })
    })
}

function tooManySamples(steps: number, series: number): { error: string } {
  const error = `a range reads at most ${maximumReads} times, this one ${steps * series} (${steps} steps of ${series} series): ask with a longer step, a later start or label matchers`
  return { error }
}

function tooMany(count: number): { error: string } {
  return { error: `an answer has at most ${maximumSeries} series, this one has ${count}: ask with label matchers` }
}

type Question<Parameters> = QueryParameters<Parameters> & { readonly where: Labels }

function parse<Schema extends typeof atOnce | typeof overTime>(
  schema: Schema,
  query: Record<string, string>,
): Question<z.output<Schema>> {
  const isMatcher = (key: string): boolean => key.startsWith('label.')
  const where = Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => (isMatcher(key) ? [[key.slice('label.'.length), value]] : [])),
  )
  const rest = Object.fromEntries(Object.entries(query).filter(([key]) => !isMatcher(key)))
  const asked = parseParameters(schema, rest, ['label.NAME'])
  if ('error' in asked) return { ...asked, where }
  const { function: wanted, quantile } = asked.parameters as { function: QueryFunction; quantile?: number }
  if (wanted === 'quantile' && quantile === undefined)
    return { error: 'quantile is missing: the function quantile needs it', where }
  return { ...asked, where }
}

/** `GET /api/v1/alerts`: what lives, the rules with how their last evaluation went, and the last changes. */
export function alertRoutes(manager: AlertManager): Hono {
  return new Hono().get('/api/v1/alerts', (context) => {
    const statuses = new Map(manager.statuses.map((status) => [status.rule, status]))
    const rules = manager.rules.map((rule) => ({ ...rule, ...statuses.get(rule.name) }))
    return context.json({ alerts: manager.alerts(), rules, transitions: manager.transitions })
  })
}
