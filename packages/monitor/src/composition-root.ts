import { type InstrumentOptions, instrument, type MetricsRegistry } from '@wombat/instrumentation'
import { collectProcessMemory, storeOptionNames, validateOptions } from '@wombat/instrumentation/internal'
import { defaultRuleNames, defaultRules, withRunbookBase } from './alerts/default-rules.ts'
import { createNotifiers } from './alerts/notifiers/create-notifiers.ts'
import type { Notifier } from './alerts/notifiers/notifier.ts'
import { resolveRules } from './alerts/resolve-rules.ts'
import type { AlertRule } from './alerts/rule.ts'
import { AlertScheduler } from './alerts/scheduler.ts'
import { measureOperationCost } from './collection/operation-cost.ts'
import type { Reader } from './collection/registry-reader.ts'
import { createSelfMetrics } from './collection/self-metrics.ts'
import type { Snapshot } from './collection/snapshot.ts'
import { type Component, ComponentList, createSubscription } from './component.ts'
import type { ComponentOptions } from './config/component-options.ts'
import { ConfigError } from './config/errors.ts'
import type { OptionName } from './config/options.ts'
import { RuntimeSettings } from './config/runtime-settings.ts'
import { jsonMetrics } from './exporters/json.ts'
import { IntervalLog } from './exporters/log.ts'
import { RecentHistograms } from './exporters/recent-histograms.ts'
import { createHealthMonitor } from './health/create-health-monitor.ts'
import { HistoryRecorder } from './history/recorder.ts'
import type { DurableHistory } from './history/sqlite/durable-history.ts'
import type { RouteGroups } from './http/app.ts'
import { FirstRequest } from './http/first-request.ts'
import { HttpServers } from './http/servers.ts'
import type { Logger } from './logger.ts'
import type { Monitoring, StoreOptions } from './monitoring.ts'
import { OperationMonitor } from './operations/operation-monitor.ts'
import type { Clock } from './time/clock.ts'
import { ClockSteps } from './time/clock-steps.ts'

/** What differs between a monitoring with its own MeterProvider and one beside the application's. */
export interface MonitoringParts {
  readonly reader: Reader
  readonly registry: MetricsRegistry
  readonly options: ComponentOptions
  readonly logger: Logger
  readonly clock: Clock
  /** The options that someone chose: if the port of one is in use, that is an error. */
  readonly chosenOptions: ReadonlySet<OptionName>
  /** Replaces the registry's own limit of series per metric; undefined leaves it. */
  readonly cardinalityLimit?: number
  /** Gives up the registry when everything else is closed; left out if the registry was not claimed. */
  readonly registryClaim?: Component
  /** The MeterProvider that `reader` belongs to; left out if it is the application's. */
  readonly meterProvider?: Component
}

/**
 * Creates the components of a monitoring and starts them. If one fails to start, all are closed, last to first.
 *
 * @throws the error of the component that failed.
 */
export async function runMonitoring(parts: MonitoringParts): Promise<Monitoring> {
  const components = new ComponentList()
  if (parts.registryClaim !== undefined) components.add(parts.registryClaim)
  try {
    return await compose(components, parts)
  } catch (error) {
    await components.close(parts.options.closeTimeoutMs)
    throw error
  }
}

/**
 * Components start in the order in which they are added, and close in the reverse order. Servers start before anything is
 * exported, so that a port in use is reported before the first export; so they also answer until the last export. Alerts close before
 * the last export, which contains the counts of their last notifications.
 */
async function compose(components: ComponentList, parts: MonitoringParts): Promise<Monitoring> {
  const { reader, registry, options, logger, clock, chosenOptions, cardinalityLimit, meterProvider } = parts
  const { rulesFile, runbookBaseUrl } = options.alerts
  const readRulesFile = async (path: string): Promise<AlertRule[]> => {
    const { readRules } = await import('./alerts/rule-file.ts')
    return withRunbookBase(await readRules(path), runbookBaseUrl)
  }
  const rules =
    rulesFile === undefined
      ? withRunbookBase(resolveRules(options.alerts.rules ?? defaultRules, 'alertRules'), runbookBaseUrl)
      : await readRulesFile(rulesFile)
  if (options.alerts.evaluationIntervalMs !== undefined) reportReplacedRules(rules, logger)

  const operations = components.add(new OperationMonitor({ registry, logger, clock, ...options.operations }))
  const { slowLog, errors } = operations
  components.add(registrySettings(registry, logger, cardinalityLimit))
  components.add(createSelfMetrics(registry))
  const settings = components.add(new RuntimeSettings({ registry, slowLog, ...options.runtime }))
  components.add(createSubscription(() => reader.follow(registry, clock)))
  const durable = await openDurableHistory(options.durableHistory, registry, logger)
  if (durable !== undefined) components.add(durable)

  const recent = new RecentHistograms()
  const onSample = (snapshot: Snapshot): void => recent.record(snapshot)
  const recorder = new HistoryRecorder({ reader, registry, logger, clock, durable, onSample, ...options.history })
  const { history } = recorder
  const alerts = new AlertScheduler({
    registry,
    logger,
    clock,
    rules,
    notifiers: await validNotifiers(options.notifiers, logger),
    history,
    historyReady: () => recorder.restored,
    evaluationIntervalMs: options.alerts.evaluationIntervalMs,
    storage: durable,
    // The last export needs time, too.
    closeTimeoutMs: Math.min(2000, options.closeTimeoutMs / 2),
  })
  const { process } = operations
  const health = createHealthMonitor({
    registry,
    logger,
    clock,
    history,
    process,
    sample: () => recorder.sample(),
    ...options.health,
  })
  const shifts = [history, durable, alerts, health].map((part) => (deltaMs: number) => part?.shift(deltaMs))
  components.add(new ClockSteps({ clock, registry, logger, shifts }))
  const { authToken } = options.http
  let routes: Promise<Required<RouteGroups>> | undefined
  const loadRoutes = (): Promise<Required<RouteGroups>> => {
    const { manager } = alerts
    const dependencies = { reader, registry, alerts: manager, history, slowLog, errors, health, clock, recent, authToken }
    routes ??= import('./http/app.ts').then(({ createRoutes }) => createRoutes(dependencies))
    return routes
  }
  const servers = components.add(new HttpServers({ ...options.http, chosenOptions, logger }, loadRoutes))
  components.add(createSubscription(() => collectProcessMemory(registry)))
  if (meterProvider !== undefined) components.add(meterProvider)
  components.add(recorder)
  if (options.log.enabled) components.add(new IntervalLog({ reader, logger, intervalMs: options.log.intervalMs }))
  const publishCost = (seconds: number): void => registry.setGauge('wombat_monitor_operation_cost_seconds', seconds)
  components.add(createSubscription(() => measureOperationCost(publishCost)))
  components.add(alerts)
  components.add(health)
  components.add(createSubscription(() => registry.stores.onAdded(() => health.refresh())))
  await components.start()
  const { addresses } = servers
  if (Object.keys(addresses).length > 0) logger.info({ ...addresses }, 'monitoring started')

  const app = new FirstRequest(async () => {
    const [{ prometheus, json, health }, { withMiddleware }] = await Promise.all([loadRoutes(), import('./http/middleware.ts')])
    return withMiddleware([prometheus, json], authToken, [health])
  }, logger)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    // The servers answer until the last metrics are exported: probes must see that the process is not ready.
    health.beginShutdown()
    closing ??= closeAll(components, options.closeTimeoutMs, logger)
    return closing
  }
  return {
    registry,
    addresses,
    instrument: (store, instrumentOptions = {}) => instrument(store, withRegistry(instrumentOptions, registry)),
    alerts: () => alerts.manager.alerts(),
    reloadAlertRules: async () => {
      if (rulesFile !== undefined) alerts.manager.replaceRules(await readRulesFile(rulesFile))
    },
    health: () => health.report(),
    healthMonitor: health,
    beginShutdown: () => health.beginShutdown(),
    slowOperations: () => slowLog.records,
    errors,
    adjust: (changes) => settings.adjust(changes),
    metrics: async () => jsonMetrics(await reader.take(), registry.semconv, recent),
    snapshot: () => reader.take(),
    fetch: (request) => app.fetch(request),
    handler: app.handler(false),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws TypeError if the options are not those of a store, or choose another registry than that of the monitoring. */
function withRegistry(options: StoreOptions, registry: MetricsRegistry): InstrumentOptions {
  validateOptions(options, {
    call: 'monitoring.instrument()',
    names: storeOptionNames,
    example: "{ name: 'orders' }",
  })
  return { ...options, registry }
}

async function closeAll(components: ComponentList, timeoutMs: number, logger: Logger): Promise<void> {
  for (const { message } of await components.close(timeoutMs)) {
    logger.warn({ reason: message }, 'the last metrics may not have been sent')
  }
}

/** Sends the registry's warnings to the logger and sets its limit; restores both, unless the application changed them since. */
function registrySettings(registry: MetricsRegistry, logger: Logger, cardinalityLimit = registry.cardinalityLimit): Component {
  const { warn: previousWarn, cardinalityLimit: previousLimit } = registry
  const warn = (message: string): void => logger.warn({}, message)
  return {
    start: () => {
      registry.warn = warn
      registry.cardinalityLimit = cardinalityLimit
    },
    close: () => {
      if (registry.warn === warn) registry.warn = previousWarn
      if (registry.cardinalityLimit === cardinalityLimit) registry.cardinalityLimit = previousLimit
    },
  }
}

/** Rules of one's own replace the default ones, unless they extend them. */
function reportReplacedRules(rules: readonly AlertRule[], logger: Logger): void {
  if (rules.some(({ name }) => defaultRuleNames.has(name))) return
  const fields = { rules: rules.length, defaultRules: defaultRules.length }
  logger.info(fields, 'the alert rules replace the default rules: add extends: default to keep those')
}

/** @throws ConfigError if a notifier cannot work. */
async function validNotifiers(options: ComponentOptions['notifiers'], logger: Logger): Promise<Notifier[]> {
  try {
    return await createNotifiers(options, logger)
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)])
  }
}

/** Opens the history on disk; returns undefined if none is configured. @throws ConfigError if the file cannot be used. */
async function openDurableHistory(
  { path, ...limits }: ComponentOptions['durableHistory'],
  registry: MetricsRegistry,
  logger: Logger,
): Promise<DurableHistory | undefined> {
  if (path === undefined) return undefined
  registry.counter('wombat_monitor_history_failures_total')
  const onFailure = (): void => registry.incrementCounter('wombat_monitor_history_failures_total')
  try {
    const { DurableHistory } = await import('./history/sqlite/durable-history.ts')
    return await DurableHistory.open({ path, ...limits, logger, onFailure })
  } catch (error) {
    throw new ConfigError([`historyPath: ${error instanceof Error ? error.message : String(error)}`])
  }
}
