import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Labels } from '@wombat/instrumentation'
import { type Context, Hono } from 'hono'
import type { AlertManager } from '../../alerts/manager.ts'
import { toJsonValue } from '../../exporters/json.ts'
import type { History } from '../../history/history.ts'
import { countSeries, type QueryFunction, queryAt, queryFunctions } from '../../history/queries.ts'
import { oneOf, optional, type Shape, text } from '../../validation/schema.ts'
import { SerialQueue } from '../serial-queue.ts'
import { duration, numeric, type ParametersOf, parseParameters, type QueryParameters, withDefault } from './parameters.ts'
import { queryRange } from './query-range.ts'

const time = numeric('a Unix time in milliseconds', (value) => value > 0)
const anyDuration = duration('a time such as 30s, 5m or 1h')

const common = {
  metric: text("a metric's name"),
  function: withDefault(oneOf(queryFunctions), 'value'),
  window: optional(anyDuration),
  quantile: optional(numeric('a number between 0 and 1', (value) => value > 0 && value < 1)),
}
const instantParameters = { ...common, time: optional(time) }
const rangeParameters = { ...common, start: time, end: optional(time), step: anyDuration }

/** The limit of Prometheus. */
const maxSteps = 11_000
const maxSeries = 1000
/** Steps times series of one range: about a second of work, and an answer of some megabytes. */
const maxReads = 300_000
/** Ranges that run or wait: about as many as a page with many panels requests at once. */
const maxQueuedRanges = 16

/**
 * Creates `GET /api/v1/query` and `GET /api/v1/query_range`: a function of a metric's series, at one time or at every step of a
 * range. Label matchers are parameters such as `label.store=orders`. Both answer 400 with the reason if a parameter is not valid
 * or the answer would be too large. Ranges run one at a time; 503 with Retry-After if too many wait.
 */
export function queryRoutes(history: History, now: () => number): Hono {
  const queue = new SerialQueue(maxQueuedRanges)
  return new Hono()
    .get('/api/v1/query', (context) => {
      const parsed = parse(instantParameters, context.req.query())
      if ('error' in parsed) return context.json({ error: parsed.error }, 400)
      const { time = now(), ...query } = parsed.parameters
      const series = queryAt(history, { ...query, where: parsed.where }, time)
      return series.length > maxSeries
        ? context.json(tooManySeries(series.length), 400)
        : jsonBody(context, { timeMs: time, series })
    })
    .get('/api/v1/query_range', async (context) => {
      const parsed = parse(rangeParameters, context.req.query())
      if ('error' in parsed) return context.json({ error: parsed.error }, 400)
      const { start, end = now(), step, ...parameters } = parsed.parameters
      const count = Math.floor((end - start) / step) + 1
      if (!(count >= 1 && count <= maxSteps)) {
        const error = `the range from start to end must have 1 to ${maxSteps} steps, got ${Math.max(0, count)}`
        return context.json({ error }, 400)
      }
      const query = { ...parameters, where: parsed.where }
      const seriesCount = countSeries(history, query)
      if (count * seriesCount > maxReads) return context.json(tooManyReads(count, seriesCount), 400)
      const { signal } = context.req.raw
      const answer = queue.run(() => queryRange(history, query, { startMs: start, stepMs: step, count }, signal))
      if (answer === undefined) {
        const error = `${maxQueuedRanges} range queries run or wait already: try again`
        return context.json({ error }, 503, { 'retry-after': '1' })
      }
      const series = await answer
      if (series === undefined) return context.json({ error: 'the client closed the connection' }, 503)
      return series.length > maxSeries ? context.json(tooManySeries(series.length), 400) : jsonBody(context, { series })
    })
}

/** Creates `GET /runbook`: what each default alert and each health check means, and what to do, as Markdown. */
export function runbookRoutes(): Hono {
  let text: Promise<string> | undefined
  return new Hono().get('/runbook', async (context) => {
    text ??= readFile(join(dirname(createRequire(import.meta.url).resolve('@wombat/monitor/package.json')), 'RUNBOOK.md'), 'utf8')
    return context.body(await text, 200, { 'content-type': 'text/markdown; charset=utf-8' })
  })
}

/** Creates `GET /api/v1/alerts`: pending, firing and recently resolved alerts, the rules with their last evaluation, and the last transitions. */
export function alertRoutes(manager: AlertManager): Hono {
  return new Hono().get('/api/v1/alerts', (context) => {
    const statuses = new Map(manager.statuses.map((status) => [status.rule, status]))
    const rules = manager.rules.map((rule) => ({ ...rule, ...statuses.get(rule.name) }))
    return jsonBody(context, { alerts: manager.alerts(), rules, transitions: manager.transitions })
  })
}

/** Answers with numbers that JSON cannot express as texts. */
function jsonBody(context: Context, body: object): Response {
  const text = JSON.stringify(body, (_, value) => (typeof value === 'number' ? toJsonValue(value) : value))
  return context.body(text, 200, { 'content-type': 'application/json' })
}

function tooManyReads(steps: number, series: number): { error: string } {
  const error = `a range may read at most ${maxReads} values, this one reads ${steps * series} (${steps} steps of ${series} series): use a longer step, a later start or label matchers`
  return { error }
}

function tooManySeries(count: number): { error: string } {
  return { error: `an answer may have at most ${maxSeries} series, this one has ${count}: use label matchers` }
}

type ParsedQuery<Parameters> = QueryParameters<Parameters> & { readonly where: Labels }

function parse<Parameters extends Shape>(
  shape: Parameters,
  query: Record<string, string>,
): ParsedQuery<ParametersOf<Parameters>> {
  const isMatcher = (key: string): boolean => key.startsWith('label.')
  const where = Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => (isMatcher(key) ? [[key.slice('label.'.length), value]] : [])),
  )
  const rest = Object.fromEntries(Object.entries(query).filter(([key]) => !isMatcher(key)))
  const parsed = parseParameters(shape, rest, ['label.NAME'])
  if ('error' in parsed) return { ...parsed, where }
  const { function: name, quantile } = parsed.parameters as { function: QueryFunction; quantile?: number }
  if (name === 'quantile' && quantile === undefined) {
    return { error: 'quantile is missing: the function quantile needs it', where }
  }
  return { ...parsed, where }
}
