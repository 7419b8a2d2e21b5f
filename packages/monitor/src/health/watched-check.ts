import type { Finding, HealthCheck, HealthCheckResult } from './check.ts'
import type { CheckPlan } from './check-plan.ts'
import type { CheckMetrics } from './health-metrics.ts'
import { step, type ToldState } from './hysteresis.ts'
import { type CheckRun, startRun } from './runner.ts'
import type { Slots } from './slots.ts'
import { capped, type HealthStatus } from './status.ts'

export interface WatchedCheckOptions {
  readonly check: HealthCheck
  readonly plan: CheckPlan
  /** Unix time in milliseconds. */
  readonly clock: () => number
  readonly metricsOf: (check: WatchedCheck) => CheckMetrics
  /** Told after each verdict. */
  readonly judged: (check: WatchedCheck) => void
  /** Does work that keeps the event loop, and counts for how long. */
  readonly busy: <Result>(work: () => Result) => Result
}

/** What cannot tell yet, of a store that is being opened for example, is asked again so soon, and then after twice the time. */
const againMs = 50
const longestAgainMs = 1000

/** A result older than this many intervals says nothing any more. */
const staleIntervals = 3

/** One check with what is known of it. It runs at most once at a time, however long that takes. */
export class WatchedCheck {
  /** When it is to run next, by `performance.now()`. */
  dueMs = 0
  /** What was last said of it to others; undefined while nothing was. */
  toldStatus: HealthStatus | undefined
  readonly #options: WatchedCheckOptions
  readonly #metrics: CheckMetrics
  readonly #addedMs: number
  #check: HealthCheck
  #plan: CheckPlan
  #state: ToldState | undefined
  #judgedMs: number | undefined
  #durationSeconds: number | undefined
  /** The run in a slot, or waiting for one. */
  #flight: Promise<void> | undefined
  /** The run that is not done, in its time or past it. */
  #run: CheckRun | undefined
  #hangsSinceMs: number | undefined
  #againMs = againMs
  #isGone = false

  constructor(options: WatchedCheckOptions) {
    this.#options = options
    this.#check = options.check
    this.#plan = options.plan
    this.#addedMs = options.clock()
    this.#metrics = options.metricsOf(this)
  }

  get check(): HealthCheck {
    return this.#check
  }

  get plan(): CheckPlan {
    return this.#plan
  }

  get hasRun(): boolean {
    return this.#judgedMs !== undefined
  }

  /** Whether it runs within its time, or waits for a slot. */
  get isRunning(): boolean {
    return this.#flight !== undefined
  }

  /** The same check, made anew by its source. */
  replace(check: HealthCheck, plan: CheckPlan): void {
    this.#check = check
    this.#plan = plan
  }

  /** Runs it, or waits with whoever runs it. While a run hangs past its time there is no second one: it is judged for that. */
  look(slots: Slots): Promise<void> {
    if (this.#flight !== undefined) return this.#flight
    if (this.#hangsSinceMs !== undefined) {
      this.#judge(this.#hanging(this.#hangsSinceMs))
      return Promise.resolve()
    }
    this.#flight = slots
      .use(() => this.#runOnce())
      .finally(() => {
        this.#flight = undefined
      })
    return this.#flight
  }

  statusNow(): HealthStatus {
    const nowMs = this.#options.clock()
    return this.#state === undefined || nowMs > this.freshUntilMs ? 'unknown' : this.#state.status
  }

  /** Until when its last verdict holds. */
  get freshUntilMs(): number {
    return this.#judgedMs === undefined ? Number.POSITIVE_INFINITY : this.#judgedMs + staleIntervals * this.#plan.intervalMs
  }

  result(nowMs: number): HealthCheckResult {
    const { name, store } = this.#check
    const { atWorst, intervalMs } = this.#plan
    const who = {
      name,
      ...(store !== undefined && { store }),
      ...(atWorst !== 'critical' && { atWorst }),
      lastCheckMs: this.#judgedMs,
      durationSeconds: this.#durationSeconds,
    }
    if (this.#state === undefined || this.#judgedMs === undefined) {
      return { ...who, status: 'unknown', message: 'Has not run yet', sinceMs: this.#addedMs }
    }
    if (nowMs > this.freshUntilMs) {
      const message = `Last run ${inSeconds(nowMs - this.#judgedMs)} ago, expected every ${inSeconds(intervalMs)}`
      return { ...who, status: 'unknown', message, sinceMs: this.freshUntilMs }
    }
    const { status, sinceMs, finding } = this.#state
    return { ...who, ...finding, status, sinceMs }
  }

  /** What was said of it changed. */
  tell(status: HealthStatus, isNews: boolean): void {
    this.toldStatus = status
    if (isNews) this.#metrics.changed()
  }

  /** Whatever still runs is told to stop, and not listened to. */
  remove(): void {
    this.#isGone = true
    this.#run?.abort()
    this.#metrics.remove()
  }

  async #runOnce(): Promise<void> {
    if (this.#isGone) return
    const startMs = performance.now()
    const context = { nowMs: this.#options.clock(), before: this.statusNow() }
    const run = this.#options.busy(() => startRun(this.#check, this.#plan, context))
    this.#run = run
    let isSettled = false
    void run.settled.then(() => {
      isSettled = true
      this.#run = undefined
      this.#hangsSinceMs = undefined
    })
    const { finding, durationSeconds } = await run.outcome
    if (this.#isGone) return
    if (!isSettled) this.#hangsSinceMs = startMs
    this.#durationSeconds = durationSeconds
    this.#metrics.ran(durationSeconds)
    this.#judge(finding)
  }

  #judge(finding: Finding): void {
    const { clock, judged } = this.#options
    const nowMs = clock()
    // Of what was long ago nothing follows for now: after it, the first finding counts at once.
    const before = nowMs > this.freshUntilMs ? undefined : this.#state
    const { atWorst } = this.#plan
    // Not to know is not bad: what it counts for is limited in the whole, where it is not hidden.
    const status = finding.status === 'unknown' ? 'unknown' : capped(finding.status, atWorst)
    this.#state = step(before, { ...finding, status }, nowMs, this.#plan)
    this.#judgedMs = nowMs
    this.#askAgain(finding.status === 'unknown')
    judged(this)
  }

  #askAgain(isUnknown: boolean): void {
    if (isUnknown) this.dueMs = Math.min(this.dueMs, performance.now() + this.#againMs)
    this.#againMs = isUnknown ? Math.min(2 * this.#againMs, longestAgainMs) : againMs
  }

  #hanging(sinceMs: number): Finding {
    const { timeoutMs, onFailure } = this.#plan
    const message = `The check did not finish within ${timeoutMs} ms and still hangs after ${inSeconds(performance.now() - sinceMs)}`
    return { status: onFailure, message, reason: 'timeout' }
  }
}

/** Two digits below ten seconds, whole seconds above. */
function inSeconds(ms: number): string {
  return `${ms < 10_000 ? Number((ms / 1000).toPrecision(2)) : Math.round(ms / 1000)} s`
}
