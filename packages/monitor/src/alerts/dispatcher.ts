import { setTimeout as sleep } from 'node:timers/promises'
import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { errorKind } from '@wombat/instrumentation/internal'
import type { Logger } from '../logger.ts'
import type { Alert, Transition } from './manager.ts'
import { type AlertGroup, type Notifier, NotSentError, RejectedError } from './notifiers/notifier.ts'

export interface DispatcherOptions {
  /** How many groups may wait for one notifier (default 100). Past it, the oldest is dropped and counted. */
  readonly queueLimit?: number
  /** How often one group is tried (default 5). */
  readonly maxAttempts?: number
  /** How long to wait after the first failure; twice as long after each further one (default 1 s). */
  readonly backoffMs?: number
  /** Told of every group that was given up. */
  readonly onDropped?: (notifier: string) => void
}

/** Tells notifiers what fires and what was resolved: at each change, and again while it goes on. */
export class Dispatcher {
  readonly #outlets: readonly NotifierQueue[]

  constructor(notifiers: readonly Notifier[], logger: Logger, options: DispatcherOptions = {}) {
    this.#outlets = notifiers.map((notifier) => new NotifierQueue(notifier, logger, options))
  }

  /** After an evaluation: everything that lives now, and what changed. */
  notify(alerts: readonly Alert[], transitions: readonly Transition[], nowMs: number): void {
    const changed = transitions.filter(({ from, to }) => to === 'firing' || (from === 'firing' && to === 'resolved'))
    const rules = new Set([...changed.map(({ alert }) => alert.rule), ...alerts.filter(isFiring).map(({ rule }) => rule)])
    for (const rule of rules) {
      const own = changed.filter(({ alert }) => alert.rule === rule)
      const resolved = own.filter(({ to }) => to === 'resolved').map(({ alert }) => alert)
      const firing = alerts.filter((alert) => alert.rule === rule && isFiring(alert))
      for (const outlet of this.#outlets) outlet.tell({ rule, atMs: nowMs, firing, resolved }, own.length > 0)
    }
  }

  /** Waits until everything that waits was sent or given up, but not longer than this; then gives up. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all(this.#outlets.map((outlet) => outlet.close(deadlineMs)))
  }
}

function isFiring({ state }: Alert): boolean {
  return state.name === 'firing'
}

/** One notifier, what waits for it, and when it was last told of each rule. */
class NotifierQueue {
  readonly #notifier: Notifier
  readonly #logger: Logger
  readonly #options: Required<DispatcherOptions>
  readonly #waiting: AlertGroup[] = []
  readonly #toldMs = new Map<string, number>()
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

  tell(group: AlertGroup, changed: boolean): void {
    const { rule, atMs, firing, resolved } = group
    const repeats = firing.length > 0 && atMs - (this.#toldMs.get(rule) ?? Number.NEGATIVE_INFINITY) >= this.#notifier.repeatMs
    if (!changed && !repeats) return
    const told = this.#notifier.sendResolved ? resolved : []
    if (firing.length === 0) this.#toldMs.delete(rule)
    else this.#toldMs.set(rule, atMs)
    if (firing.length + told.length === 0) return
    this.#waiting.push({ ...group, resolved: told })
    while (this.#waiting.length > this.#options.queueLimit) this.#giveUp(this.#waiting.shift(), 'too many wait')
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  async close(deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs)
    const passed = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.#sending, passed])
    this.#stop.abort()
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let group = this.#waiting.shift(); group !== undefined; group = this.#waiting.shift()) await this.#send(group)
  }

  async #send(group: AlertGroup): Promise<void> {
    const { maxAttempts, backoffMs } = this.#options
    const { signal } = this.#stop
    for (let attempt = 1; ; attempt++) {
      try {
        signal.throwIfAborted()
        // The application's own tracing would show the address, which may be a secret.
        await context.with(suppressTracing(context.active()), () => this.#notifier.send(group, signal))
        return
      } catch (error) {
        if (attempt >= maxAttempts || error instanceof RejectedError || signal.aborted) {
          this.#giveUp(group, error instanceof NotSentError ? error.message : errorKind(error))
          return
        }
      }
      await sleep(backoffMs * 2 ** (attempt - 1), undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #giveUp(group: AlertGroup | undefined, reason: string): void {
    if (group === undefined) return
    const { name } = this.#notifier
    this.#logger.warn({ notifier: name, rule: group.rule, reason }, 'a notification could not be sent')
    this.#options.onDropped(name)
  }
}
