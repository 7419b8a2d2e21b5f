import { errorKind } from '@wombat/instrumentation/internal'
import type { CheckState } from '../registry/check-state.ts'
import type { WarnOnce } from '../warn-once.ts'
import type { BeforeRun } from './before-run.ts'
import { Semaphore } from './semaphore.ts'

export interface CheckSchedulerOptions {
  /** The longest time between two rounds. */
  readonly intervalMs: number
  readonly parallel: number
  readonly before: BeforeRun | undefined
  /** The checks there are, asked once in each round. */
  readonly checks: () => Iterable<CheckState>
  /** Called when every check of a round was judged. */
  readonly onRunEnd: () => void
  readonly warnOnce: WarnOnce
}

/** A timer is allowed to be this early. */
const toleranceMs = 1

/** Runs checks when they are due: one timer for all. A check that is still running when it is due again is left out. */
export class CheckScheduler {
  readonly #options: CheckSchedulerOptions
  readonly #slots: Semaphore
  #timer: NodeJS.Timeout | undefined
  #checks: readonly CheckState[] = []
  #askedMs = 0
  #everything: Promise<void> | undefined
  /** Whether there is something that no round knows yet. */
  #isHurried = false
  #isStarted = false
  #isClosed = false

  constructor(options: CheckSchedulerOptions) {
    this.#options = options
    this.#slots = new Semaphore(options.parallel)
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#round('due')
  }

  /** There is something new, which is not to wait for the timer. */
  runSoon(): void {
    this.#isHurried = true
    if (this.#isStarted) this.#arm(0)
  }

  /** A round of every check. Who asks while it goes on waits for the same. Never rejects. */
  runAll(): Promise<void> {
    this.#everything ??= this.#awake(this.#round('all')).finally(() => {
      this.#everything = undefined
    })
    return this.#everything
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #round(which: 'due' | 'all'): Promise<void> {
    const { before, onRunEnd, warnOnce } = this.#options
    try {
      // The next round is armed before this one is over: one slow check does not make the others late.
      const flights = await this.#begun(which, before)
      await Promise.all(flights)
      // What could not tell is due sooner than it was when the round began.
      if (this.#isStarted) this.#arm(this.#untilNextMs())
      if (!this.#isClosed) onRunEnd()
    } catch (error) {
      warnOnce.warn('round', { kind: errorKind(error) }, 'a round of health checks failed')
    }
  }

  /** Begins the runs; they are wrapped in a list, so that waiting for the beginning does not wait for their end. */
  async #begun(which: 'due' | 'all', before: BeforeRun | undefined): Promise<ReadonlyArray<Promise<void>>> {
    try {
      if (before !== undefined) await (which === 'all' ? before.run() : before.runWhenDue())
      if (this.#isClosed) return []
      this.#isHurried = false
      this.#askedMs = performance.now()
      this.#checks = []
      this.#checks = [...this.#options.checks()]
      const due = this.#checks.filter(({ dueMs }) => which === 'all' || dueMs <= this.#askedMs + toleranceMs)
      for (const check of due) check.dueMs = this.#askedMs + check.plan.intervalMs
      // What an earlier round still waits for is not waited for again: this one would be told as late as that.
      return due.filter(({ isRunning }) => which === 'all' || !isRunning).map((check) => check.run(this.#slots))
    } finally {
      if (this.#isStarted) this.#arm(this.#untilNextMs())
    }
  }

  #untilNextMs(): number {
    if (this.#isHurried) return 0
    const nextMs = Math.min(this.#askedMs + this.#options.intervalMs, ...this.#checks.map(({ dueMs }) => dueMs))
    // A timer takes whole milliseconds only, and would come early for the rest.
    return Math.max(0, Math.ceil(nextMs - performance.now()))
  }

  #arm(inMs: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#round('due'), inMs)
    this.#timer.unref()
  }

  /** Whoever waits for a round is not to be left alone by a process that has nothing else to do. */
  async #awake(round: Promise<void>): Promise<void> {
    const timer = setInterval(() => {}, 1000)
    await round
    clearInterval(timer)
  }
}
