import { errorKind } from '@wombat/instrumentation'
import { deadline } from './deadline.ts'
import type { SaidOnce } from './said-once.ts'

/** Does what is to be done before a round of checks, which does not depend on it: it may fail, and it may hang. */
export class BeforeRound {
  readonly #work: () => Promise<void>
  readonly #timeoutMs: number
  readonly #notes: SaidOnce
  #running: Promise<void> | undefined
  #isLate = false

  constructor(work: () => Promise<void>, timeoutMs: number, notes: SaidOnce) {
    this.#work = work
    this.#timeoutMs = timeoutMs
    this.#notes = notes
  }

  /** Waits for it, but not for ever, and for one that hangs no second time. There is never one beside another. Never rejects. */
  async run(): Promise<void> {
    if (this.#isLate) return
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined
      this.#isLate = false
    })
    const time = deadline(this.#timeoutMs)
    const late = time.over.then(() => {
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
    try {
      await this.#work()
      this.#notes.forget('before')
      this.#notes.forget('late')
    } catch (error) {
      this.#notes.warn('before', { kind: errorKind(error) }, 'what is done before health checks failed')
    }
  }
}
