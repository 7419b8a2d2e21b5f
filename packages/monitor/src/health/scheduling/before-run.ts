import { errorKind } from '@wombat/instrumentation/internal'
import type { WarnOnce } from '../warn-once.ts'
import { startDeadline } from './deadline.ts'

/** What to do before health checks run. */
export interface BeforeRunOptions {
  readonly task: () => Promise<void>
  /** Shortest time between two starts of the task if it is run only when due. */
  readonly intervalMs: number
  /** How long the checks wait for the task. */
  readonly timeoutMs: number
  readonly warnOnce: WarnOnce
}

/**
 * Runs a task before the health checks. They do not depend on it: it may fail or hang. It may be as expensive as a collection
 * of all metrics, so runs that come early, because a store was just opened, skip it.
 */
export class BeforeRun {
  readonly #task: () => Promise<void>
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #warnOnce: WarnOnce
  #running: Promise<void> | undefined
  #startedMs = Number.NEGATIVE_INFINITY
  #isTimedOut = false

  constructor({ task, intervalMs, timeoutMs, warnOnce }: BeforeRunOptions) {
    this.#task = task
    this.#intervalMs = intervalMs
    this.#timeoutMs = timeoutMs
    this.#warnOnce = warnOnce
  }

  /** Runs the task if its interval has passed, or waits for it if it is running. */
  async runWhenDue(): Promise<void> {
    if (this.#running !== undefined || performance.now() - this.#startedMs >= this.#intervalMs) await this.run()
  }

  /**
   * Runs the task, or waits for the running one: there is never more than one. Waits at most `timeoutMs`, and not at all for a
   * task that has timed out before. Never rejects.
   */
  async run(): Promise<void> {
    if (this.#isTimedOut) return
    this.#running ??= this.#runOnce().finally(() => {
      this.#running = undefined
      this.#isTimedOut = false
    })
    const deadline = startDeadline(this.#timeoutMs)
    const timeout = deadline.expired.then(() => {
      this.#isTimedOut = true
      const message = 'collecting metrics for the health checks takes too long; the checks use older values'
      this.#warnOnce.warn('timeout', { timeoutMs: this.#timeoutMs }, message)
    })
    await Promise.race([this.#running, timeout])
    deadline.clear()
  }

  async #runOnce(): Promise<void> {
    this.#startedMs = performance.now()
    try {
      await this.#task()
      this.#warnOnce.reset('failure')
      this.#warnOnce.reset('timeout')
    } catch (error) {
      const message = 'collecting metrics for the health checks failed; the checks use older values'
      this.#warnOnce.warn('failure', { kind: errorKind(error) }, message)
    }
  }
}
