import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { MeterProvider as AnyMeterProvider } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry, refusals, sharedRegistry, watchProcessMemory } from '@wombat/instrumentation'
import { Hono } from 'hono'
import { Alerting } from './alerting.ts'
import { defaultRules } from './alerts/default-rules.ts'
import type { Alert } from './alerts/manager.ts'
import { readRules } from './alerts/rule-file.ts'
import { ConfigError, type MonitoringConfig, type ResolvedConfig, resolveConfig, sourceOf } from './config.ts'
import type { OptionName } from './config-options.ts'
import { type Addresses, type Doors, openDoors } from './doors.ts'
import { startIntervalLog } from './exporters/interval-log.ts'
import { type JsonMetric, jsonMetrics } from './exporters/json.ts'
import { otlpReader } from './exporters/otlp.ts'
import { DurableHistory } from './history/durable-history.ts'
import { alertRoutes } from './http/alert-routes.ts'
import { guarded } from './http/guard.ts'
import { queryRoutes } from './http/query-routes.ts'
import { jsonRoutes, prometheusRoutes } from './http/routes.ts'
import { defaultLogger, type Logger } from './logger.ts'
import { notifiersOf } from './notifiers-of.ts'
import { otlpSettings } from './otlp-settings.ts'
import { resourceOf } from './resource.ts'
import type { Snapshot } from './snapshot.ts'
import { SnapshotReader } from './snapshot-reader.ts'

/** Monitoring that runs. Close it when the process ends: the last interval is sent then. */
export interface Monitoring extends AsyncDisposable {
  /** The numbers; record your own here. */
  readonly registry: MetricsRegistry
  readonly addresses: Addresses
  /** Measures the store from now on and gives back the very same store. @throws TypeError as `instrument` does. */
  instrument<Store extends object>(store: Store, options?: { readonly name?: string }): Store
  /** All metrics as they are now, in the seed's shape: what `/api/v1/metrics` answers. */
  metrics(): Promise<JsonMetric[]>
  /** The alerts that are pending or firing and, for a quarter of an hour, those that were resolved. */
  alerts(): Alert[]
  /** Reads `alertRulesFile` again. What lives goes on. @throws RuleError, and the rules stay as they were. */
  reloadAlertRules(): Promise<void>
  /** All metrics as they are now, in full resolution. */
  snapshot(): Promise<Snapshot>
  /** All doors as one fetch handler, for a server that is there already. */
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** All doors as one Node handler, for a server that is there already. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Sends what is pending, closes the doors and stops every timer, within `closeTimeoutMs`. Never rejects; a second call waits for the first. */
  close(): Promise<void>
}

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
  const registry = new MetricsRegistry({ limit: resolved.cardinalityLimit, semconv: resolved.semconv })
  const reader = new SnapshotReader()
  const readers = otlp === undefined ? [reader] : [reader, otlpReader(registry, otlp, logger)]
  return run(reader, registry, resolved, logger, () => {
    const provider = new MeterProvider({ resource: resourceOf(resolved.resource ?? {}), readers })
    return () => provider.shutdown()
  })
}

/**
 * The same beside a MeterProvider or NodeSDK of yours, among whose readers `reader` is. Stores measured with this provider,
 * also by `instrument` alone, are seen.
 *
 * @throws ConfigError when the configuration cannot be used; Error when a port cannot be listened on.
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
  if (isSaid('cardinalityLimit')) registry.limit = resolved.cardinalityLimit
  return run(reader, registry, resolved, resolved.logger ?? defaultLogger(resolved.logLevel), () => async () => {})
}

/** The readers start when the doors are open: a port that is in use is said at once, and nothing was sent. */
async function run(
  reader: SnapshotReader,
  registry: MetricsRegistry,
  config: ResolvedConfig,
  logger: Logger,
  startReaders: () => () => Promise<void>,
): Promise<Monitoring> {
  const { semconv } = registry
  registry.enabled = config.enableMetrics
  registry.warn = (message) => logger.warn({}, message)
  reader.follow(registry)
  for (const reason of refusals) registry.counter('wombat_monitor_refused_values_total', { reason })
  registry.histogram('wombat_monitor_collection_duration_seconds')
  const rules = config.alertRulesFile === undefined ? (config.alertRules ?? defaultRules) : await readRules(config.alertRulesFile)
  const durable = await durableHistoryOf(config, registry, logger)
  const alerting = new Alerting({
    reader,
    registry,
    logger,
    rules,
    notifiers: notifiersOf(config, logger),
    intervalMs: config.metricsIntervalMs,
    durable,
  })
  const json = new Hono()
    .route('/', jsonRoutes(reader, registry))
    .route('/', alertRoutes(alerting.manager))
    .route('/', queryRoutes(alerting.history, Date.now))
  const routes = { prometheus: prometheusRoutes(reader, registry), json }
  const all = guarded([routes.prometheus, routes.json], config.authToken)
  const doors = await openDoors(config, routes).catch((error: unknown) => {
    durable?.close()
    throw error
  })
  const forgetMemory = watchProcessMemory(registry)
  const stopReaders = startReaders()
  alerting.start(config.enableAlerts ? config.alertEvaluationIntervalMs : undefined)
  const log = config.logMetricsEnabled ? startIntervalLog(reader, config.metricsIntervalMs, logger) : undefined
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= inTime(shutDown(doors, alerting, log, stopReaders), config.closeTimeoutMs)
      .catch((error: Error) => logger.warn({ reason: error.message }, 'the last metrics may not have been sent'))
      .finally(forgetMemory)
    return closing
  }
  return {
    registry,
    addresses: doors.addresses,
    instrument: (store, { name } = {}) => instrument(store, { registry, ...(name !== undefined && { name }) }),
    alerts: () => alerting.manager.alerts(),
    reloadAlertRules: async () => {
      if (config.alertRulesFile !== undefined) alerting.manager.replaceRules(await readRules(config.alertRulesFile))
    },
    metrics: async () => jsonMetrics(await reader.take(), semconv),
    snapshot: () => reader.take(),
    fetch: (request) => all.fetch(request),
    handler: getRequestListener(all.fetch, { overrideGlobalObjects: false }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws ConfigError where the file cannot be used. */
async function durableHistoryOf(config: ResolvedConfig, registry: MetricsRegistry, logger: Logger) {
  const { historyPath: path, historyRetentionMs: retentionMs, historyMaxBytes: maxBytes } = config
  if (path === undefined) return undefined
  registry.counter('wombat_monitor_history_failures_total')
  const failed = (): void => registry.incrementCounter('wombat_monitor_history_failures_total')
  try {
    return await DurableHistory.open({ path, retentionMs, maxBytes, logger, failed })
  } catch (error) {
    throw new ConfigError([`historyPath: ${error instanceof Error ? error.message : String(error)}`])
  }
}

/** Backwards: no more questions, the last line of the log, the last export; and meanwhile the last notifications. */
async function shutDown(
  doors: Doors,
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
