import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import { ChangeLog } from './change-log.ts'
import type { Explain, HealthChange, HealthCheck, HealthCheckResult, HealthReport } from './check.ts'
import { CheckRegistry } from './registry/check-registry.ts'
import { type CheckSettings, validateMilliseconds, validateSettings } from './registry/check-settings.ts'
import { type CheckSource, checkKey } from './registry/check-sources.ts'
import { BeforeRun } from './scheduling/before-run.ts'
import { CheckScheduler } from './scheduling/check-scheduler.ts'
import { worstStatus } from './status.ts'
import { WarnOnce } from './warn-once.ts'

export interface HealthMonitorOptions {
  /** Whether checks run by themselves once it is started (default true); else only those of `runHealthChecks` do. */
  readonly enabled?: boolean
  /** How often a check runs that does not say so itself, and how often the sources are asked. */
  readonly intervalMs: number
  /** How long a check may take that does not say so itself. */
  readonly timeoutMs: number
  /** How many checks run at once (default 8). */
  readonly parallel?: number
  /** Checks that come and go with the stores: asked at the beginning of each round. */
  readonly sources?: readonly CheckSource[]
  /** By a check's name: overrides what the check says of itself. */
  readonly settings?: Readonly<Record<string, CheckSettings>>
  readonly explain?: Explain
  readonly registry?: MetricsRegistry
  readonly logger?: Logger
  readonly onChange?: (change: HealthChange) => void
  /**
   * Done first in a round of all checks, the metrics remembered for example, and no more often than every `intervalMs`. The checks
   * run whether it succeeds or not.
   */
  readonly beforeRun?: () => Promise<void>
  /** Unix time in milliseconds (default `Date.now`). */
  readonly clock?: () => number
}

/**
 * Runs health checks in the background and knows what they found: looking at it runs nothing, however often it is done. Checks
 * that hang, throw or return nonsense are unwell; they hold up neither the other checks nor whoever looks.
 */
export class HealthMonitor {
  readonly #clock: () => number
  readonly #checks: CheckRegistry
  readonly #changes: ChangeLog
  readonly #rounds: CheckScheduler
  readonly #isEnabled: boolean
  #isStopping = false
  #isClosed = false

  /** @throws TypeError when an option cannot be what it is. */
  constructor(options: HealthMonitorOptions) {
    const { logger, onChange, beforeRun, intervalMs, timeoutMs, parallel = 8, settings = {}, clock = Date.now } = options
    check({ intervalMs, timeoutMs, parallel, settings })
    const warnOnce = new WarnOnce(logger)
    this.#isEnabled = options.enabled ?? true
    this.#clock = clock
    this.#checks = new CheckRegistry({ ...options, clock, warnOnce })
    this.#changes = new ChangeLog({ logger, onChange, warnOnce })
    this.#rounds = new CheckScheduler({
      intervalMs,
      parallel,
      before: beforeRun && new BeforeRun({ work: beforeRun, intervalMs, timeoutMs, warnOnce }),
      checks: () => this.#checks.asked(),
      onRunEnd: () => this.#conclude(),
      warnOnce,
    })
  }

  /**
   * Adds a check; while the monitor runs, it is looked at now. Returns the way back.
   *
   * @throws TypeError when it cannot be run or named, or its name is taken.
   */
  register(check: HealthCheck): () => void {
    const forget = this.#checks.register(check)
    this.#rounds.runSoon()
    return forget
  }

  /** Takes away a check that was registered; says whether there was one. What a source gives goes when the source says so. */
  unregister(name: string, store?: string): boolean {
    return this.#checks.unregister(name, store)
  }

  /** The sources have other checks: those that are new run now. */
  refresh(): void {
    this.#rounds.runSoon()
  }

  /** The first round is now, where checks run by themselves. The process is not kept alive. */
  start(): void {
    if (this.#isEnabled && !this.#isClosed) this.#rounds.start()
  }

  /** Runs every check now, whatever its interval; one that is running already is waited for. Never rejects. */
  async runHealthChecks(): Promise<readonly HealthCheckResult[]> {
    if (!this.#isClosed) await this.#rounds.runAll()
    return this.#checks.results(this.#clock())
  }

  /** What is known now. Runs no check. */
  report(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks.results(timeMs)
    return { status: this.#checks.isKnown ? worstStatus(checks) : 'unknown', timeMs, phase: this.#phase, checks }
  }

  /**
   * What is known of the checks that say whether a restart would help; healthy where there is none. What is not known, at the
   * start for example, speaks for no restart.
   */
  liveness(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks
      .results(timeMs)
      .filter((result) => this.#checks.get(checkKey(result))?.check.isForLiveness === true)
    return { status: worstStatus(checks.filter(({ status }) => status !== 'unknown')), timeMs, phase: this.#phase, checks }
  }

  /** From now on the reports say that the process is being shut down; checks go on. */
  beginShutdown(): void {
    this.#isStopping = true
  }

  /** The last hundred, oldest first. */
  get changes(): readonly HealthChange[] {
    return this.#changes.changes
  }

  /** Stops, without waiting for any check: those that run are told by their signal. What was known can still be looked at. */
  close(): void {
    this.#isClosed = true
    this.#rounds.close()
    this.#checks.close()
  }

  get #phase(): HealthReport['phase'] {
    if (this.#isStopping) return 'stopping'
    if (!this.#isEnabled) return 'off'
    return this.#checks.isKnown ? 'running' : 'starting'
  }

  /** Says what became different since it was last said. Only here, where all are known, can it be said why. */
  #conclude(): void {
    const timeMs = this.#clock()
    for (const check of this.#checks.results(timeMs)) {
      const watched = this.#checks.get(checkKey(check))
      const from = watched?.reportedStatus
      const to = check.status
      if (watched === undefined || to === (from ?? 'unknown')) continue
      const isNews = from !== undefined || to !== 'healthy'
      watched.report(to, isNews)
      const change = Object.freeze({ check, from: from ?? 'unknown', to, timeMs: check.sinceMs })
      if (isNews) this.#changes.log(change)
      else this.#changes.logRecovered(change)
    }
  }
}

/** @throws TypeError */
function check({
  parallel,
  settings,
  ...times
}: Required<Pick<HealthMonitorOptions, 'intervalMs' | 'timeoutMs' | 'parallel' | 'settings'>>): void {
  for (const [name, ms] of Object.entries(times)) {
    const fault = validateMilliseconds(ms)
    if (fault !== undefined) throw new TypeError(`${name} ${fault}`)
  }
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new TypeError(`parallel must be a whole number of 1 or more, got ${String(parallel)}: none would ever run`)
  }
  for (const [name, own] of Object.entries(settings)) {
    const fault = validateSettings(own)
    if (fault !== undefined) throw new TypeError(`settings of the health check ${name}: ${fault}`)
  }
}
