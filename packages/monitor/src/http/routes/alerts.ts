import { Hono } from 'hono'
import { conditionDirection, conditionWindowMs } from '../../alerts/conditions.ts'
import type { AlertManager } from '../../alerts/manager.ts'
import type { AlertRule } from '../../alerts/rule.ts'
import { countRuleSeries, type RuleSeries, ruleValues } from '../../alerts/rule-values.ts'
import type { AlertScheduler } from '../../alerts/scheduler.ts'
import { SilenceError, type SilenceOptions } from '../../alerts/silences.ts'
import { listMetrics } from '../../history/metric-catalog.ts'
import { suggest } from '../../validation/format-issue.ts'
import type { Access } from '../access.ts'
import { answerSlices, jsonList, toJson } from '../json-answer.ts'
import { readObject } from '../json-body.ts'
import { fixedLimits } from '../limits/request-limits.ts'
import { type QueryRunner, RequestError } from '../query-runner.ts'
import { parseParameters } from './parameters.ts'
import { rangeParameters, toRange } from './query-parameters.ts'

/** What became of notifications, and the silences that withhold them. */
export type NotificationSource = Pick<
  AlertScheduler,
  'notifications' | 'silences' | 'silencedUntilMs' | 'silence' | 'deleteSilence'
>

export interface AlertRoutesOptions {
  readonly alerts: AlertManager
  readonly notifications: NotificationSource
  readonly runner: QueryRunner
}

/**
 * Creates the endpoints of alerts:
 *
 * - `GET /api/v1/alerts`: pending, firing and recently resolved alerts, the rules with their last evaluation, the last transitions, and what
 *   became of the last notifications.
 * - `GET /api/v1/rules`: every rule with its state. `GET /api/v1/rules/NAME/values`: what it compares with its threshold, over time.
 * - `GET`, `POST` and `DELETE` of `/api/v1/silences`: which notifications are withheld.
 */
export function alertRoutes({ alerts: manager, notifications, runner }: AlertRoutesOptions): Hono {
  const app = new Hono<Access>()
    .get('/api/v1/alerts', (context) =>
      runner.answer(context, async () => ({ createPieces: () => alertsJson(manager, notifications) })),
    )
    .get('/api/v1/rules', (context) => runner.answer(context, async () => ({ createPieces: () => rulesJson(manager, runner) })))
    .get('/api/v1/rules/:name/values', (context) =>
      runner.answer(context, async (slices) => {
        const name = context.req.param('name')
        const rule = manager.rules.find((one) => one.name === name)
        if (rule === undefined) {
          const nearest = suggest(
            name,
            manager.rules.map((one) => one.name),
          )
          throw new RequestError(`there is no rule ${JSON.stringify(name)}${nearest || ': /api/v1/rules has all'}`, 404)
        }
        const parsed = parseParameters(rangeParameters, context.req.query())
        if ('error' in parsed) throw new RequestError(parsed.error)
        const range = toRange(parsed.parameters, runner.now())
        const prepare = async () => {
          const count = countRuleSeries(rule, runner.history)
          const windowMs = conditionWindowMs(rule)
          const reads = { ...range, series: count, windowMs, remedies: ['step', 'start'] } as const
          const samples = await runner.checkCost(reads, slices)
          runner.checkSize(Math.min(count, fixedLimits.answerSeries), range.count)
          return { samples }
        }
        const series = await runner.runNext(slices, prepare, () => ruleValues(rule, runner.history, range, slices))
        runner.checkSize(series.length, range.count)
        const { startMs, endMs, stepMs } = range
        const head = { rule: rule.name, ...thresholds(rule), unit: unitReader(runner)(rule), startMs, endMs, stepMs }
        return { createPieces: () => valuesJson(head, series), points: series.length * range.count }
      }),
    )
    .get('/api/v1/silences', (context) =>
      runner.answer(context, async (slices) => {
        const silences = await slices.run(notifications.silences())
        return { createPieces: () => [toJson({ silences })] }
      }),
    )
    .post('/api/v1/silences', async (context) => {
      const read = await readObject(context)
      if ('refusal' in read) return read.refusal
      try {
        const { id } = notifications.silence(read.body as unknown as SilenceOptions)
        const silences = await answerSlices(context, runner.registry).run(notifications.silences())
        const silence = silences.find((one) => one.id === id)
        context.set('change', { silence: id, matchers: silence?.matchers, endMs: silence?.endMs })
        return context.json(silence, 201)
      } catch (error) {
        if (error instanceof SilenceError) return context.json({ error: error.message }, 400)
        throw error
      }
    })
    .delete('/api/v1/silences/:id', (context) => {
      const id = context.req.param('id')
      if (notifications.deleteSilence(id)) return context.body(null, 204)
      return context.json({ error: `there is no silence ${JSON.stringify(id)}: it has ended or was deleted` }, 404)
    })
  return app as unknown as Hono
}

/** Returns every rule with its last evaluation. */
function evaluatedRules(manager: AlertManager) {
  const statuses = new Map(manager.statuses.map((status) => [status.rule, status]))
  return manager.rules.map((rule) => ({ ...rule, ...statuses.get(rule.name) }))
}

function* alertsJson(manager: AlertManager, notifications: NotificationSource): Generator<string> {
  const { transitions } = manager
  yield '{"alerts":'
  yield* jsonList(manager.alerts(), (alert) => ({ ...alert, silencedUntilMs: notifications.silencedUntilMs(alert) }))
  yield ',"rules":'
  yield* jsonList(evaluatedRules(manager))
  yield ',"transitions":'
  yield* jsonList(transitions)
  yield `,"notifications":${toJson(notifications.notifications)}}`
}

/** Yields every rule with its last evaluation, its state and the unit of its threshold. */
function* rulesJson(manager: AlertManager, runner: QueryRunner): Generator<string> {
  const units = unitReader(runner)
  yield '{"rules":'
  yield* jsonList(evaluatedRules(manager), (rule) => {
    const { pending, firing } = manager.counts(rule.name)
    const state = firing > 0 ? 'firing' : pending > 0 ? 'pending' : 'inactive'
    return { ...rule, state, alerts: pending + firing, unit: units(rule) }
  })
  yield '}'
}

function thresholds(rule: AlertRule): object {
  const direction = conditionDirection(rule)
  return {
    threshold: 'threshold' in rule ? rule.threshold : undefined,
    clearThreshold: rule.clearThreshold,
    direction: direction === 'absent' ? undefined : direction,
  }
}

/** Returns a function that returns the unit of what a rule compares, in UCUM; undefined if that of its metric is unknown. */
function unitReader({ history, registry }: QueryRunner): (rule: AlertRule) => string | undefined {
  const metrics = listMetrics(history, registry)
  return ({ condition, metric }) => {
    if (/^(ratio|share)_|^metric_absent$/.test(condition)) return '1'
    const unit = metrics.get(metric)?.definition?.unit
    return unit !== undefined && condition.startsWith('rate_') ? `${unit}/s` : unit
  }
}

/** Points of one piece of an answer. */
const pointsPerPiece = 500

function* valuesJson(head: object, series: readonly RuleSeries[]): Generator<string> {
  yield `${toJson(head).slice(0, -1)},"series":[`
  let separator = ''
  for (const { labels, points } of series) {
    yield `${separator}{"labels":${JSON.stringify(labels)},"points":[`
    separator = ','
    for (let index = 0; index < points.length; index += pointsPerPiece) {
      yield (index > 0 ? ',' : '') + toJson(points.slice(index, index + pointsPerPiece)).slice(1, -1)
    }
    yield ']}'
  }
  yield ']}'
}
