import { type InstrumentOptions, instrument, type MetricsRegistry } from '@wombat/instrumentation'
import {
  collectProcessMemory,
  forgetReasons,
  storeOptionNames,
  threadProblem,
  validateOptions,
} from '@wombat/instrumentation/internal'
import { defaultRuleNames, defaultRules, withRunbookBase } from './alerts/default-rules.ts'
import { createNotifiers } from './alerts/notifiers/create-notifiers.ts'
import type { Notifier } from './alerts/notifiers/notifier.ts'
import { resolveRules } from './alerts/resolve-rules.ts'
import type { AlertRule } from './alerts/rule.ts'
import { measureOperationCost } from './collection/operation-cost.ts'
import type { Reader } from './collection/registry-reader.ts'
import { createSelfMetrics } from './collection/self-metrics.ts'
import { Collector } from './collector.ts'
import { type Component, ComponentList, createSubscription, settleWithin } from './component.ts'
import type { ComponentOptions } from './config/component-options.ts'
import { ConfigError } from './config/errors.ts'
import type { ExplainedConfigOption } from './config/explain.ts'
import type { OptionName } from './config/options.ts'
import { RuntimeSettings, type SettingChange } from './config/runtime-settings.ts'
import { annotate } from './events/annotate.ts'
import { recordClockSteps } from './events/clock-events.ts'
import { EventLog } from './events/event-log.ts'
import { recordStoreEvents } from './events/store-events.ts'
import { jsonMetrics } from './exporters/json.ts'
import type { HealthReport } from './health/check.ts'
import { createHealthMonitor } from './health/create-health-monitor.ts'
import { LocalHistory } from './history/local-history.ts'
import { FirstRequest, routeErrorLog } from './http/first-request.ts'
import { LazyAuthentication } from './http/lazy-authentication.ts'
import { ConnectionLimits } from './http/limits/connections.ts'
import { RequestLimits } from './http/limits/request-limits.ts'
import type { Logger } from './logger.ts'
import type { Monitoring, StoreOptions } from './monitoring.ts'
import { OperationMonitor } from './operations/operation-monitor.ts'
import { databaseFinder } from './processes/databases.ts'
import { mergeReports, workersSource } from './processes/group-health.ts'
import { GroupOperations } from './processes/group-operations.ts'
import { GroupSettings } from './processes/group-settings.ts'
import type { WorkerChange } from './processes/hub.ts'
import { recordStart, recordWorkerChange } from './processes/process-events.ts'
import { ProcessGroup } from './processes/process-group.ts'
import type { ForwardedRequest, WorkerState } from './processes/protocol.ts'
import { RegistrySource } from './processes/registry-source.ts'
import { ThreadHost } from './processes/threads.ts'
import type { Clock } from './time/clock.ts'
import { ClockSteps } from './time/clock-steps.ts'
import { errorMessage } from './validation/error-message.ts'

/** The export of the metrics. */
export interface MetricsExport extends Component {
  /** Whether there is something to export to. */
  readonly isRunning: boolean
  /** Exports what was recorded until now; resolves when the receiver has answered, or the export has failed. */
  flush(): Promise<void>
}

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
  /** Replaces the registry's own time for which the series of a store stay after it has ended; undefined leaves it. */
  readonly endedStoreRetentionMs?: number
  /** Gives up the registry when everything else is closed; left out if the registry was not claimed. */
  readonly registryClaim?: Component
  /**
   * Creates the export of the metrics; left out if it is the application's.
   *
   * @param whole the registry of this process with its threads, which is exported.
   * @param isThread returns whether the main thread exports the metrics of this thread.
   */
  readonly createExport?: (whole: RegistrySource, isThread: () => boolean) => MetricsExport
  /** What the monitoring of a worker thread starts with. */
  readonly threadConfig: object
  /** Every option with its value and its source. */
  readonly explained: readonly ExplainedConfigOption[]
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
  const { reader, registry, options, logger, clock, chosenOptions, createExport, threadConfig, explained } = parts
  const { rulesFile, runbookBaseUrl } = options.alerts
  const readRulesFile = async (path: string): Promise<AlertRule[]> => {
    const { readRules } = await import('./alerts/rule-file.ts')
    const problem = threadProblem()
    if (problem !== undefined)
      logger.warn(
        {},
        `a long rule file holds the event loop while it is read, because a thread would need a permission. ${problem}`,
      )
    return withRunbookBase(await readRules(path), runbookBaseUrl)
  }
  const rules =
    rulesFile === undefined
      ? withRunbookBase(resolveRules(options.alerts.rules ?? defaultRules, 'alertRules'), runbookBaseUrl)
      : await readRulesFile(rulesFile)
  if (options.alerts.evaluationIntervalMs !== undefined) reportReplacedRules(rules, logger)

  const events = new EventLog({
    clock,
    registry,
    findWorker: (thread) => group.ownWorker ?? thread ?? threads.ownWorker,
  })
  components.add(createSubscription(() => recordStoreEvents(events, registry, clock)))
  components.add(createSubscription(() => recordClockSteps(events, clock)))
  const operations = components.add(new OperationMonitor({ registry, logger, clock, events, ...options.operations }))
  const { slowLog, errors } = operations
  components.add(registrySettings(registry, logger, parts))
  components.add(createSelfMetrics(registry))
  const settings = components.add(new RuntimeSettings({ registry, slowLog, ...options.runtime }))
  const recordChanges = (changes: readonly SettingChange[]): void => {
    if (changes.length === 0) return
    events.add({ kind: 'settings', severity: 'info', title: 'Settings changed', details: { changes } })
  }
  components.add({ close: () => collector.unfollow() })

  const whole = new RegistrySource(registry)
  const local = components.add(new LocalHistory({ registry, logger, clock, ...options.history }))
  const workers = (): readonly WorkerState[] => [...group.workers, ...threads.workers]
  const health = createHealthMonitor({
    registry,
    logger,
    clock,
    history: local.history,
    process: operations.process,
    sample: () => local.sample(),
    sources: [workersSource(workers)],
    events,
    ...options.health,
  })
  const report = (): HealthReport => mergeReports(health.report(), [...group.health, ...threads.health], group.ownWorker)
  const groupOperations = new GroupOperations({
    slowLog,
    errors,
    now: () => clock.nowMs(),
    others: () => [group, threads],
    ownWorker: () => group.ownWorker,
  })
  const groupSettings = new GroupSettings({
    own: settings,
    onChange: recordChanges,
    others: () => [group, threads],
    otherWorkers: () =>
      workers().flatMap(({ worker, thread }) => (thread === undefined && worker === group.ownWorker ? [] : [worker])),
  })
  const authentication = components.add(new LazyAuthentication({ ...options.authentication, registry, clock, logger }))
  const limits = new RequestLimits({ ...options.limits, registry })
  const connections = new ConnectionLimits(limits)
  const collector = new Collector({
    reader,
    registry,
    options,
    logger,
    clock,
    chosenOptions,
    rules,
    notifiers: await validNotifiers(options.notifiers, logger),
    health: {
      report,
      liveness: () => health.liveness(),
      get changes() {
        return health.changes
      },
      runHealthChecks: () => health.runHealthChecks(),
    },
    operations: groupOperations,
    workers: { workers },
    config: { explained, settings: groupSettings },
    loadAuthentication: authentication.load,
    events,
    connections,
    onRecorder: (recorder) => local.follow(recorder),
  })
  const { group: groupOption, hasWorkerLabel } = options.processes
  const registryOptions = { semconv: registry.semconv, cardinalityLimit: options.registry.cardinalityLimit }
  const onWorkerChange = (change: WorkerChange): void => recordWorkerChange(events, change)
  const shared = { source: whole, registry, registryOptions, logger, clock, events, onWorkerChange }
  const group: ProcessGroup = components.add(
    new ProcessGroup({
      ...shared,
      option: groupOption,
      hasWorkerLabel,
      role: collector,
      databases: databaseFinder(registry),
      health: report,
      operations: groupOperations.answer,
      settings: groupSettings.answer,
      onGroup: () => {
        local.separate()
        // This process may have to serve a page at any moment.
        void reader.prepareResource?.().catch(() => {})
      },
    }),
  )
  const threads: ThreadHost = components.add(
    new ThreadHost({
      ...shared,
      hasWorkerLabel: hasWorkerLabel && groupOption === 'off',
      threadConfig,
      handlers: { http: (body) => group.forward(body as ForwardedRequest) },
      onFirstThread: () => local.separate(),
    }),
  )
  const shifts = [local, collector, health].map((part) => (deltaMs: number) => part.shift(deltaMs))
  components.add(new ClockSteps({ clock, registry, logger, shifts }))
  components.add(createSubscription(() => collectProcessMemory(registry)))
  const metricsExport = createExport?.(whole, () => group.isThread)
  if (metricsExport !== undefined) components.add(metricsExport)
  components.add(collector.evaluation)
  const publishCost = (seconds: number): void => {
    registry.setGauge('wombat_monitor_operation_cost_seconds', seconds)
    if (seconds > 0) registry.observer.budget.timedCostSeconds = seconds
  }
  components.add(createSubscription(() => measureOperationCost(publishCost)))
  components.add(health)
  components.add(createSubscription(() => registry.stores.onAdded(() => health.refresh())))
  await components.start()
  recordStart(events)

  const { addresses } = group
  if (group.isThread) logger.debug({}, 'monitoring started; the main thread serves the metrics of this thread')
  else if (group.isMember) logger.info({ ...addresses }, 'monitoring started; another process serves the metrics of this one')
  else if (Object.keys(addresses).length > 0) logger.info({ ...addresses }, 'monitoring started')

  const app = new FirstRequest(
    async () => {
      const [{ createForwardingApp }, loaded] = await Promise.all([import('./http/forwarding-app.ts'), authentication.load()])
      const { basePath, consoleEnabled } = options.http
      return createForwardingApp({
        loadOwn: () => collector.active?.loadApp(),
        forward: (request) => group.forward(request),
        authentication: loaded,
        limits,
        basePath,
        console: { isEnabled: consoleEnabled, logger },
        onError: routeErrorLog(logger),
      })
    },
    logger,
    connections,
  )
  const flush = async (): Promise<void> => {
    const flushing = Promise.allSettled([metricsExport?.flush(), group.flush()])
    await settleWithin(flushing, options.closeTimeoutMs)
  }
  let closing: Promise<void> | undefined
  // A process that has nothing left to do has not exported its last interval.
  const flushAtEnd = (): void => {
    if (closing === undefined) void flush()
  }
  if (metricsExport?.isRunning === true) process.once('beforeExit', flushAtEnd)
  const close = (): Promise<void> => {
    // The servers answer until the last metrics are exported: probes must see that the process is not ready.
    health.beginShutdown()
    process.off('beforeExit', flushAtEnd)
    closing ??= closeAll(components, options.closeTimeoutMs, logger)
    return closing
  }
  return {
    registry,
    get addresses() {
      return group.addresses
    },
    instrument: (store, instrumentOptions = {}) => instrument(store, withRegistry(instrumentOptions, registry)),
    alerts: () => collector.active?.alerts.manager.alerts() ?? [],
    reloadAlertRules: async () => {
      if (rulesFile === undefined) return
      const read = await readRulesFile(rulesFile)
      collector.replaceRules(read)
    },
    health: report,
    healthMonitor: health,
    flush,
    beginShutdown: () => health.beginShutdown(),
    slowOperations: () => slowLog.records,
    errors,
    workers,
    adjust: (changes) => recordChanges(settings.adjust(changes)),
    annotate: (title, annotationOptions) => annotate(events, clock, title, annotationOptions),
    metrics: async () => jsonMetrics(await reader.take(), registry.semconv, collector.active?.recent),
    snapshot: () => reader.take(),
    fetch: (request) => app.fetch(request),
    handler: app.handler({ isLoopbackOnly: false }),
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

/** Sends the registry's warnings to the logger and sets its limits; restores them, unless the application changed them since. */
function registrySettings(
  registry: MetricsRegistry,
  logger: Logger,
  {
    cardinalityLimit = registry.cardinalityLimit,
    endedStoreRetentionMs = registry.endedStoreRetentionMs,
  }: Pick<MonitoringParts, 'cardinalityLimit' | 'endedStoreRetentionMs'>,
): Component {
  const { warn: previousWarn, cardinalityLimit: previousLimit, endedStoreRetentionMs: previousRetentionMs } = registry
  const warn = (message: string): void => logger.warn({}, message)
  return {
    start: () => {
      registry.warn = warn
      registry.cardinalityLimit = cardinalityLimit
      registry.endedStoreRetentionMs = endedStoreRetentionMs
      for (const reason of forgetReasons) registry.counter('wombat_monitor_forgotten_stores_total', { reason })
    },
    close: () => {
      if (registry.warn === warn) registry.warn = previousWarn
      if (registry.cardinalityLimit === cardinalityLimit) registry.cardinalityLimit = previousLimit
      if (registry.endedStoreRetentionMs === endedStoreRetentionMs) registry.endedStoreRetentionMs = previousRetentionMs
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
    throw new ConfigError([errorMessage(error)])
  }
}
