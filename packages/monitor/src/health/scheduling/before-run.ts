import { errorKind } from '@wombat/instrumentation/internal'
import type { WarnOnce } from '../warn-once.ts'
import { deadline } from './deadline.ts'

export interface BeforeRunOptions {
  readonly work: () => Promise<void>
  /** How old what was done may be before it is done again. */
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly warnOnce: WarnOnce
}

/**
 * Does what is to be done before a round of checks, which does not depend on it: it may fail, and it may hang. It may cost as
 * much as a collection of all metrics, so that rounds which come in between, for a store that was opened just now, do without.
 */
export class BeforeRun {
  readonly #work: () => Promise<void>
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #notes: WarnOnce
  #running: Promise<void> | undefined
  #begunMs = Number.NEGATIVE_INFINITY
  #isLate = false

  constructor({ work, intervalMs, timeoutMs, warnOnce }: BeforeRunOptions) {
    this.#work = work
    this.#intervalMs = intervalMs
    this.#timeoutMs = timeoutMs
    this.#notes = warnOnce
  }

  /** As `run`, where it was not done lately; where that is still going on, it is waited for as well. */
  async runWhenDue(): Promise<void> {
    if (this.#running !== undefined || performance.now() - this.#begunMs >= this.#intervalMs) await this.run()
  }

  /** Waits for it, but not for ever, and for one that hangs no second time. There is never one beside another. Never rejects. */
  async run(): Promise<void> {
    if (this.#isLate) return
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined
      this.#isLate = false
    })
    const time = deadline(this.#timeoutMs)
    const late = time.expired.then(() => {
      this.#isLate = true
      this.#notes.warn(
        'late',
        { timeoutMs: this.#timeoutMs },
        'what is done before health checks takes too long: they go on without it',
      )
    })
    await Promise.race([this.#running, late])
    time.clear()
  }

  async #once(): Promise<void> {
    this.#begunMs = performance.now()
    try {
      await this.#work()
      this.#notes.forget('before')
      this.#notes.forget('late')
    } catch (error) {
      this.#notes.warn('before', { kind: errorKind(error) }, 'what is done before health checks failed')
    }
  }
}
