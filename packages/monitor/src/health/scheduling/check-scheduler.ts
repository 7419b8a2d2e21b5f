import { errorKind, Semaphore } from '@wombat/instrumentation/internal'
import type { CheckState } from '../registry/check-state.ts'
import type { WarnOnce } from '../warn-once.ts'
import type { BeforeRun } from './before-run.ts'

/** What is scheduled, and how. */
export interface CheckSchedulerOptions {
  /** Longest time between two rounds. */
  readonly intervalMs: number
  /** How many checks run at the same time. */
  readonly concurrency: number
  readonly before: BeforeRun | undefined
  /** Returns the current checks. Called once for each round. */
  readonly checks: () => Iterable<CheckState>
  /** Called when every check of a round has a result. */
  readonly onRoundEnd: () => void
  readonly warnOnce: WarnOnce
}

/** Timers may fire this much early. */
const timerToleranceMs = 1

/** Runs checks when they are due, with one timer for all. A round skips checks that are still running. */
export class CheckScheduler {
  readonly #options: CheckSchedulerOptions
  readonly #semaphore: Semaphore
  #timer: NodeJS.Timeout | undefined
  #checks: readonly CheckState[] = []
  #lastRoundMs = 0
  /** The round of all checks that is in progress. */
  #fullRound: Promise<void> | undefined
  /** Whether there are new checks that no round has seen. */
  #hasNewChecks = false
  #isStarted = false
  #isClosed = false

  constructor(options: CheckSchedulerOptions) {
    this.#options = options
    this.#semaphore = new Semaphore(options.concurrency)
  }

  /** Starts the first round now. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#runRound('due')
  }

  /** Starts a round without waiting for the timer, because there are new checks. */
  runSoon(): void {
    this.#hasNewChecks = true
    if (this.#isStarted) this.#schedule(0)
  }

  /** Runs every check, due or not. Concurrent calls share one round. Never rejects. */
  runAll(): Promise<void> {
    this.#fullRound ??= keepAliveDuring(this.#runRound('all')).finally(() => {
      this.#fullRound = undefined
    })
    return this.#fullRound
  }

  /** Stops the timer. Rounds in progress end without `onRoundEnd`. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #runRound(which: 'due' | 'all'): Promise<void> {
    const { before, onRoundEnd, warnOnce } = this.#options
    try {
      // The next round is scheduled before this one ends, so one slow check does not delay the others.
      const runs = await this.#startRuns(which, before)
      await Promise.all(runs)
      // Checks that still have the status `unknown` are due earlier than they were when the round started.
      if (this.#isStarted) this.#schedule(this.#millisecondsUntilNext())
      if (!this.#isClosed) onRoundEnd()
    } catch (error) {
      warnOnce.warn('round', { kind: errorKind(error) }, 'a round of health checks failed; the next round is scheduled')
    }
  }

  /** Resolves when the runs have started, with a list: a promise of the runs themselves would wait for their end. */
  async #startRuns(which: 'due' | 'all', before: BeforeRun | undefined): Promise<ReadonlyArray<Promise<void>>> {
    try {
      if (before !== undefined) await (which === 'all' ? before.run() : before.runWhenDue())
      if (this.#isClosed) return []
      this.#hasNewChecks = false
      this.#lastRoundMs = performance.now()
      // Without checks, a source that throws does not schedule the next round at once.
      this.#checks = []
      this.#checks = [...this.#options.checks()]
      const due = this.#checks.filter(({ dueMs }) => which === 'all' || dueMs <= this.#lastRoundMs + timerToleranceMs)
      for (const check of due) check.dueMs = this.#lastRoundMs + check.settings.intervalMs
      // Runs of an earlier round are not awaited again: they would delay the changes that this round reports.
      return due.filter(({ isRunning }) => which === 'all' || !isRunning).map((check) => check.run(this.#semaphore))
    } finally {
      if (this.#isStarted) this.#schedule(this.#millisecondsUntilNext())
    }
  }

  #millisecondsUntilNext(): number {
    if (this.#hasNewChecks) return 0
    const nextMs = Math.min(this.#lastRoundMs + this.#options.intervalMs, ...this.#checks.map(({ dueMs }) => dueMs))
    // Timers truncate to whole milliseconds, and would fire early.
    return Math.max(0, Math.ceil(nextMs - performance.now()))
  }

  #schedule(inMs: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#runRound('due'), inMs)
    this.#timer.unref()
  }
}

/** Keeps the process alive while a caller awaits a round: every other timer of the monitor is unreferenced. */
async function keepAliveDuring(round: Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 1000)
  await round
  clearInterval(timer)
}
