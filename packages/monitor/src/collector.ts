import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Hono } from 'hono'
import type { Notifier } from './alerts/notifiers/notifier.ts'
import type { AlertRule } from './alerts/rule.ts'
import { AlertScheduler, type AlertStorage } from './alerts/scheduler.ts'
import { DroppedPointsLog } from './collection/prometheus-metrics.ts'
import type { Reader } from './collection/registry-reader.ts'
import { createScrapeCounters } from './collection/self-metrics.ts'
import { type Component, ComponentList, once } from './component.ts'
import type { ComponentOptions } from './config/component-options.ts'
import { ConfigError } from './config/errors.ts'
import type { OptionName } from './config/options.ts'
import { auditResults } from './events/event.ts'
import type { EventLog } from './events/event-log.ts'
import { EventStorage } from './events/event-storage.ts'
import { IntervalLog } from './exporters/log.ts'
import { RecentHistograms } from './exporters/recent-histograms.ts'
import { ExemplarHistory } from './history/exemplar-history.ts'
import { HistoryRecorder } from './history/recorder.ts'
import type { DurableHistory } from './history/sqlite/durable-history.ts'
import type { Authentication } from './http/authentication.ts'
import { isAuthenticationRequired } from './http/credential-options.ts'
import { EventStreams } from './http/event-streams.ts'
import type { ConnectionLimits } from './http/limits/connections.ts'
import { createRefusalCounters } from './http/limits/request-limits.ts'
import type { ConfigRoutesOptions } from './http/routes/config.ts'
import type { HealthRunner } from './http/routes/health/details.ts'
import type { WorkerSource } from './http/routes/workers.ts'
import { HttpServers, loadEndpoints } from './http/servers.ts'
import type { Logger } from './logger.ts'
import type { OperationSource } from './operations/operation-answers.ts'
import type { CollectorRole } from './processes/process-group.ts'
import type { Addresses, ForwardedRequest, ForwardedResponse } from './processes/protocol.ts'
import type { Clock } from './time/clock.ts'
import { errorMessage } from './validation/error-message.ts'

export interface CollectorOptions {
  readonly reader: Reader
  /** Where the monitor records what it does itself. */
  readonly registry: MetricsRegistry
  readonly options: ComponentOptions
  readonly logger: Logger
  readonly clock: Clock
  readonly chosenOptions: ReadonlySet<OptionName>
  readonly rules: readonly AlertRule[]
  readonly notifiers: readonly Notifier[]
  readonly health: HealthRunner
  readonly operations: OperationSource
  readonly workers: WorkerSource
  /** The options and the settings. */
  readonly config: Pick<ConfigRoutesOptions, 'explained' | 'settings'>
  /** Returns what decides who may see and change what: one for as long as the process lives, as it remembers which sessions have ended. */
  readonly loadAuthentication: () => Promise<Authentication>
  /** The timeline: what happened, of this process and of those that it collects from. */
  readonly events: EventLog
  /** Limits what requests cost. */
  readonly connections: ConnectionLimits
  /** Called with the recorder of each history. */
  readonly onRecorder: (recorder: HistoryRecorder) => void
}

/** How long the ports of the process that collected before may still be in use, in milliseconds. */
const takeoverMs = 5000

/**
 * Serves, evaluates and records the metrics of the whole: of this process, or of its group if this process collects for it. Another process
 * may take the role over, so that it can be started and stopped more than once.
 */
export class Collector implements CollectorRole {
  readonly #options: CollectorOptions
  #rules: readonly AlertRule[]
  #mayEvaluate = false
  #active: Active | undefined
  #durable: DurableHistory | undefined
  #unfollow: () => void = () => {}
  /** When the monitoring started, on the clock's monotonic time. */
  readonly #startedMs: number

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
    this.#rules = options.rules
  }

  #stopForgetting: () => void = () => {}
  /** The alerts, the history and the endpoints, while this process has the role. */
  get active(): Active | undefined {
    return this.#active
  }

  /** Evaluates and records from its start on, as soon as this process has the role: everything that it needs has started by then. */
  readonly evaluation: Component = {
    start: async () => {
      this.#mayEvaluate = true
      await this.#active?.evaluation.start()
    },
    // The servers still answer.
    close: async () => {
      this.#mayEvaluate = false
      await this.#active?.evaluation.close(this.#options.options.closeTimeoutMs)
    },
  }

  async start(registry: MetricsRegistry, storage: AlertStorage | undefined, isTakeover: boolean): Promise<Addresses> {
    try {
      return await this.#start(registry, storage, isTakeover)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #start(registry: MetricsRegistry, storage: AlertStorage | undefined, isTakeover: boolean): Promise<Addresses> {
    const { reader, options, logger, clock, notifiers, registry: own } = this.#options
    this.follow(registry)
    this.#durable ??= await openDurableHistory(this.#options)
    const durable = this.#durable
    const { events } = this.#options
    const eventStorage = durable && new EventStorage({ events, storage: durable, logger })
    const streams = new EventStreams({ events, registry: own })
    const recent = new RecentHistograms()
    const exemplars = new ExemplarHistory()
    const recorder = new HistoryRecorder({
      reader,
      registry: own,
      logger,
      clock,
      durable,
      onHistogram: (metric, series, count) => {
        recent.add(metric, series, count)
        exemplars.add(metric, series)
      },
      onRecorded: (timeMs) => {
        recent.commit()
        streams.sendSample(timeMs)
      },
      ...options.history,
    })
    const alerts = new AlertScheduler({
      registry: own,
      logger,
      clock,
      rules: this.#rules,
      notifiers,
      history: recorder.history,
      historyReady: () => recorder.restored,
      evaluationIntervalMs: options.alerts.evaluationIntervalMs,
      storage: durable ?? storage,
      events,
      // The last export needs time, too.
      closeTimeoutMs: Math.min(2000, options.closeTimeoutMs / 2),
    })
    this.#options.onRecorder(recorder)
    this.#stopForgetting = own.onForget((store) => {
      alerts.manager.forget(store)
      exemplars.forget(store)
    })
    const { basePath, consoleEnabled, nativeHistograms, prometheusEnabled } = options.http
    const { loadAuthentication } = this.#options
    // The routes are loaded at the first request, but counters exist from the start.
    if (prometheusEnabled) {
      new DroppedPointsLog(own, 'prometheus')
      createScrapeCounters(own)
    }
    for (const result of auditResults) own.counter('wombat_monitor_changes_total', { result })
    if (isAuthenticationRequired(options.authentication)) own.counter('wombat_monitor_login_failures_total')
    createRefusalCounters(own)
    const { health, operations, workers, config, chosenOptions, connections } = this.#options
    const { history } = recorder
    const { manager } = alerts
    const dependencies = {
      reader,
      registry: own,
      alerts: manager,
      notifications: alerts,
      history,
      health,
      operations,
      workers,
      config,
      events,
      streams,
      clock,
      recent,
      exemplars,
      limits: connections.limits,
      consoleEnabled,
      nativeHistograms,
      logger,
      startedAtMs: () => Math.round(clock.nowMs() - clock.monotonicMs() + this.#startedMs),
    }
    const loadRoutes = once(async () => {
      const [{ createRoutes }, authentication] = await Promise.all([import('./http/app.ts'), loadAuthentication()])
      return createRoutes({ ...dependencies, authentication })
    })
    const servers = new HttpServers({ ...options.http, chosenOptions, logger, registry: own, connections }, loadRoutes)
    const loadApp = once(() => loadEndpoints(loadRoutes, ['prometheus', 'json'], { basePath, logger }))
    const evaluation = new ComponentList()
    if (eventStorage !== undefined) evaluation.add(eventStorage)
    evaluation.add(recorder)
    if (options.log.enabled)
      evaluation.add(new IntervalLog({ reader, registry: own, logger, intervalMs: options.log.intervalMs }))
    evaluation.add(alerts)
    await startServers(servers, isTakeover ? takeoverMs : 0)
    this.#active = { recorder, alerts, recent, loadApp, servers, streams, evaluation }
    if (this.#mayEvaluate) await evaluation.start()
    return servers.addresses
  }

  follow(registry: MetricsRegistry): void {
    const { reader, clock, registry: own } = this.#options
    this.#unfollow = reader.follow(registry, clock, own)
  }

  /** Reads no registry any more. */
  unfollow(): void {
    this.#unfollow()
  }

  async stop(): Promise<void> {
    const active = this.#active
    await active?.evaluation.close(this.#options.options.closeTimeoutMs)
    active?.streams.close()
    await active?.servers.close()
    await this.#durable?.close()
    this.#stopForgetting()
    this.#durable = undefined
    this.#active = undefined
  }

  async answer(request: ForwardedRequest): Promise<ForwardedResponse> {
    const load = this.#active?.loadApp
    if (load === undefined) throw new Error('this process does not serve the metrics any more')
    const [app, { answerForwarded }] = await Promise.all([load(), import('./http/forwarding-app.ts')])
    return answerForwarded(app, request)
  }

  /** Evaluates other rules from now on. Alerts of rules that remain keep their state. */
  replaceRules(rules: readonly AlertRule[]): void {
    this.#rules = rules
    this.#active?.alerts.manager.replaceRules(rules)
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#active?.recorder.history.shift(deltaMs)
    this.#durable?.shift(deltaMs)
    this.#active?.alerts.shift(deltaMs)
  }
}

interface Active {
  readonly recorder: HistoryRecorder
  readonly alerts: AlertScheduler
  readonly recent: RecentHistograms
  /** All endpoints, for a server of the application or another process. They are loaded at the first request. */
  readonly loadApp: () => Promise<Hono>
  readonly servers: HttpServers
  readonly streams: EventStreams
  readonly evaluation: ComponentList
}

/** Starts the servers; tries again for a while if their ports are in use. */
async function startServers(servers: HttpServers, patienceMs: number): Promise<void> {
  for (const startMs = performance.now(); ; ) {
    try {
      return await servers.start()
    } catch (error) {
      const isInUse = error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
      if (!isInUse || performance.now() - startMs >= patienceMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Opens the history on disk; returns undefined if none is configured. @throws ConfigError if the file cannot be used. */
async function openDurableHistory({ options, registry, logger }: CollectorOptions): Promise<DurableHistory | undefined> {
  const { path, ...limits } = options.durableHistory
  if (path === undefined) return undefined
  registry.counter('wombat_monitor_history_failures_total')
  registry.counter('wombat_monitor_history_damaged_parts_total')
  const onFailure = (): void => registry.incrementCounter('wombat_monitor_history_failures_total')
  const onDamage = (parts: number): void => registry.incrementCounter('wombat_monitor_history_damaged_parts_total', parts)
  try {
    const { DurableHistory } = await import('./history/sqlite/durable-history.ts')
    return await DurableHistory.open({ path, ...limits, logger, onFailure, onDamage })
  } catch (error) {
    throw new ConfigError([`historyPath: ${errorMessage(error)}`])
  }
}
