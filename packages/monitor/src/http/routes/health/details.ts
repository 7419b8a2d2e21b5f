import type { MetricsRegistry } from '@wombat/instrumentation'
import { type Context, Hono } from 'hono'
import { trackSelfTime } from '../../../collection/self-metrics.ts'
import type { HealthChange } from '../../../health/check.ts'
import type { Access } from '../../access.ts'
import type { Authentication } from '../../authentication.ts'
import type { HealthSource } from '../health.ts'
import { healthJson } from './json.ts'

/** Provides the changes of health, and runs the checks. */
export interface HealthRunner extends HealthSource {
  /** The last changes of this process, oldest first. */
  readonly changes: readonly HealthChange[]
  /** Runs all checks of this process. */
  runHealthChecks(): Promise<unknown>
}

/**
 * Creates `GET /api/v1/health`: the report with the last changes; and `POST /api/v1/health/run`, which runs all checks first. Requests
 * during a run share it. Who may not see details gets only a status, as from `/health`.
 */
export function healthDetailRoutes(source: HealthRunner, registry: MetricsRegistry, authentication: Authentication): Hono {
  let running: Promise<unknown> | undefined
  const respond = (context: Context<Access>): Response => trackSelfTime(registry, 'serving', () => describe(context))
  const describe = (context: Context<Access>): Response => {
    const report = source.report()
    if (!context.get('seesDetails')) return context.json({ status: report.status })
    const changes = source.changes.map(describeChange).reverse()
    return context.body(`${healthJson(report).slice(0, -1)},"changes":${JSON.stringify(changes)}}`, 200, {
      'content-type': 'application/json',
    })
  }
  const app = new Hono<Access>()
    .use('/api/v1/health/*', authentication.canSeeDetails)
    .get('/api/v1/health', respond)
    .post('/api/v1/health/run', async (context) => {
      running ??= source.runHealthChecks().finally(() => {
        running = undefined
      })
      await running
      return respond(context)
    })
  return app as unknown as Hono
}

function describeChange({ check: { name, store, message }, from, to, timeMs }: HealthChange): object {
  return { timeMs, name, ...(store !== undefined && { store }), from, to, message }
}
