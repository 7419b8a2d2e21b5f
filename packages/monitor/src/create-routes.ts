import type { MetricsRegistry } from '@wombat/instrumentation'
import { Hono } from 'hono'
import type { Alerting } from './alerting.ts'
import type { SnapshotReader } from './collection/snapshot-reader.ts'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { HealthMonitor } from './health/monitor.ts'
import { alertRoutes } from './http/routes/alert-routes.ts'
import { healthRoutes } from './http/routes/health/health-routes.ts'
import { jsonRoutes, prometheusRoutes } from './http/routes/metrics-routes.ts'
import { operationRoutes } from './http/routes/operation-routes.ts'
import { queryRoutes } from './http/routes/query/query-routes.ts'
import type { OperationMonitor } from './operation-monitor.ts'

interface RouteDependencies {
  readonly reader: SnapshotReader
  readonly registry: MetricsRegistry
  readonly alerting: Alerting
  readonly watching: OperationMonitor
  readonly health: HealthMonitor
  readonly config: ResolvedConfig
}

/** Everything that can be asked over HTTP, by the door it is behind. */
export function createRoutes({ reader, registry, alerting, watching, health, config }: RouteDependencies) {
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
