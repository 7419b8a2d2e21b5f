import type { MetricsRegistry } from '@wombat/instrumentation'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import type { Component } from '../component.ts'
import type { EventSeverity } from '../events/event.ts'
import type { EventLog } from '../events/event-log.ts'
import type { History } from '../history/history.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../time/clock.ts'
import type { PausableWork, TimeSlices } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import { suggest } from '../validation/format-issue.ts'
import { AlertMetrics } from './alert-metrics.ts'
import { defaultRuleNames } from './default-rules.ts'
import { Dispatcher, type NotificationDetails, type NotificationEvent, type SavedNotifications } from './dispatcher.ts'
import { type Alert, AlertManager, type SavedAlerts, type Transition } from './manager.ts'
import type { Notifier } from './notifiers/notifier.ts'
import type { AlertRule } from './rule.ts'
import { isMatched, type Silence, SilenceError, type SilenceOptions, Silences } from './silences.ts'

/** What became of a notification. */
export interface NotificationRecord extends NotificationDetails {
  /** Unix time in milliseconds. */
  readonly atMs: number
  readonly notifier: string
  readonly result: NotificationEvent
}

/** Keeps the alerts beyond the process. */
export interface AlertStorage {
  /** Returns the text that was stored under this name. */
  metadata(name: string): string | undefined
  /** Stores a text under this name; returns false if that failed. */
  setMetadata(name: string, value: string): boolean
  /** Returns the Unix time in milliseconds at which an earlier process was last known to be alive. */
  lastSampleMs(nowMs: number): number | undefined
}

export interface AlertSchedulerOptions {
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly clock: Clock
  readonly rules: readonly AlertRule[]
  readonly notifiers: readonly Notifier[]
  /** The history that the rules are evaluated on. */
  readonly history: History
  /** Resolves when the history is complete; no rule is evaluated before. */
  readonly historyReady: () => Promise<void>
  /** Milliseconds between two evaluations; undefined if rules are not evaluated at all. */
  readonly evaluationIntervalMs: number | undefined
  readonly storage: AlertStorage | undefined
  /** Where changes of an alert's state become events (default: nowhere). */
  readonly events?: EventLog
  /** Milliseconds that `close` waits for the last notifications (default 2000). */
  readonly closeTimeoutMs?: number
}

/** Name of the stored alerts. Change it if `SavedAlerts` changes: alerts under an earlier name are ignored. */
const storageName = 'alert_states'

/** Name of the stored notifications. Change it if `SavedNotifications` changes. */
const notificationsName = 'owed_notifications'

/** Name of the stored silences. Change it if `Silence` changes. */
const silencesName = 'silences'

/** How many results of notifications are kept. */
const maxNotifications = 200

const notificationCounters = {
  sent: 'wombat_monitor_notifications_sent_total',
  failed: 'wombat_monitor_notification_failures_total',
  dropped: 'wombat_monitor_notifications_dropped_total',
  silenced: 'wombat_monitor_notifications_silenced_total',
} as const satisfies Record<NotificationEvent, string>

const eventSeverities: Readonly<Record<string, EventSeverity>> = { info: 'info', critical: 'critical', emergency: 'critical' }

const notificationResults: Readonly<Record<NotificationEvent, string>> = {
  sent: 'sent',
  failed: 'failed, and is tried again',
  dropped: 'given up',
  silenced: 'silenced',
}

/** A rule that has found no series after this many evaluations is reported. */
const evaluationsUntilWarning = 10

/** So many rules are named in the log at once; the others are counted. */
const maxListedRules = 20

const evaluationCounters = [
  'wombat_monitor_alert_evaluations_total',
  'wombat_monitor_alert_evaluations_missed_total',
  'wombat_monitor_alert_evaluation_failures_total',
] as const

/** Evaluates the alert rules every interval, stores the alerts and passes them to the notifiers. */
export class AlertScheduler implements Component {
  readonly manager: AlertManager
  readonly #options: AlertSchedulerOptions
  readonly #dispatcher: Dispatcher
  readonly #silences = new Silences()
  /** Newest first. */
  #notifications: readonly NotificationRecord[] = []
  readonly #metrics: AlertMetrics
  #timer: NodeJS.Timeout | undefined
  /** When rules were evaluated last, on the clock's monotonic time. */
  #evaluatedMs: number | undefined
  /** The changes of states that were saved last. */
  #savedChanges: number | undefined
  #stored: SavedAlerts | undefined
  #savedNotifications = ''
  #storedNotifications: SavedNotifications | undefined
  #evaluations = 0
  #evaluating: Promise<void> | undefined
  readonly #warnedRules = new Set<string>()
  /** The rules that failed in the last evaluation. */
  #failedRules: ReadonlySet<string> = new Set()
  #isStarted = false
  #isClosed = false

  constructor(options: AlertSchedulerOptions) {
    const { registry, logger, rules, notifiers, history } = options
    this.#options = options
    this.manager = new AlertManager(rules, history)
    this.#metrics = new AlertMetrics(registry)
    for (const { name } of notifiers) {
      for (const counter of Object.values(notificationCounters)) registry.counter(counter, { notifier: name })
      registry.setGaugeWithLabels('wombat_monitor_notifications_pending', 0, { notifier: name })
    }
    this.#dispatcher = new Dispatcher(notifiers, logger, { onEvent: (...event) => this.#recordNotification(...event) })
    // Read before this process writes to the storage: afterwards `lastSampleMs` is its own time.
    this.#attempt('the stored alerts could not be read', () => {
      this.#stored = readAlerts(options.storage, this.#options.clock.nowMs())
      this.#storedNotifications = readNotifications(options.storage)
    })
    this.#attempt('the stored silences could not be restored', () => {
      this.#silences.restore(readSilences(options.storage), this.#options.clock.nowMs())
    })
  }

  /** The results of the last 200 notifications, newest first. */
  get notifications(): readonly NotificationRecord[] {
    return this.#notifications
  }

  /** Returns the silences that last, each with the number of alerts that it matches now. May pause between two alerts. */
  *silences(): PausableWork<Array<Silence & { readonly alerts: number }>> {
    const alerts = this.manager.alerts().filter(({ state }) => state.name !== 'resolved')
    const silences: Array<Silence & { readonly alerts: number }> = []
    for (const silence of this.#silences.list(this.#options.clock.nowMs())) {
      let count = 0
      for (const { labels } of alerts) {
        if (isMatched(silence, labels)) count++
        yield
      }
      silences.push({ ...silence, alerts: count })
    }
    return silences
  }

  /** Returns until when an alert is silenced, in Unix time in milliseconds; undefined if it is not. */
  silencedUntilMs({ labels }: Pick<Alert, 'labels'>): number | undefined {
    return this.#silences.silencedUntilMs(labels, this.#options.clock.nowMs())
  }

  /** Withholds the notifications of some alerts for some time. @throws SilenceError if the silence is not valid. */
  silence(options: SilenceOptions): Silence {
    const { clock, logger } = this.#options
    const silence = this.#silences.add(options, clock.nowMs())
    const { alertname } = silence.matchers
    const names = this.manager.rules.map(({ name }) => name)
    if (alertname !== undefined && !names.includes(alertname)) {
      this.#silences.delete(silence.id)
      throw new SilenceError(
        `matchers.alertname: there is no rule ${JSON.stringify(alertname)}${suggest(alertname, names) || ': /api/v1/rules has all'}`,
      )
    }
    const { id, matchers } = silence
    const durationSeconds = (silence.endMs - silence.startMs) / 1000
    logger.info({ silence: id, matchers, durationSeconds }, 'notifications of alerts are silenced')
    this.#recordSilence(silence, 'created')
    return silence
  }

  /** Ends a silence. Returns false if there is none with this id. */
  deleteSilence(id: string): boolean {
    const { clock, logger } = this.#options
    const isActive = this.#silences.list(clock.nowMs()).some((one) => one.id === id)
    const silence = this.#silences.delete(id)
    if (silence === undefined || !isActive) return false
    logger.info({ silence: id, matchers: silence.matchers }, 'a silence of alerts was deleted')
    this.#recordSilence(silence, 'deleted')
    return true
  }

  /** Restores the stored alerts, and evaluates the rules as soon as the history is ready. The timer does not keep the process alive. */
  start(): void {
    this.#isStarted = true
    const stored = this.#stored
    if (stored !== undefined) {
      this.#attempt('the stored alerts could not be restored', () => this.manager.restore(stored, this.#options.clock.nowMs()))
    }
    const notifications = this.#storedNotifications
    if (notifications !== undefined) {
      this.#attempt('the stored notifications could not be restored', () => this.#dispatcher.restore(notifications))
    }
    const { registry, evaluationIntervalMs, historyReady } = this.#options
    if (evaluationIntervalMs === undefined) return
    for (const name of evaluationCounters) registry.counter(name)
    void historyReady().then(() => {
      if (this.#isClosed) return
      this.#timer = setInterval(() => void this.evaluate(), evaluationIntervalMs)
      this.#timer.unref()
    })
  }

  /** Evaluates every rule now, in slices. Calls during an evaluation wait for that one. Never rejects. */
  evaluate(): Promise<void> {
    this.#evaluating ??= this.#evaluateNow().finally(() => {
      this.#evaluating = undefined
    })
    return this.#evaluating
  }

  /** Stores the alerts and waits for the last notifications. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#evaluating
    if (!this.#isStarted) return
    this.#savedChanges = undefined
    await this.#inSlices((slices) => this.#save(this.#options.clock.nowMs(), slices))
    const { closeTimeoutMs = 2000, storage } = this.#options
    await this.#dispatcher.close(closeTimeoutMs, storage !== undefined)
    this.#saveNotifications()
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.manager.shift(deltaMs)
    this.#dispatcher.shift(deltaMs)
    this.#silences.shift(deltaMs)
    this.#notifications = this.#notifications.map((record) => ({ ...record, atMs: record.atMs + deltaMs }))
    this.#saveSilences()
  }

  async #evaluateNow(): Promise<void> {
    const { clock, logger } = this.#options
    clock.synchronize()
    this.#countMissed(clock.monotonicMs())
    try {
      await this.#inSlices((slices) => this.#evaluate(slices))
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'the alert rules could not be evaluated')
    }
  }

  async #inSlices(work: (slices: TimeSlices) => Promise<void>): Promise<void> {
    const slices = selfTimeSlices(this.#options.registry, 'alerts')
    try {
      await work(slices)
    } finally {
      slices.end()
    }
  }

  async #evaluate(slices: TimeSlices): Promise<void> {
    const { registry, clock } = this.#options
    const startMs = performance.now()
    let nowMs = clock.nowMs()
    let transitions = await slices.run(this.manager.evaluatePausable(nowMs))
    // Other rules, or another time of the clock: what was evaluated before counts, and nothing is late.
    while (transitions === undefined) {
      nowMs = clock.nowMs()
      transitions = await slices.run(this.manager.evaluatePausable(nowMs))
    }
    for (const transition of transitions) {
      this.#addEvent(transition)
      if (slices.isDue) await slices.pause()
    }
    const alerts = this.manager.alerts()
    await slices.run(this.#metrics.publish(alerts))
    await this.#save(nowMs, slices)
    for (const silence of this.#silences.expire(nowMs)) this.#recordSilence(silence, 'expired')
    const isSilenced = ({ labels }: Alert): boolean => this.#silences.silencedUntilMs(labels, nowMs) !== undefined
    await slices.run(this.#dispatcher.notifyPausable(alerts, transitions, nowMs, isSilenced))
    this.#reportUnmatched()
    const failureCount = this.#reportFailures()
    registry.incrementCounter('wombat_monitor_alert_evaluations_total')
    registry.incrementCounter('wombat_monitor_alert_evaluation_failures_total', failureCount)
    registry.recordHistogram('wombat_monitor_alert_evaluation_duration_seconds', (performance.now() - startMs) / 1000)
  }

  #addEvent({ atMs, from, to, alert }: Transition): void {
    // It is no longer listed.
    if (from === 'resolved' && to === 'inactive') return
    const { rule, labels, value } = alert
    const { store, severity = 'warning' } = labels
    this.#options.events?.add({
      kind: 'alert',
      severity: to === 'firing' ? (eventSeverities[severity] ?? 'warning') : 'info',
      title: `${rule} is ${to}`,
      ...(store !== undefined && { store }),
      startMs: atMs,
      details: { rule, from, to, labels, value: Number.isFinite(value) ? value : undefined },
    })
  }

  /** Returns how many rules have failed, and logs each once until it succeeds again. */
  #reportFailures(): number {
    const failed = this.manager.statuses.filter(({ error }) => error !== undefined)
    const untold = failed.filter(({ rule }) => !this.#failedRules.has(rule))
    for (const { rule, error: reason } of untold.slice(0, maxListedRules)) {
      this.#options.logger.warn({ rule, reason }, 'an alert rule fails; the other rules are not affected')
    }
    if (untold.length > maxListedRules) {
      this.#options.logger.warn({ rules: untold.length - maxListedRules }, 'more alert rules fail: GET /api/v1/alerts shows why')
    }
    this.#failedRules = new Set(failed.map(({ rule }) => rule))
    return failed.length
  }

  /** Shows how many rules of one's own have found no series yet, and says it once for each. */
  #reportUnmatched(): void {
    const { registry, logger } = this.#options
    const unmatched = this.manager.statuses.filter(({ rule, hasMatched }) => !hasMatched && !defaultRuleNames.has(rule))
    registry.setGauge('wombat_monitor_alert_rules_unmatched', unmatched.length)
    if (++this.#evaluations < evaluationsUntilWarning) return
    const untold = unmatched.filter(({ rule }) => !this.#warnedRules.has(rule))
    if (untold.length === 0) return
    for (const { rule } of untold) this.#warnedRules.add(rule)
    const listed = new Set(untold.slice(0, maxListedRules).map(({ rule }) => rule))
    for (const { name: rule, metric } of this.manager.rules.filter(({ name }) => listed.has(name))) {
      logger.warn({ rule, metric }, 'an alert rule has found no series since the start: check its metric and its labels')
    }
    if (untold.length > listed.size) {
      const rules = untold.length - listed.size
      logger.warn(
        { rules },
        'more alert rules have found no series since the start: GET /api/v1/alerts shows them, with "hasMatched": false',
      )
    }
  }

  /** Stores the alerts if the state of any of them changed. The next process evaluates their values anew. */
  async #save(nowMs: number, slices: TimeSlices): Promise<void> {
    const { storage } = this.#options
    const { stateChanges } = this.manager
    if (storage === undefined || stateChanges === this.#savedChanges) return
    const texts: string[] = []
    for (const alert of this.manager.save(nowMs).alerts) {
      texts.push(JSON.stringify(alert))
      if (slices.isDue) await slices.pause()
    }
    if (storage.setMetadata(storageName, `{"atMs":${nowMs},"alerts":[${texts.join(',')}]}`)) this.#savedChanges = stateChanges
  }

  #recordNotification(notifier: string, event: NotificationEvent | 'queued', owed: number, details: NotificationDetails): void {
    const { registry } = this.#options
    if (event !== 'queued') {
      registry.incrementCounter(notificationCounters[event], 1, { notifier })
      this.#keepNotification(notifier, event, details)
    }
    registry.setGaugeWithLabels('wombat_monitor_notifications_pending', owed, { notifier })
    if (event !== 'failed') this.#saveNotifications()
  }

  #keepNotification(notifier: string, result: NotificationEvent, details: NotificationDetails): void {
    const { clock, events } = this.#options
    const { rule } = details
    const before = this.#notifications.find((one) => one.notifier === notifier && one.rule === rule)
    this.#notifications = [{ atMs: clock.nowMs(), notifier, result, ...details }, ...this.#notifications].slice(
      0,
      maxNotifications,
    )
    // One event for all attempts until it arrives.
    if (result === 'failed' && before?.result === 'failed') return
    const title = `Notification of ${rule} ${notificationResults[result]}`
    const severity = result === 'failed' || result === 'dropped' ? 'warning' : 'info'
    events?.add({ kind: 'notification', severity, title, details: { notifier, result, ...details } })
  }

  #recordSilence(silence: Silence, change: 'created' | 'deleted' | 'expired'): void {
    this.#saveSilences()
    const { id, matchers, startMs, endMs } = silence
    const details = { id, change, matchers, durationSeconds: (endMs - startMs) / 1000 }
    this.#options.events?.add({ kind: 'silence', severity: 'info', title: `Silence ${change}`, details })
  }

  #saveSilences(): void {
    this.#options.storage?.setMetadata(silencesName, JSON.stringify(this.#silences.save()))
  }

  /** Stores what the notifiers owe, if it changed. */
  #saveNotifications(): void {
    const { storage } = this.#options
    if (storage === undefined || !this.#isStarted) return
    const notifications = JSON.stringify(this.#dispatcher.save())
    if (notifications !== this.#savedNotifications && storage.setMetadata(notificationsName, notifications))
      this.#savedNotifications = notifications
  }

  /** Counts the evaluations that a blocked event loop prevented. */
  #countMissed(nowMs: number): void {
    const { registry, evaluationIntervalMs: intervalMs } = this.#options
    if (this.#evaluatedMs !== undefined && intervalMs !== undefined) {
      const missedCount = Math.round((nowMs - this.#evaluatedMs) / intervalMs) - 1
      if (missedCount > 0) registry.incrementCounter('wombat_monitor_alert_evaluations_missed_total', missedCount)
    }
    this.#evaluatedMs = nowMs
  }

  #attempt(failure: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      const reason = errorMessage(error)
      this.#options.logger.error({ reason }, failure)
    }
  }
}

/** Returns the alerts of an earlier process. It lived until its last stored sample, not only until its last stored alert. */
function readAlerts(storage: AlertStorage | undefined, nowMs: number): SavedAlerts | undefined {
  const text = storage?.metadata(storageName)
  if (storage === undefined || text === undefined) return undefined
  const saved = JSON.parse(text) as SavedAlerts
  const aliveMs = Math.max(saved.atMs, storage.lastSampleMs(nowMs) ?? 0)
  return { ...saved, atMs: Math.min(aliveMs, nowMs) }
}

function readSilences(storage: AlertStorage | undefined): readonly Silence[] {
  const text = storage?.metadata(silencesName)
  return text === undefined ? [] : (JSON.parse(text) as Silence[])
}

function readNotifications(storage: AlertStorage | undefined): SavedNotifications | undefined {
  const text = storage?.metadata(notificationsName)
  return text === undefined ? undefined : (JSON.parse(text) as SavedNotifications)
}
