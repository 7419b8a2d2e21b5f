import { getRequestListener } from '@hono/node-server'
import type { MeterProvider as AnyMeterProvider } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry, sharedRegistry } from '@wombat/instrumentation'
import { collectProcessMemory, rejectReasons } from '@wombat/instrumentation/internal'
import { Alerting } from './alerting.ts'
import { defaultRules } from './alerts/default-rules.ts'
import { readRules } from './alerts/rule-file.ts'
import { measureOperationCost } from './collection/operation-cost.ts'
import { createResource } from './collection/resource.ts'
import { selfTimeParts } from './collection/self-time.ts'
import { SnapshotReader } from './collection/snapshot-reader.ts'
import type { OptionName } from './config/options.ts'
import { otlpSettings } from './config/otlp-settings.ts'
import { ConfigError, type MonitoringConfig, type ResolvedConfig, resolveConfig, sourceOf } from './config/resolve-config.ts'
import { createHealthMonitor } from './create-health-monitor.ts'
import { createNotifiers } from './create-notifiers.ts'
import { createRoutes } from './create-routes.ts'
import { startIntervalLog } from './exporters/interval-log.ts'
import { jsonMetrics } from './exporters/json.ts'
import { otlpReader } from './exporters/otlp.ts'
import { withMiddleware } from './http/middleware.ts'
import { type HttpServers, startServers } from './http/servers.ts'
import { defaultLogger, type Logger } from './logger.ts'
import type { Monitoring } from './monitoring.ts'
import { openDurableHistory } from './open-durable-history.ts'
import { OperationMonitor } from './operation-monitor.ts'

/** A configuration beside a MeterProvider that is yours: sending, and the resource, are that provider's. */
export interface AttachedConfig extends Omit<MonitoringConfig, 'otlp' | 'resource'> {
  /** The provider that `reader` belongs to (default: the global one). */
  readonly meterProvider?: AnyMeterProvider
}

/**
 * Starts everything: a MeterProvider of its own, which is not registered globally, its readers and the doors.
 *
 * @throws ConfigError when the configuration cannot be used; Error when a port cannot be listened on.
 */
export async function startMonitoring(config: MonitoringConfig = {}): Promise<Monitoring> {
  const resolved = resolveConfig(config)
  const otlp = otlpSettings(resolved)
  const logger = resolved.logger ?? defaultLogger(resolved.logLevel)
  const registry = new MetricsRegistry({ cardinalityLimit: resolved.cardinalityLimit, semconv: resolved.semconv })
  const reader = new SnapshotReader()
  const readers = otlp === undefined ? [reader] : [reader, otlpReader(registry, otlp, logger)]
  const startReaders = () => {
    const provider = new MeterProvider({ resource: createResource(resolved.resource ?? {}), readers })
    return () => provider.shutdown()
  }
  return run({ reader, registry, config: resolved, logger, startReaders })
}

/**
 * The same beside a MeterProvider or NodeSDK of yours, among whose readers `reader` is. Stores measured with this provider,
 * also by `instrument` alone, are seen; when it is closed they are measured as before.
 *
 * @throws ConfigError when the configuration cannot be used; Error when a port cannot be listened on, or when the provider's
 *   stores are monitored already.
 */
export async function createMonitoring(reader: SnapshotReader, config: AttachedConfig = {}): Promise<Monitoring> {
  const { meterProvider, ...rest } = config
  if ('otlp' in rest || 'resource' in rest) {
    throw new ConfigError(['otlp and resource belong to the MeterProvider that is yours: set them there'])
  }
  const resolved = resolveConfig(rest)
  // What stores of the provider use already is not changed by a default.
  const isSaid = (option: OptionName): boolean => sourceOf(option, rest) !== 'default'
  const registry = sharedRegistry(meterProvider, isSaid('semconv') ? resolved.semconv : undefined)
  if (isSaid('cardinalityLimit')) registry.cardinalityLimit = resolved.cardinalityLimit
  const logger = resolved.logger ?? defaultLogger(resolved.logLevel)
  return run({ reader, registry, config: resolved, logger, startReaders: () => async () => {} })
}

/** What a monitoring is made of. */
interface Parts {
  readonly reader: SnapshotReader
  readonly registry: MetricsRegistry
  readonly config: ResolvedConfig
  readonly logger: Logger
  /** Returns the way to stop them. */
  readonly startReaders: () => () => Promise<void>
}

async function run(parts: Parts): Promise<Monitoring> {
  const watching = new OperationMonitor(parts.registry, parts.config, parts.logger)
  try {
    return await runWatched(watching, parts)
  } catch (error) {
    watching.close()
    throw error
  }
}

/** The readers start when the doors are open: a port that is in use is said at once, and nothing was sent. */
async function runWatched(
  watching: OperationMonitor,
  { reader, registry, config, logger, startReaders }: Parts,
): Promise<Monitoring> {
  registry.warn = (message) => logger.warn({}, message)
  reader.follow(registry)
  showOwnNumbers(registry)
  const rules = config.alertRulesFile === undefined ? (config.alertRules ?? defaultRules) : await readRules(config.alertRulesFile)
  const durable = await openDurableHistory(config, registry, logger)
  const { metricsIntervalMs: intervalMs } = config
  const alerting = new Alerting({
    reader,
    registry,
    logger,
    rules,
    notifiers: createNotifiers(config, logger),
    intervalMs,
    durable,
  })
  const health = createHealthMonitor(config, registry, { alerting, watching, logger })
  const routes = createRoutes({ reader, registry, alerting, watching, health, config })
  const doors = await startServers(config, routes).catch((error: unknown) => {
    health.close()
    durable?.close()
    throw error
  })
  const forgetMemory = collectProcessMemory(registry)
  const stopReaders = startReaders()
  watching.start()
  alerting.start(config.enableAlerts ? config.alertEvaluationIntervalMs : undefined)
  health.start()
  const forgetStores = registry.stores.onAdded(() => health.refresh())
  const stopFinding = measureOperationCost((seconds) => registry.setGauge('wombat_monitor_operation_cost_seconds', seconds))
  const log = config.logMetricsEnabled ? startIntervalLog(reader, intervalMs, logger) : undefined
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    forgetStores()
    stopFinding()
    health.close()
    closing ??= inTime(shutDown(doors, alerting, log, stopReaders), config.closeTimeoutMs)
      .catch((error: Error) => logger.warn({ reason: error.message }, 'the last metrics may not have been sent'))
      .finally(() => {
        watching.close()
        forgetMemory()
      })
    return closing
  }
  const all = withMiddleware([routes.prometheus, routes.json], config.authToken, [routes.health])
  return {
    registry,
    addresses: doors.addresses,
    instrument: (store, { name } = {}) => instrument(store, { registry, ...(name !== undefined && { name }) }),
    alerts: () => alerting.manager.alerts(),
    reloadAlertRules: async () => {
      if (config.alertRulesFile !== undefined) alerting.manager.replaceRules(await readRules(config.alertRulesFile))
    },
    health: () => health.report(),
    healthMonitor: health,
    beginShutdown: () => health.beginShutdown(),
    slowOperations: () => watching.slow.records,
    errors: watching.errors,
    adjust: (changes) => watching.settings.adjust(changes),
    metrics: async () => jsonMetrics(await reader.take(), registry.semconv),
    snapshot: () => reader.take(),
    fetch: (request) => all.fetch(request),
    handler: getRequestListener(all.fetch, { overrideGlobalObjects: false }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What the monitor says of itself is there from the start. Stores that were measured before it may have filled metrics. */
function showOwnNumbers(registry: MetricsRegistry): void {
  for (const reason of rejectReasons) registry.counter('wombat_monitor_refused_values_total', { reason })
  for (const part of selfTimeParts) registry.counter('wombat_monitor_busy_seconds_total', { part })
  registry.counter('wombat_monitor_source_failures_total')
  registry.setGauge('wombat_monitor_overflowed_metrics', registry.gauge('wombat_monitor_overflowed_metrics').value ?? 0)
  registry.histogram('wombat_monitor_collection_duration_seconds')
}

/** Backwards: no more questions, the last line of the log, the last export; and meanwhile the last notifications. */
async function shutDown(
  doors: HttpServers,
  alerting: Alerting,
  log: { close(): Promise<void> } | undefined,
  stopReaders: () => Promise<void>,
): Promise<void> {
  await doors.close()
  const lastNumbers = async (): Promise<void> => {
    await log?.close()
    await stopReaders()
  }
  await Promise.all([alerting.close(), lastNumbers()])
}

/** The work, as long as it takes no longer than this; afterwards it goes on, and nobody waits. @throws Error */
async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`closing took longer than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}
