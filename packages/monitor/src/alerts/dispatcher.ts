import { setTimeout as sleep } from 'node:timers/promises'
import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { errorKind } from '@wombat/instrumentation/internal'
import type { Logger } from '../logger.ts'
import type { Alert, Transition } from './manager.ts'
import { type AlertGroup, DeliveryError, type Notifier, RejectedError } from './notifiers/notifier.ts'

/** Limits and retries of a dispatcher. */
export interface DispatcherOptions {
  /** How many notifications may wait for one notifier (default 100). If more wait, the oldest is dropped. */
  readonly queueLimit?: number
  /** How often one notification is tried (default 5). */
  readonly maxAttempts?: number
  /** Delay after the first failure, in milliseconds; doubled after each further failure (default 1000). */
  readonly backoffMs?: number
  /** Called for every dropped notification, with the name of its notifier. */
  readonly onDropped?: (notifier: string) => void
}

/** Sends alerts to notifiers: at each transition to or from firing, and again while they fire. */
export class Dispatcher {
  readonly #queues: readonly NotifierQueue[]

  constructor(notifiers: readonly Notifier[], logger: Logger, options: DispatcherOptions = {}) {
    this.#queues = notifiers.map((notifier) => new NotifierQueue(notifier, logger, options))
  }

  /** Queues notifications after an evaluation, from all alerts and the transitions of this evaluation. Returns at once. */
  notify(alerts: readonly Alert[], transitions: readonly Transition[], nowMs: number): void {
    const changes = transitions.filter(({ from, to }) => to === 'firing' || (from === 'firing' && to === 'resolved'))
    const rules = new Set([...changes.map(({ alert }) => alert.rule), ...alerts.filter(isFiring).map(({ rule }) => rule)])
    for (const rule of rules) {
      const ruleChanges = changes.filter(({ alert }) => alert.rule === rule)
      const resolved = ruleChanges.filter(({ to }) => to === 'resolved').map(({ alert }) => alert)
      const firing = alerts.filter((alert) => alert.rule === rule && isFiring(alert))
      for (const queue of this.#queues) queue.notify({ rule, atMs: nowMs, firing, resolved }, ruleChanges.length > 0)
    }
  }

  /** Waits until all queued notifications are sent or dropped, at most `deadlineMs` milliseconds; then drops the rest. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close(deadlineMs)))
  }
}

function isFiring({ state }: Alert): boolean {
  return state.name === 'firing'
}

/** Bounded queue of one notifier; sends one notification after the other. */
class NotifierQueue {
  readonly #notifier: Notifier
  readonly #logger: Logger
  readonly #options: Required<DispatcherOptions>
  readonly #queue: AlertGroup[] = []
  /** Time of the last notification, by the name of a rule that fires. */
  readonly #notifiedAtMs = new Map<string, number>()
  readonly #stop = new AbortController()
  #sending: Promise<void> | undefined

  constructor(
    notifier: Notifier,
    logger: Logger,
    { queueLimit = 100, maxAttempts = 5, backoffMs = 1000, onDropped = () => {} }: DispatcherOptions,
  ) {
    this.#notifier = notifier
    this.#logger = logger
    this.#options = { queueLimit, maxAttempts, backoffMs, onDropped }
  }

  /** Queues a notification if an alert changed or a repetition is due. */
  notify(group: AlertGroup, hasChanged: boolean): void {
    const { rule, atMs, firing } = group
    const lastMs = this.#notifiedAtMs.get(rule) ?? Number.NEGATIVE_INFINITY
    const isRepetitionDue = firing.length > 0 && atMs - lastMs >= this.#notifier.repeatMs
    if (!hasChanged && !isRepetitionDue) return
    const resolved = this.#notifier.sendResolved ? group.resolved : []
    if (firing.length === 0) this.#notifiedAtMs.delete(rule)
    else this.#notifiedAtMs.set(rule, atMs)
    if (firing.length + resolved.length === 0) return
    this.#queue.push({ ...group, resolved })
    while (this.#queue.length > this.#options.queueLimit) this.#drop(this.#queue.shift(), 'too many notifications are queued')
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  async close(deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs)
    const deadlinePassed = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.#sending, deadlinePassed])
    this.#stop.abort()
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let group = this.#queue.shift(); group !== undefined; group = this.#queue.shift()) await this.#send(group)
  }

  async #send(group: AlertGroup): Promise<void> {
    const { maxAttempts, backoffMs } = this.#options
    const { signal } = this.#stop
    for (let attempt = 1; ; attempt++) {
      try {
        signal.throwIfAborted()
        // A span of the application's own HTTP instrumentation would contain the URL, which may be a secret.
        await context.with(suppressTracing(context.active()), () => this.#notifier.send(group, signal))
        return
      } catch (error) {
        if (attempt >= maxAttempts || error instanceof RejectedError || signal.aborted) {
          this.#drop(group, error instanceof DeliveryError ? error.message : errorKind(error))
          return
        }
      }
      await sleep(backoffMs * 2 ** (attempt - 1), undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #drop(group: AlertGroup | undefined, reason: string): void {
    if (group === undefined) return
    const { name } = this.#notifier
    this.#logger.warn({ notifier: name, rule: group.rule, reason }, 'alert notification dropped')
    this.#options.onDropped(name)
  }
}
