import type { MetricsRegistry } from '@wombat/instrumentation'
import { Hono, type MiddlewareHandler } from 'hono'
import type { AlertManager } from '../alerts/manager.ts'
import type { Reader } from '../collection/registry-reader.ts'
import type { EventLog } from '../events/event-log.ts'
import type { RecentHistograms } from '../exporters/recent-histograms.ts'
import type { ExemplarHistory } from '../history/exemplar-history.ts'
import type { SearchableHistory } from '../history/history.ts'
import type { Logger } from '../logger.ts'
import type { OperationSource } from '../operations/operation-answers.ts'
import type { Clock } from '../time/clock.ts'
import type { Access } from './access.ts'
import { auditChanges } from './audit.ts'
import type { Authentication } from './authentication.ts'
import type { EventStreams } from './event-streams.ts'
import { RequestLimits } from './limits/request-limits.ts'
import { RequestsInFlight } from './limits/requests-in-flight.ts'
import { QueryRunner } from './query-runner.ts'
import { alertRoutes, type NotificationSource } from './routes/alerts.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { type ConfigRoutesOptions, configRoutes } from './routes/config.ts'
import { consoleRoutes } from './routes/console.ts'
import { eventRoutes } from './routes/events.ts'
import { type HealthRunner, healthDetailRoutes } from './routes/health/details.ts'
import { healthRoutes } from './routes/health.ts'
import { heatmapRoutes } from './routes/heatmap.ts'
import { jsonRoutes, prometheusRoutes } from './routes/metrics.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { operationRoutes } from './routes/operations.ts'
import { queryRoutes, runbookRoutes } from './routes/query.ts'
import { type ServiceInfo, sessionRoutes } from './routes/session.ts'
import { storeRoutes } from './routes/stores.ts'
import { type WorkerSource, workerRoutes } from './routes/workers.ts'

export interface RouteDependencies {
  readonly reader: Reader
  readonly registry: MetricsRegistry
  readonly alerts: AlertManager
  readonly notifications: NotificationSource
  readonly history: SearchableHistory
  readonly operations: OperationSource
  readonly workers: WorkerSource
  readonly events: EventLog
  readonly streams: EventStreams
  readonly health: HealthRunner
  readonly config: Pick<ConfigRoutesOptions, 'explained' | 'settings'>
  readonly clock: Clock
  /** The histograms of the last interval. */
  readonly recent: RecentHistograms
  readonly exemplars: ExemplarHistory
  readonly authentication: Authentication
  /** What requests may cost (default: the defaults of the options). */
  readonly limits?: RequestLimits
  readonly consoleEnabled: boolean
  readonly nativeHistograms: boolean
  readonly logger: Logger
  /** Returns when the monitoring started, in Unix time in milliseconds. */
  readonly startedAtMs: () => number
}

/** The endpoints, by the server that serves them. */
export interface RouteGroups {
  readonly prometheus: Hono
  readonly json: Hono
  /** Served beside `json`, without a token. */
  readonly publicJson?: Hono
  /** Served by every server, without a token. */
  readonly health?: Hono
  /** Decides who may ask the others. */
  readonly authentication: Authentication
  /** Comes before the checks of changes, and records what became of them. */
  readonly audit?: MiddlewareHandler<Access>
  /** Limits how many requests are answered at the same time, by all servers. */
  readonly requests?: RequestsInFlight
}

/** Creates all HTTP endpoints. */
export function createRoutes(dependencies: RouteDependencies): Required<RouteGroups> {
  const { reader, registry, alerts, history, operations, workers, events, streams, health, config, clock, recent } = dependencies
  const { exemplars, notifications, authentication, consoleEnabled, nativeHistograms, logger, startedAtMs } = dependencies
  const { limits = new RequestLimits({ registry }) } = dependencies
  const queries = new QueryRunner(history, registry, () => clock.nowMs(), limits)
  const json = new Hono()
    .route('/', jsonRoutes(reader, registry, recent))
    .route('/', alertRoutes({ alerts, notifications, runner: queries }))
    .route('/', runbookRoutes())
    .route('/', storeRoutes({ runner: queries, alerts, health }))
    .route('/', queryRoutes(queries))
    .route('/', heatmapRoutes(queries, exemplars))
    .route('/', catalogRoutes(queries))
    .route('/', operationRoutes(operations, registry, queries.now))
    .route('/', workerRoutes(workers))
    .route('/', healthDetailRoutes(health, registry, authentication))
    .route('/', configRoutes({ ...config, logger }))
    .route(
      '/',
      eventRoutes({
        events,
        registry,
        streams,
        isAllowed: (context) => authentication.isSignedIn(context),
        now: () => clock.nowMs(),
      }),
    )
    .route('/', openApiRoutes())
  return {
    prometheus: prometheusRoutes(reader, registry, { nativeHistograms }),
    json,
    publicJson: new Hono()
      .route('/', sessionRoutes(authentication, { service: serviceReader(reader), startedAtMs }))
      .route('/', consoleRoutes({ isEnabled: consoleEnabled, logger })),
    health: healthRoutes(health, { authentication }),
    authentication,
    audit: auditChanges({ authentication, logger, events, registry }),
    requests: new RequestsInFlight(limits),
  }
}

/** Returns a function that reads the service from the resource of the metrics, once. */
function serviceReader(reader: Reader): ServiceInfo['service'] {
  const read: ServiceInfo['service'] = async () => {
    const { 'service.name': name, 'service.version': version } = (await reader.take()).resourceMetrics.resource.attributes
    return {
      // What OpenTelemetry calls a service without a name.
      ...(typeof name === 'string' && !name.startsWith('unknown_service') && { name }),
      ...(typeof version === 'string' && { version }),
    }
  }
  let service: ReturnType<ServiceInfo['service']> | undefined
  return () => {
    service ??= read().catch(() => {
      service = undefined
      return {}
    })
    return service
  }
}
