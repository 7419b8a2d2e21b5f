import { setTimeout as sleep } from 'node:timers/promises'
import { errorKind, seriesKey, withContextValue } from '@wombat/instrumentation/internal'
import type { Logger } from '../logger.ts'
import { type PausableWork, runAtOnce, TimeSlices } from '../time/time-slices.ts'
import type { Alert, Transition } from './manager.ts'
import { type AlertGroup, DeliveryError, type Notifier, RejectedError } from './notifiers/notifier.ts'

/** What happened to a notification. A failed one is tried again, a dropped or silenced one is not. */
export type NotificationEvent = 'sent' | 'failed' | 'dropped' | 'silenced'

/** The notification to which something happened. */
export interface NotificationDetails {
  readonly rule: string
  /** Why it failed or was dropped. */
  readonly reason?: string
}

/** Limits and retries of a dispatcher. */
export interface DispatcherOptions {
  /** How many notifications one notifier may owe (default 1000). If it owes more, the oldest is dropped. */
  readonly queueLimit?: number
  /** How long a notification is tried, in milliseconds (default 24 hours). */
  readonly maxAgeMs?: number
  /** Delay after the first failure, in milliseconds; doubled after each further one, up to `maxBackoffMs` (default 1000). */
  readonly backoffMs?: number
  /** Longest delay between two attempts, in milliseconds (default five minutes). */
  readonly maxBackoffMs?: number
  /** Longest time of one attempt, in milliseconds (default one minute). */
  readonly attemptTimeoutMs?: number
  /** Called for everything that happens to a notification, with the name of its notifier and how many it owes now. */
  readonly onEvent?: (notifier: string, event: NotificationEvent | 'queued', owed: number, details: NotificationDetails) => void
}

/** What notifiers owe, as plain data, to be stored and restored by the next process. */
export type SavedNotifications = Readonly<
  Record<
    string,
    {
      /** When each rule that fires was last notified, in Unix time in milliseconds. */
      readonly notifiedAtMs: Readonly<Record<string, number>>
      readonly owed: readonly AlertGroup[]
    }
  >
>

const defaults: Required<DispatcherOptions> = {
  queueLimit: 1000,
  maxAgeMs: 24 * 3_600_000,
  backoffMs: 1000,
  maxBackoffMs: 300_000,
  attemptTimeoutMs: 60_000,
  onEvent: () => {},
}

/**
 * Sends alerts to notifiers: at each transition to or from firing, and again while they fire. A notification is owed until the
 * receiver has accepted or rejected it: at least once, in order for each rule. An alert that is silenced is left out, as Alertmanager
 * does: if it still fires when the silence ends, it is sent then; if it is resolved before, nothing is sent.
 */
export class Dispatcher {
  readonly #outboxes: ReadonlyMap<string, Outbox>
  /** Alerts that fire and are silenced, by the key of their labels; whether they were silenced when they began to fire. */
  readonly #silenced = new Map<string, { readonly isUntold: boolean }>()

  constructor(notifiers: readonly Notifier[], logger: Logger, options: DispatcherOptions = {}) {
    const complete = { ...defaults, ...options }
    this.#outboxes = new Map(notifiers.map((notifier) => [notifier.name, new Outbox(notifier, logger, complete)]))
  }

  /**
   * Queues notifications after an evaluation, from all alerts and the transitions of this evaluation. Returns at once.
   *
   * @param isSilenced returns whether an alert is silenced now.
   */
  notify(
    alerts: readonly Alert[],
    transitions: readonly Transition[],
    nowMs: number,
    isSilenced?: (alert: Alert) => boolean,
  ): void {
    runAtOnce(this.notifyPausable(alerts, transitions, nowMs, isSilenced))
  }

  /** Does the same as `notify`, and may pause between two alerts. */
  *notifyPausable(
    alerts: readonly Alert[],
    transitions: readonly Transition[],
    nowMs: number,
    isSilenced: (alert: Alert) => boolean = () => false,
  ): PausableWork<void> {
    const groups = new Map<string, { firing: Alert[]; resolved: Alert[]; hasChanged: boolean }>()
    const find = (rule: string) => {
      const group = groups.get(rule) ?? { firing: [], resolved: [], hasChanged: false }
      groups.set(rule, group)
      return group
    }
    const withheld = new Map<string, { hasFired: boolean }>()
    for (const { from, to, alert } of transitions) {
      yield
      if (to !== 'firing' && !(from === 'firing' && to === 'resolved')) continue
      const key = seriesKey(alert.labels)
      const before = this.#silenced.get(key)
      if (to === 'resolved') this.#silenced.delete(key)
      else if (isSilenced(alert)) this.#silenced.set(key, { isUntold: true })
      if (isSilenced(alert)) {
        withheld.set(alert.rule, { hasFired: to === 'firing' || withheld.get(alert.rule)?.hasFired === true })
        continue
      }
      // The receiver does not know that it fired.
      if (to === 'resolved' && before?.isUntold === true) continue
      const group = find(alert.rule)
      group.hasChanged = true
      if (to === 'resolved') group.resolved.push(alert)
    }
    const silenced = new Set<string>()
    for (const alert of alerts) {
      yield
      if (alert.state.name !== 'firing') continue
      if (isSilenced(alert)) {
        const key = seriesKey(alert.labels)
        silenced.add(key)
        if (!this.#silenced.has(key)) this.#silenced.set(key, { isUntold: false })
        continue
      }
      const group = find(alert.rule)
      // A silence has ended.
      if (this.#silenced.size > 0 && this.#silenced.delete(seriesKey(alert.labels))) group.hasChanged = true
      group.firing.push(alert)
    }
    // The others do not fire any more, for example because their rule is gone.
    for (const key of this.#silenced.keys()) if (!silenced.has(key)) this.#silenced.delete(key)
    for (const [rule, { hasFired }] of withheld) for (const outbox of this.#outboxes.values()) outbox.withhold(rule, hasFired)
    for (const [rule, { firing, resolved, hasChanged }] of groups) {
      for (const outbox of this.#outboxes.values()) outbox.notify({ rule, atMs: nowMs, firing, resolved }, hasChanged)
    }
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    for (const outbox of this.#outboxes.values()) outbox.shift(deltaMs)
  }

  /** Returns what the notifiers owe, as plain data. */
  save(): SavedNotifications {
    return Object.fromEntries([...this.#outboxes].map(([name, outbox]) => [name, outbox.save()]))
  }

  /** Queues what an earlier process owed. Notifications of notifiers that no longer exist are ignored. */
  restore(saved: SavedNotifications): void {
    for (const [name, outbox] of this.#outboxes) if (saved[name] !== undefined) outbox.restore(saved[name])
  }

  /**
   * Sends what is owed, for at most `deadlineMs` milliseconds: each notification is tried once more at least. What is still owed then
   * is dropped, unless it is saved.
   */
  async close(deadlineMs: number, isSaved = false): Promise<void> {
    await Promise.all([...this.#outboxes.values()].map((outbox) => outbox.close(deadlineMs, isSaved)))
  }
}

interface Owed {
  readonly group: AlertGroup
  /** When it was queued, on a monotonic clock. */
  readonly queuedMs: number
}

/** The notifications of one rule, in order. */
interface RuleQueue {
  readonly owed: Owed[]
  sending: Promise<void> | undefined
}

/** What one notifier owes. */
class Outbox {
  readonly #notifier: Notifier
  readonly #logger: Logger
  readonly #options: Required<DispatcherOptions>
  readonly #queues = new Map<string, RuleQueue>()
  /** Time of the last notification that was delivered, by the name of a rule that fires. */
  readonly #notifiedAtMs = new Map<string, number>()
  readonly #stop = new AbortController()
  /** Ends the current delays: the monitoring closes. */
  readonly #hurry = new AbortController()
  /** Attempts that failed since the last one that succeeded. */
  #failures = 0

  constructor(notifier: Notifier, logger: Logger, options: Required<DispatcherOptions>) {
    this.#notifier = notifier
    this.#logger = logger
    this.#options = options
  }

  get #owedCount(): number {
    let count = 0
    for (const { owed } of this.#queues.values()) count += owed.length
    return count
  }

  /** Queues a notification if an alert changed or a repetition is due. */
  notify(group: AlertGroup, hasChanged: boolean): void {
    const { rule, atMs, firing } = group
    const last = this.#queues.get(rule)?.owed.at(-1)?.group.atMs ?? this.#notifiedAtMs.get(rule) ?? Number.NEGATIVE_INFINITY
    const isRepetitionDue = firing.length > 0 && atMs - last >= this.#notifier.repeatMs
    if (!hasChanged && !isRepetitionDue) return
    const resolved = this.#notifier.sendResolved ? group.resolved : []
    if (firing.length + resolved.length > 0) this.#add({ ...group, resolved })
    else this.#notifiedAtMs.delete(rule)
  }

  /** Reports that a change of a rule's alerts is not sent because they are silenced. */
  withhold(rule: string, hasFired: boolean): void {
    if (hasFired || this.#notifier.sendResolved) this.#tell('silenced', { rule })
  }

  shift(deltaMs: number): void {
    for (const [rule, atMs] of this.#notifiedAtMs) this.#notifiedAtMs.set(rule, atMs + deltaMs)
    for (const { owed } of this.#queues.values()) {
      owed.forEach(({ group, queuedMs }, index) => {
        owed[index] = { group: { ...group, atMs: group.atMs + deltaMs }, queuedMs }
      })
    }
  }

  save(): SavedNotifications[string] {
    const owed = [...this.#queues.values()].flatMap((queue) => queue.owed.map(({ group }) => group))
    return { notifiedAtMs: Object.fromEntries(this.#notifiedAtMs), owed }
  }

  restore({ notifiedAtMs, owed }: SavedNotifications[string]): void {
    for (const [rule, atMs] of Object.entries(notifiedAtMs)) this.#notifiedAtMs.set(rule, atMs)
    for (const group of owed) this.#add(group)
  }

  async close(deadlineMs: number, isSaved: boolean): Promise<void> {
    this.#hurry.abort()
    const sending = Promise.all([...this.#queues.values()].map((queue) => queue.sending))
    const deadline = AbortSignal.timeout(deadlineMs)
    const deadlinePassed = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([sending, deadlinePassed])
    this.#stop.abort()
    await sending
    if (this.#owedCount === 0) return
    if (isSaved) {
      const fields = { notifier: this.#notifier.name, owed: this.#owedCount }
      this.#logger.info(fields, 'alert notifications are kept for the next start')
      return
    }
    for (const queue of this.#queues.values())
      for (const owed of [...queue.owed]) this.#drop(queue, owed, 'monitoring is closing')
  }

  #add(group: AlertGroup): void {
    const queue = this.#queues.get(group.rule) ?? { owed: [], sending: undefined }
    this.#queues.set(group.rule, queue)
    queue.owed.push({ group, queuedMs: performance.now() })
    // The first one may be under way. Of the others the last one says it all, with what was resolved before.
    while (queue.owed.length > 2) {
      const [one, other] = queue.owed.splice(1, 2) as [Owed, Owed]
      queue.owed.splice(1, 0, { group: mergeGroups(one.group, other.group), queuedMs: one.queuedMs })
    }
    while (this.#owedCount > this.#options.queueLimit) this.#dropOldest()
    this.#tell('queued', { rule: group.rule })
    queue.sending ??= this.#sendAll(queue).finally(() => {
      queue.sending = undefined
    })
  }

  async #sendAll(queue: RuleQueue): Promise<void> {
    for (let attempt = 1; queue.owed.length > 0; attempt++) {
      const owed = queue.owed[0] as Owed
      const failure = await this.#send(owed.group)
      // It may have been dropped meanwhile, and its times may have been moved.
      const current = queue.owed[0]
      if (current === undefined || current.queuedMs !== owed.queuedMs) continue
      if (failure === undefined) this.#delivered(queue, current)
      else if (failure.isFinal) this.#drop(queue, current, failure.reason)
      else if (performance.now() - current.queuedMs >= this.#options.maxAgeMs)
        this.#drop(queue, current, `tried for too long: ${failure.reason}`)
      else {
        this.#failed(current, failure.reason)
        // The first attempt after `close` is the last one.
        if (this.#stop.signal.aborted || this.#hurry.signal.aborted) return
        supersede(queue.owed)
        await this.#wait(failure.retryAfterMs ?? this.#backoffMs(attempt))
        continue
      }
      attempt = 0
    }
  }

  /** Sends one notification. Returns undefined if it was delivered, else why not. */
  async #send(group: AlertGroup): Promise<Failure | undefined> {
    const { attemptTimeoutMs } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(attemptTimeoutMs)])
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new DeliveryError(`no answer within ${attemptTimeoutMs} ms`)), { once: true })
    })
    aborted.catch(() => {})
    try {
      await expandAnnotations(group)
      await Promise.race([withoutTracing(() => this.#notifier.send(group, signal)), aborted])
      return undefined
    } catch (error) {
      return {
        reason: error instanceof DeliveryError ? error.message : errorKind(error),
        isFinal: error instanceof RejectedError,
        retryAfterMs: error instanceof DeliveryError ? error.retryAfterMs : undefined,
      }
    }
  }

  #backoffMs(attempt: number): number {
    const { backoffMs, maxBackoffMs } = this.#options
    // Spread, so that many processes do not come at once.
    return Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1)) * (0.8 + 0.4 * Math.random())
  }

  #wait(milliseconds: number): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, this.#hurry.signal])
    return sleep(milliseconds, undefined, { signal, ref: false }).catch(() => {})
  }

  #delivered(queue: RuleQueue, owed: Owed): void {
    const { rule, atMs, firing } = owed.group
    queue.owed.splice(queue.owed.indexOf(owed), 1)
    if (firing.length === 0) this.#notifiedAtMs.delete(rule)
    else this.#notifiedAtMs.set(rule, atMs)
    if (this.#failures > 0) {
      const fields = { notifier: this.#notifier.name, failed: this.#failures, owed: this.#owedCount }
      this.#logger.info(fields, 'alert notifications are delivered again')
    }
    this.#failures = 0
    this.#tell('sent', { rule })
  }

  #failed({ group }: Owed, reason: string): void {
    this.#failures++
    if (this.#failures === 1) {
      const fields = { notifier: this.#notifier.name, rule: group.rule, reason }
      this.#logger.warn(fields, 'alert notifications cannot be delivered: they are kept and tried again')
    }
    this.#tell('failed', { rule: group.rule, reason })
  }

  #dropOldest(): void {
    let oldest: { queue: RuleQueue; owed: Owed } | undefined
    for (const queue of this.#queues.values()) {
      const [owed] = queue.owed
      if (owed !== undefined && (oldest === undefined || owed.queuedMs < oldest.owed.queuedMs)) oldest = { queue, owed }
    }
    if (oldest !== undefined) this.#drop(oldest.queue, oldest.owed, 'too many notifications are owed')
  }

  #drop(queue: RuleQueue, owed: Owed, reason: string): void {
    queue.owed.splice(queue.owed.indexOf(owed), 1)
    const { name } = this.#notifier
    this.#logger.warn({ notifier: name, rule: owed.group.rule, reason }, 'alert notification dropped')
    this.#tell('dropped', { rule: owed.group.rule, reason })
  }

  #tell(event: NotificationEvent | 'queued', details: NotificationDetails): void {
    this.#options.onEvent(this.#notifier.name, event, this.#owedCount, details)
  }
}

/** Expands the templates of all alerts with pauses in between, so that a notifier finds them expanded: there may be thousands. */
async function expandAnnotations({ firing, resolved }: AlertGroup): Promise<void> {
  const slices = new TimeSlices()
  for (const alert of [...firing, ...resolved]) {
    void alert.annotations
    if (slices.isDue) await slices.pause()
  }
  slices.end()
}

interface Failure {
  readonly reason: string
  readonly isFinal: boolean
  readonly retryAfterMs: number | undefined
}

/** Of two notifications of one rule the earlier one is left out if the later one contains all its alerts. */
function supersede(owed: Owed[]): void {
  const [first, next] = owed
  if (first === undefined || next === undefined) return
  const later = new Set(next.group.firing.map(({ labels }) => seriesKey(labels)))
  const isContained = first.group.resolved.length === 0 && first.group.firing.every(({ labels }) => later.has(seriesKey(labels)))
  if (isContained) owed.splice(0, 2, { group: next.group, queuedMs: first.queuedMs })
}

/** Returns one notification for two of one rule: what fires now, and all that was resolved and does not fire again. */
function mergeGroups(one: AlertGroup, other: AlertGroup): AlertGroup {
  const key = ({ labels }: Alert): string => seriesKey(labels)
  const isLater = new Set([...other.firing, ...other.resolved].map(key))
  return { ...other, resolved: [...one.resolved.filter((alert) => !isLater.has(key(alert))), ...other.resolved] }
}

/** The key of `suppressTracing` of OpenTelemetry's core, which is not loaded for this. Keys with the same description are equal. */
const suppressTracingKey = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** Runs without creating spans: those of the application's own HTTP instrumentation would contain the URL, which may be a secret. */
function withoutTracing(send: () => Promise<void>): Promise<void> {
  let sent: Promise<void> | undefined
  try {
    return withContextValue(suppressTracingKey, true, () => {
      sent = send()
      return sent
    })
  } catch (error) {
    // The context manager failed, or `send` itself threw.
    if (sent !== undefined) return sent
    throw error
  }
}
