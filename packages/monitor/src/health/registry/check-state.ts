import type { Semaphore } from '@wombat/instrumentation/internal'
import { eventLoopTurns } from '../../time/event-loop-turns.ts'
import type { Finding, HealthCheck, HealthCheckResult } from '../check.ts'
import type { CheckMetrics } from '../health-metrics.ts'
import { type CheckRun, startCheckRun } from '../scheduling/check-run.ts'
import { capStatus, type HealthStatus, isUnmeasurable } from '../status.ts'
import type { ResolvedCheckSettings } from './check-settings.ts'
import { nextReportedState, type ReportedState } from './hysteresis.ts'

/** What a check state needs. */
export interface CheckStateOptions {
  readonly check: HealthCheck
  readonly settings: ResolvedCheckSettings
  /** Unix time in milliseconds. */
  readonly clock: () => number
  readonly createMetrics: (state: CheckState) => CheckMetrics
  /** Called after each result. */
  readonly onResult: (state: CheckState) => void
  /** Runs synchronous work and records how long it took. */
  readonly trackTime: <Result>(work: () => Result) => Result
}

/**
 * A check that finds `unknown`, because a store is opening for example, runs again after this time, which doubles with each run
 * up to the maximum.
 */
const minRetryMs = 50
const maxRetryMs = 1000

/** A result older than this many intervals is reported as `unknown`. */
const staleIntervals = 3

/** One check and the state of it. It runs at most once at a time, however long a run takes. */
export class CheckState {
  /** When it runs next, on the clock of `performance.now()`. */
  dueMs = 0
  /** The last status that was reported as a change; undefined before the first. */
  reportedStatus: HealthStatus | undefined
  readonly #options: CheckStateOptions
  readonly #metrics: CheckMetrics
  #addedMs: number
  #check: HealthCheck
  #settings: ResolvedCheckSettings
  #state: ReportedState | undefined
  #lastCheckMs: number | undefined
  #durationSeconds: number | undefined
  /** Resolves at the end of the current run, which may still wait for the semaphore. */
  #running: Promise<void> | undefined
  /** The run that has not settled, before or after its timeout. */
  #run: CheckRun | undefined
  /** When the run started that has timed out and has not settled, on the clock of `performance.now()`. */
  #hangingSinceMs: number | undefined
  #retryMs = minRetryMs
  #isRemoved = false

  constructor(options: CheckStateOptions) {
    this.#options = options
    this.#check = options.check
    this.#settings = options.settings
    this.#addedMs = options.clock()
    this.#metrics = options.createMetrics(this)
  }

  get check(): HealthCheck {
    return this.#check
  }

  get settings(): ResolvedCheckSettings {
    return this.#settings
  }

  get hasRun(): boolean {
    return this.#lastCheckMs !== undefined
  }

  /** Whether a run is in progress that has not timed out, or waits for the semaphore. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Replaces the check by one of the same name that its source created anew. The state is kept. */
  replace(check: HealthCheck, settings: ResolvedCheckSettings): void {
    this.#check = check
    this.#settings = settings
  }

  /**
   * Runs the check, or waits for the current run. While a run hangs after its timeout, no second one is started: the call counts
   * as a run that timed out.
   */
  run(semaphore: Semaphore): Promise<void> {
    if (this.#running !== undefined) return this.#running
    if (this.#hangingSinceMs !== undefined) {
      this.#record(this.#createHangingFinding(this.#hangingSinceMs))
      return Promise.resolve()
    }
    this.#running = semaphore
      .run(() => this.#runOnce())
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  /** Returns the current status; `unknown` if the check has not run, or if its result is stale. */
  currentStatus(): HealthStatus {
    const nowMs = this.#options.clock()
    return this.#state === undefined || nowMs > this.freshUntilMs ? 'unknown' : this.#state.status
  }

  /** Unix time in milliseconds until which the last result is valid. */
  get freshUntilMs(): number {
    const { intervalMs } = this.#settings
    return this.#lastCheckMs === undefined ? Number.POSITIVE_INFINITY : this.#lastCheckMs + staleIntervals * intervalMs
  }

  /** Returns the state to report at a time. */
  result(nowMs: number): HealthCheckResult {
    const { name, store } = this.#check
    const { maxStatus, intervalMs } = this.#settings
    const fields = {
      name,
      ...(store !== undefined && { store }),
      ...(maxStatus !== 'critical' && { maxStatus }),
      lastCheckMs: this.#lastCheckMs,
      durationSeconds: this.#durationSeconds,
    }
    if (this.#state === undefined || this.#lastCheckMs === undefined) {
      return { ...fields, status: 'unknown', message: 'Has not run yet', sinceMs: this.#addedMs }
    }
    if (nowMs > this.freshUntilMs) {
      const message = `Last run ${formatSeconds(nowMs - this.#lastCheckMs)} ago, expected every ${formatSeconds(intervalMs)}`
      return { ...fields, status: 'unknown', message, sinceMs: this.freshUntilMs }
    }
    const { status, sinceMs, finding } = this.#state
    return { ...fields, ...finding, status, sinceMs }
  }

  /** Records that a status was reported. `isChange` is false for a first result that is healthy. */
  markReported(status: HealthStatus, isChange: boolean): void {
    this.reportedStatus = status
    if (isChange) this.#metrics.recordChange()
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#addedMs += deltaMs
    if (this.#lastCheckMs !== undefined) this.#lastCheckMs += deltaMs
    if (this.#state !== undefined) this.#state = { ...this.#state, sinceMs: this.#state.sinceMs + deltaMs }
  }

  /** Aborts the current run, ignores its result, and withdraws the metrics. */
  remove(): void {
    this.#isRemoved = true
    this.#run?.abort()
    this.#metrics.remove()
  }

  async #runOnce(): Promise<void> {
    // Many checks are due at the same time.
    if (eventLoopTurns.isUsedUp()) await eventLoopTurns.next()
    if (this.#isRemoved) return
    const startMs = performance.now()
    const context = { nowMs: this.#options.clock(), previousStatus: this.currentStatus() }
    const run = this.#options.trackTime(() => startCheckRun(this.#check, this.#settings, context))
    this.#run = run
    let isSettled = false
    void run.settled.then(() => {
      isSettled = true
      this.#run = undefined
      this.#hangingSinceMs = undefined
    })
    const { finding, durationSeconds } = await run.outcome
    if (this.#isRemoved) return
    if (!isSettled) this.#hangingSinceMs = startMs
    this.#durationSeconds = durationSeconds
    this.#metrics.recordRun(durationSeconds)
    this.#record(finding)
  }

  #record(finding: Finding): void {
    const { clock, onResult } = this.#options
    const nowMs = clock()
    // A stale state does not describe the present: after it, the first finding is reported at once.
    const state = nowMs > this.freshUntilMs ? undefined : this.#state
    // `unknown` is not a severity: `maxStatus` limits what it adds to the whole, not what the check itself reports.
    const status = finding.status === 'unknown' ? 'unknown' : capStatus(finding.status, this.#settings.maxStatus)
    this.#state = nextReportedState(state, { ...finding, status }, nowMs, this.#settings)
    this.#lastCheckMs = nowMs
    this.#scheduleRetry(finding.status === 'unknown' && !isUnmeasurable(finding))
    onResult(this)
  }

  #scheduleRetry(isUnknown: boolean): void {
    if (isUnknown) this.dueMs = Math.min(this.dueMs, performance.now() + this.#retryMs)
    this.#retryMs = isUnknown ? Math.min(2 * this.#retryMs, maxRetryMs) : minRetryMs
  }

  #createHangingFinding(sinceMs: number): Finding {
    const { timeoutMs, statusOnError } = this.#settings
    const age = formatSeconds(performance.now() - sinceMs)
    const message = `The check did not finish within ${timeoutMs} ms and is still running after ${age}`
    return { status: statusOnError, message, reason: 'timeout' }
  }
}

/** Two significant digits below ten seconds, whole seconds above. */
function formatSeconds(ms: number): string {
  return `${ms < 10_000 ? Number((ms / 1000).toPrecision(2)) : Math.round(ms / 1000)} s`
}
