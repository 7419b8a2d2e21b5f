import type { Finding, HealthCheck, HealthCheckResult } from '../check.ts'
import type { CheckMetrics } from '../health-metrics.ts'
import { type CheckRun, startCheckRun } from '../scheduling/check-run.ts'
import type { Semaphore } from '../scheduling/semaphore.ts'
import { capStatus, type HealthStatus } from '../status.ts'
import type { ResolvedCheckSettings } from './check-settings.ts'
import { type ReportedState, step } from './hysteresis.ts'

export interface CheckStateOptions {
  readonly check: HealthCheck
  readonly plan: ResolvedCheckSettings
  /** Unix time in milliseconds. */
  readonly clock: () => number
  readonly metrics: (check: CheckState) => CheckMetrics
  /** Told after each verdict. */
  readonly onResult: (check: CheckState) => void
  /** Does work that keeps the event loop, and counts for how long. */
  readonly trackTime: <Result>(work: () => Result) => Result
}

/** What cannot tell yet, of a store that is being opened for example, is asked again so soon, and then after twice the time. */
const againMs = 50
const longestAgainMs = 1000

/** A result older than this many intervals says nothing any more. */
const staleIntervals = 3

/** One check with what is known of it. It runs at most once at a time, however long that takes. */
export class CheckState {
  /** When it is to run next, by `performance.now()`. */
  dueMs = 0
  /** What was last said of it to others; undefined while nothing was. */
  reportedStatus: HealthStatus | undefined
  readonly #options: CheckStateOptions
  readonly #metrics: CheckMetrics
  readonly #addedMs: number
  #check: HealthCheck
  #plan: ResolvedCheckSettings
  #state: ReportedState | undefined
  #judgedMs: number | undefined
  #durationSeconds: number | undefined
  /** The run in a slot, or waiting for one. */
  #flight: Promise<void> | undefined
  /** The run that is not done, in its time or past it. */
  #run: CheckRun | undefined
  #hangsSinceMs: number | undefined
  #againMs = againMs
  #isGone = false

  constructor(options: CheckStateOptions) {
    this.#options = options
    this.#check = options.check
    this.#plan = options.plan
    this.#addedMs = options.clock()
    this.#metrics = options.metrics(this)
  }

  get check(): HealthCheck {
    return this.#check
  }

  get plan(): ResolvedCheckSettings {
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
  replace(check: HealthCheck, plan: ResolvedCheckSettings): void {
    this.#check = check
    this.#plan = plan
  }

  /** Runs it, or waits with whoever runs it. While a run hangs past its time there is no second one: it is judged for that. */
  run(slots: Semaphore): Promise<void> {
    if (this.#flight !== undefined) return this.#flight
    if (this.#hangsSinceMs !== undefined) {
      this.#judge(this.#hanging(this.#hangsSinceMs))
      return Promise.resolve()
    }
    this.#flight = slots
      .run(() => this.#runOnce())
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
    const { maxStatus, intervalMs } = this.#plan
    const who = {
      name,
      ...(store !== undefined && { store }),
      ...(maxStatus !== 'critical' && { maxStatus }),
      lastCheckMs: this.#judgedMs,
      durationSeconds: this.#durationSeconds,
    }
    if (this.#state === undefined || this.#judgedMs === undefined) {
      return { ...who, status: 'unknown', message: 'Has not run yet', sinceMs: this.#addedMs }
    }
    if (nowMs > this.freshUntilMs) {
      const message = `Last run ${formatSeconds(nowMs - this.#judgedMs)} ago, expected every ${formatSeconds(intervalMs)}`
      return { ...who, status: 'unknown', message, sinceMs: this.freshUntilMs }
    }
    const { status, sinceMs, finding } = this.#state
    return { ...who, ...finding, status, sinceMs }
  }

  /** What was said of it changed. */
  report(status: HealthStatus, isNews: boolean): void {
    this.reportedStatus = status
    if (isNews) this.#metrics.publishStatus()
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
    const context = { nowMs: this.#options.clock(), previousStatus: this.statusNow() }
    const run = this.#options.trackTime(() => startCheckRun(this.#check, this.#plan, context))
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
    this.#metrics.recordRun(durationSeconds)
    this.#judge(finding)
  }

  #judge(finding: Finding): void {
    const { clock, onResult } = this.#options
    const nowMs = clock()
    // Of what was long ago nothing follows for now: after it, the first finding counts at once.
    const before = nowMs > this.freshUntilMs ? undefined : this.#state
    const { maxStatus } = this.#plan
    // Not to know is not bad: what it counts for is limited in the whole, where it is not hidden.
    const status = finding.status === 'unknown' ? 'unknown' : capStatus(finding.status, maxStatus)
    this.#state = step(before, { ...finding, status }, nowMs, this.#plan)
    this.#judgedMs = nowMs
    this.#askAgain(finding.status === 'unknown')
    onResult(this)
  }

  #askAgain(isUnknown: boolean): void {
    if (isUnknown) this.dueMs = Math.min(this.dueMs, performance.now() + this.#againMs)
    this.#againMs = isUnknown ? Math.min(2 * this.#againMs, longestAgainMs) : againMs
  }

  #hanging(sinceMs: number): Finding {
    const { timeoutMs, statusOnError } = this.#plan
    const message = `The check did not finish within ${timeoutMs} ms and still hangs after ${formatSeconds(performance.now() - sinceMs)}`
    return { status: statusOnError, message, reason: 'timeout' }
  }
}

/** Two digits below ten seconds, whole seconds above. */
function formatSeconds(ms: number): string {
  return `${ms < 10_000 ? Number((ms / 1000).toPrecision(2)) : Math.round(ms / 1000)} s`
}
