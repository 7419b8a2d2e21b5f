import type { MetricsRegistry } from '@wombat/instrumentation'
import { AlertMetrics } from './alerts/alert-metrics.ts'
import { Dispatcher } from './alerts/dispatcher.ts'
import { AlertManager, type SavedAlerts } from './alerts/manager.ts'
import type { Notifier } from './alerts/notifiers/notifier.ts'
import type { AlertRule } from './alerts/rule.ts'
import { trackSelfTime } from './collection/self-time.ts'
import type { SnapshotReader } from './collection/snapshot-reader.ts'
import { TimeSeries } from './history/memory/time-series.ts'
import { samplesOf } from './history/series.ts'
import type { DurableHistory } from './history/sqlite/durable-history.ts'
import type { Logger } from './logger.ts'

export interface AlertingOptions {
  readonly reader: SnapshotReader
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly rules: readonly AlertRule[]
  readonly notifiers: readonly Notifier[]
  /** How often the metrics are remembered. */
  readonly intervalMs: number
  /** Where the history and the alerts outlive the process. Closed with everything else. */
  readonly durable: DurableHistory | undefined
}

/** Under which name the alerts are kept. */
const keptName = 'alerts'

/** How long the last notifications may take when everything closes. */
const closeDeadlineMs = 2000

/** Remembers the metrics every interval, judges the rules over what is remembered, and tells the notifiers. */
export class Alerting {
  readonly history: TimeSeries
  readonly manager: AlertManager
  readonly #options: AlertingOptions
  readonly #dispatcher: Dispatcher
  readonly #metrics: AlertMetrics
  readonly #timers: NodeJS.Timeout[] = []
  #evaluationIntervalMs: number | undefined
  #evaluatedMs: number | undefined
  #savedAlerts = ''
  #isClosed = false

  constructor(options: AlertingOptions) {
    const { registry, logger, rules, notifiers } = options
    this.#options = options
    this.history = new TimeSeries({ intervalMs: options.intervalMs })
    this.manager = new AlertManager(rules, this.history)
    this.#metrics = new AlertMetrics(registry)
    for (const notifier of notifiers) registry.counter('wombat_monitor_notifications_dropped_total', { notifier: notifier.name })
    const onDropped = (notifier: string): void =>
      registry.incrementCounter('wombat_monitor_notifications_dropped_total', 1, { notifier })
    this.#dispatcher = new Dispatcher(notifiers, logger, { onDropped })
  }

  /** Begins to remember and, where rules are to be judged at all, to judge; after what an earlier process left was read. */
  start(evaluationIntervalMs: number | undefined): void {
    const { durable } = this.#options
    if (evaluationIntervalMs !== undefined) for (const name of evaluationCounters) this.#options.registry.counter(name)
    if (durable === undefined) this.#begin(evaluationIntervalMs)
    else void this.#run(() => this.#resume(durable).finally(() => this.#begin(evaluationIntervalMs)))
  }

  /** Remembers the metrics as they are now. */
  async remember(): Promise<void> {
    const { points, timeMs } = await this.#options.reader.take()
    const { registry, durable } = this.#options
    trackSelfTime(registry, 'history', () => {
      const samples = points.flatMap(samplesOf)
      this.history.append(timeMs, samples)
      durable?.append(timeMs, samples)
    })
    registry.setGauge('wombat_monitor_history_bytes', this.history.bytes)
  }

  /** Judges the rules at this moment. */
  evaluate(nowMs: number): void {
    this.#countMissed(nowMs)
    trackSelfTime(this.#options.registry, 'alerts', () => this.#evaluate(nowMs))
  }

  #evaluate(nowMs: number): void {
    const { registry } = this.#options
    const startMs = performance.now()
    const transitions = this.manager.evaluate(nowMs)
    const alerts = this.manager.alerts()
    this.#metrics.publish(alerts)
    this.#save(nowMs)
    this.#dispatcher.notify(alerts, transitions, nowMs)
    const failed = this.manager.statuses.filter(({ error }) => error !== undefined).length
    registry.incrementCounter('wombat_monitor_alert_evaluations_total')
    registry.incrementCounter('wombat_monitor_alert_evaluation_failures_total', failed)
    registry.recordHistogram('wombat_monitor_alert_evaluation_duration_seconds', (performance.now() - startMs) / 1000)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#savedAlerts = ''
    this.#save(Date.now())
    this.#options.durable?.close()
    await this.#dispatcher.close(closeDeadlineMs)
  }

  #begin(evaluationIntervalMs: number | undefined): void {
    if (this.#isClosed) return
    this.#every(this.#options.intervalMs, () => this.remember())
    if (evaluationIntervalMs === undefined) return
    this.#evaluationIntervalMs = evaluationIntervalMs
    this.#every(evaluationIntervalMs, () => this.evaluate(Date.now()))
  }

  /** The process before this one is known to have lived until its last moment in the file, not only until its last alert. */
  async #resume(durable: DurableHistory): Promise<void> {
    const nowMs = Date.now()
    const text = durable.metadata(keptName)
    if (text !== undefined) {
      const saved = JSON.parse(text) as SavedAlerts
      const aliveMs = Math.max(saved.atMs, durable.aliveMs(nowMs) ?? 0)
      this.manager.restore({ ...saved, atMs: Math.min(aliveMs, nowMs) }, nowMs)
    }
    await durable.restore(this.history, nowMs, this.#options.intervalMs)
  }

  /** Writes the alerts down where any of them is not as it was. */
  #save(nowMs: number): void {
    const { durable } = this.#options
    if (durable === undefined) return
    const saved = this.manager.save(nowMs)
    const alerts = JSON.stringify(saved.alerts)
    if (alerts !== this.#savedAlerts && durable.setMetadata(keptName, JSON.stringify(saved))) this.#savedAlerts = alerts
  }

  /** A blocked event loop makes evaluations fall out: that they did is a number of its own. */
  #countMissed(nowMs: number): void {
    const intervalMs = this.#evaluationIntervalMs
    if (this.#evaluatedMs !== undefined && intervalMs !== undefined) {
      const missed = Math.round((nowMs - this.#evaluatedMs) / intervalMs) - 1
      if (missed > 0) this.#options.registry.incrementCounter('wombat_monitor_alert_evaluations_missed_total', missed)
    }
    this.#evaluatedMs = nowMs
  }

  #every(intervalMs: number, work: () => void | Promise<void>): void {
    const timer = setInterval(() => this.#run(work), intervalMs)
    timer.unref()
    this.#timers.push(timer)
  }

  async #run(work: () => void | Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.logger.error({ reason: error instanceof Error ? error.message : String(error) }, 'alerts could not be judged')
    }
  }
}

const evaluationCounters = [
  'wombat_monitor_alert_evaluations_total',
  'wombat_monitor_alert_evaluations_missed_total',
  'wombat_monitor_alert_evaluation_failures_total',
] as const
