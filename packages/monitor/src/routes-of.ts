import type { MetricsRegistry } from '@wombat/instrumentation'
import { Hono } from 'hono'
import type { Alerting } from './alerting.ts'
import type { ResolvedConfig } from './config.ts'
import type { HealthMonitor } from './health/monitor.ts'
import { alertRoutes } from './http/alert-routes.ts'
import { healthRoutes } from './http/health-routes.ts'
import { operationRoutes } from './http/operation-routes.ts'
import { queryRoutes } from './http/query-routes.ts'
import { jsonRoutes, prometheusRoutes } from './http/routes.ts'
import type { SnapshotReader } from './snapshot-reader.ts'
import type { Watching } from './watching.ts'

interface Rooms {
  readonly reader: SnapshotReader
  readonly registry: MetricsRegistry
  readonly alerting: Alerting
  readonly watching: Watching
  readonly health: HealthMonitor
  readonly config: ResolvedConfig
}

/** Everything that can be asked over HTTP, by the door it is behind. */
export function routesOf({ reader, registry, alerting, watching, health, config }: Rooms) {
  const json = new Hono()
    .route('/', jsonRoutes(reader, registry))
    .route('/', alertRoutes(alerting.manager))
    .route('/', queryRoutes(alerting.history, Date.now))
    .route('/', operationRoutes(watching.slow, watching.errors))
  return {
    prometheus: prometheusRoutes(reader, registry),
    json,
    health: healthRoutes(health, { authToken: config.authToken }),
  }
}
