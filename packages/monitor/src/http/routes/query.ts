import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Hono } from 'hono'
import { toJsonValue } from '../../exporters/json.ts'
import type { SeriesResult } from '../../history/series-query.ts'
import { optional } from '../../validation/schema.ts'
import { toJson } from '../json-answer.ts'
import { type Evaluation, incompleteJson, type QueryRunner } from '../query-runner.ts'
import { moment } from './parameters.ts'
import { functionParameters, parseRequest, type Range, rangeParameters, toQuery, toRange } from './query-parameters.ts'

const instantParameters = { ...functionParameters, time: optional(moment()) }

/**
 * Creates `GET /api/v1/query` and `GET /api/v1/query_range`: a function of the series of metrics, at one time or at every step of a
 * range. Label matchers are parameters such as `label.store=orders`. Both answer 400 with the reason if a parameter is not valid
 * or the answer would be too large. A few queries run at the same time; 503 with Retry-After if too many wait.
 */
export function queryRoutes(runner: QueryRunner): Hono {
  return new Hono()
    .get('/api/v1/query', (context) =>
      runner.answer(context, async (slices) => {
        const request = parseRequest(instantParameters, context.req.queries())
        const timeMs = request.parameters.time?.(runner.now()) ?? runner.now()
        const query = await toQuery(request, runner, slices)
        const evaluation = await runner.evaluate(query, { startMs: timeMs, stepMs: 1, count: 1 }, slices)
        return { createPieces: () => instantJson(timeMs, evaluation), points: evaluation.points }
      }),
    )
    .get('/api/v1/query_range', (context) =>
      runner.answer(context, async (slices) => {
        const request = parseRequest({ ...functionParameters, ...rangeParameters }, context.req.queries())
        const range = toRange(request.parameters, runner.now())
        const query = await toQuery(request, runner, slices)
        const evaluation = await runner.evaluate(query, range, slices)
        return { createPieces: () => rangeJson(range, evaluation), points: evaluation.points }
      }),
    )
}

function* instantJson(timeMs: number, { results, incomplete }: Evaluation): Generator<string> {
  yield `{"timeMs":${timeMs},${incompleteJson(incomplete)}"series":[`
  let separator = ''
  for (const result of results) {
    yield `${separator}${toJson({ ...identity(result), value: result.values.at(0) })}`
    separator = ','
  }
  yield ']}'
}

/** Points of one piece of an answer. */
const pointsPerPiece = 500

function* rangeJson({ startMs, endMs, stepMs }: Range, { results, incomplete }: Evaluation): Generator<string> {
  yield `{"startMs":${startMs},"endMs":${endMs},"stepMs":${stepMs},${incompleteJson(incomplete)}"series":[`
  let separator = ''
  for (const result of results) {
    const { values } = result
    let points = `${separator}${toJson(identity(result)).slice(0, -1)},"points":[`
    separator = ','
    let pointSeparator = ''
    for (let index = 0; index < values.length; index++) {
      const value = values.at(index)
      if (value !== undefined) {
        points += `${pointSeparator}[${startMs + index * stepMs},${JSON.stringify(toJsonValue(value))}]`
        pointSeparator = ','
      }
      if (index % pointsPerPiece !== pointsPerPiece - 1) continue
      yield points
      points = ''
    }
    yield `${points}]}`
  }
  yield ']}'
}

/** Returns what tells a series of an answer apart. */
function identity({ metric, labels, quantile }: SeriesResult): object {
  return { metric, labels, quantile }
}

/** Creates `GET /runbook`: what each default alert and each health check means, and what to do, as Markdown. */
export function runbookRoutes(): Hono {
  let text: Promise<string> | undefined
  return new Hono().get('/runbook', async (context) => {
    text ??= readFile(join(dirname(createRequire(import.meta.url).resolve('@wombat/monitor/package.json')), 'RUNBOOK.md'), 'utf8')
    return context.body(await text, 200, { 'content-type': 'text/markdown; charset=utf-8' })
  })
}
