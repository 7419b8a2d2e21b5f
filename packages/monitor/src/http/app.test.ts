import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { AlertScheduler } from '../alerts/scheduler.ts'
import { RegistryReader } from '../collection/registry-reader.ts'
import { EventLog } from '../events/event-log.ts'
import { RecentHistograms } from '../exporters/recent-histograms.ts'
import { HealthMonitor } from '../health/monitor.ts'
import { ExemplarHistory } from '../history/exemplar-history.ts'
import { TimeSeries } from '../history/memory/time-series.ts'
import { OperationMonitor } from '../operations/operation-monitor.ts'
import { GroupOperations } from '../processes/group-operations.ts'
import { SystemClock } from '../time/clock.ts'
import { createRoutes } from './app.ts'
import { Authentication } from './authentication.ts'
import { EventStreams } from './event-streams.ts'
import { openApiDocument } from './openapi/openapi.ts'

test('every route is in the OpenAPI description, and every described path is a route', () => {
  const registry = new MetricsRegistry()
  const clock = new SystemClock()
  const history = new TimeSeries()
  const operations = new OperationMonitor({
    registry,
    logger: collectingLogger(),
    slowThresholdMs: 1000,
    isSlowThresholdAdaptive: false,
    maxErrors: 100,
    redactError: undefined,
  })
  const events = new EventLog({ clock, registry })
  const health = new HealthMonitor({ intervalMs: 1000, timeoutMs: 1000 })
  onTestFinished(() => {
    operations.close()
    health.close()
  })
  const { slowLog, errors } = operations
  const alerts = new AlertScheduler({
    registry,
    logger: collectingLogger(),
    clock,
    rules: [],
    notifiers: [],
    history,
    historyReady: async () => {},
    evaluationIntervalMs: undefined,
    storage: undefined,
  })
  const {
    prometheus,
    json,
    publicJson,
    health: healthApp,
  } = createRoutes({
    reader: new RegistryReader({ attributes: {}, fromEnvironment: {} }),
    registry,
    alerts: alerts.manager,
    notifications: alerts,
    history,
    operations: new GroupOperations({ slowLog, errors, now: Date.now, others: () => [], ownWorker: () => undefined }),
    workers: { workers: () => [] },
    events,
    streams: new EventStreams({ events, registry }),
    health,
    clock,
    recent: new RecentHistograms(),
    exemplars: new ExemplarHistory(),
    config: { explained: [], settings: { list: () => [], adjust: async () => [] } },
    authentication: new Authentication(),
    startedAtMs: Date.now,
    consoleEnabled: false,
    nativeHistograms: true,
    logger: collectingLogger(),
  })
  // The files of the console are for browsers.
  const publicRoutes = publicJson.routes.filter(({ path }) => path.startsWith('/api/'))
  const routes = [...[prometheus, json, healthApp].flatMap((app) => app.routes), ...publicRoutes].filter(
    ({ method }) => method !== 'ALL',
  )
  const described = Object.entries(openApiDocument.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort())
})
