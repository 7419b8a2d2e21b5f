import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import { BeforeRound } from './before-round.ts'
import { ChangeLog } from './change-log.ts'
import type { Explain, HealthChange, HealthCheck, HealthCheckResult, HealthReport } from './check.ts'
import { type CheckSource, keyOf } from './check-list.ts'
import { type CheckSettings, millisecondsFault, settingsFault } from './check-plan.ts'
import { Rounds } from './rounds.ts'
import { SaidOnce } from './said-once.ts'
import { overall } from './status.ts'
import { WatchedChecks } from './watched-checks.ts'

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
  readonly beforeRound?: () => Promise<void>
  /** Unix time in milliseconds (default `Date.now`). */
  readonly clock?: () => number
}

/**
 * Runs health checks in the background and knows what they found: looking at it runs nothing, however often it is done. Checks
 * that hang, throw or return nonsense are unwell; they hold up neither the other checks nor whoever looks.
 */
export class HealthMonitor {
  readonly #clock: () => number
  readonly #checks: WatchedChecks
  readonly #changes: ChangeLog
  readonly #rounds: Rounds
  readonly #isEnabled: boolean
  #isStopping = false
  #isClosed = false

  /** @throws TypeError when an option cannot be what it is. */
  constructor(options: HealthMonitorOptions) {
    const { logger, onChange, beforeRound, intervalMs, timeoutMs, parallel = 8, settings = {}, clock = Date.now } = options
    check({ intervalMs, timeoutMs, parallel, settings })
    const notes = new SaidOnce(logger)
    this.#isEnabled = options.enabled ?? true
    this.#clock = clock
    this.#checks = new WatchedChecks({ ...options, clock, notes })
    this.#changes = new ChangeLog({ logger, onChange, notes })
    this.#rounds = new Rounds({
      intervalMs,
      parallel,
      before: beforeRound && new BeforeRound({ work: beforeRound, intervalMs, timeoutMs, notes }),
      checks: () => this.#checks.asked(),
      ended: () => this.#conclude(),
      notes,
    })
  }

  /**
   * Adds a check; while the monitor runs, it is looked at now. Returns the way back.
   *
   * @throws TypeError when it cannot be run or named, or its name is taken.
   */
  register(check: HealthCheck): () => void {
    const forget = this.#checks.register(check)
    this.#rounds.hurry()
    return forget
  }

  /** Takes away a check that was registered; says whether there was one. What a source gives goes when the source says so. */
  unregister(name: string, store?: string): boolean {
    return this.#checks.unregister(name, store)
  }

  /** The sources have other checks: those that are new run now. */
  refresh(): void {
    this.#rounds.hurry()
  }

  /** The first round is now, where checks run by themselves. The process is not kept alive. */
  start(): void {
    if (this.#isEnabled && !this.#isClosed) this.#rounds.start()
  }

  /** Runs every check now, whatever its interval; one that is running already is waited for. Never rejects. */
  async runHealthChecks(): Promise<readonly HealthCheckResult[]> {
    if (!this.#isClosed) await this.#rounds.all()
    return this.#checks.results(this.#clock())
  }

  /** What is known now. Runs no check. */
  report(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks.results(timeMs)
    return { status: this.#checks.isKnown ? overall(checks) : 'unknown', timeMs, phase: this.#phase, checks }
  }

  /**
   * What is known of the checks that say whether a restart would help; healthy where there is none. What is not known, at the
   * start for example, speaks for no restart.
   */
  liveness(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks.results(timeMs).filter((result) => this.#checks.get(keyOf(result))?.check.isForLiveness === true)
    return { status: overall(checks.filter(({ status }) => status !== 'unknown')), timeMs, phase: this.#phase, checks }
  }

  /** From now on the reports say that the process is being shut down; checks go on. */
  beginShutdown(): void {
    this.#isStopping = true
  }

  /** The last hundred, oldest first. */
  get changes(): readonly HealthChange[] {
    return this.#changes.kept
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
      const watched = this.#checks.get(keyOf(check))
      const from = watched?.toldStatus
      const to = check.status
      if (watched === undefined || to === (from ?? 'unknown')) continue
      const isNews = from !== undefined || to !== 'healthy'
      watched.tell(to, isNews)
      const change = Object.freeze({ check, from: from ?? 'unknown', to, timeMs: check.sinceMs })
      if (isNews) this.#changes.tell(change)
      else this.#changes.tellWell(change)
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
    const fault = millisecondsFault(ms)
    if (fault !== undefined) throw new TypeError(`${name} ${fault}`)
  }
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new TypeError(`parallel must be a whole number of 1 or more, got ${String(parallel)}: none would ever run`)
  }
  for (const [name, own] of Object.entries(settings)) {
    const fault = settingsFault(own)
    if (fault !== undefined) throw new TypeError(`settings of the health check ${name}: ${fault}`)
  }
}
