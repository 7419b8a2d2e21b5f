import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import { BeforeRound } from './before-round.ts'
import { ChangeLog } from './change-log.ts'
import type { Explain, HealthChange, HealthCheck, HealthCheckResult, HealthReport } from './check.ts'
import { CheckList, type CheckSource, keyOf } from './check-list.ts'
import { type CheckSettings, planOf } from './check-plan.ts'
import { checkedOptions } from './checked-options.ts'
import { explained } from './explained.ts'
import { HealthMetrics } from './health-metrics.ts'
import { overall } from './overall.ts'
import { Rounds } from './rounds.ts'
import { SaidOnce } from './said-once.ts'
import { WatchedCheck } from './watched-check.ts'

export interface HealthMonitorOptions {
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
  /** Done first in each round, the metrics remembered for example. The checks run whether it succeeds or not. */
  readonly beforeRound?: () => Promise<void>
  /** Unix time in milliseconds (default `Date.now`). */
  readonly clock?: () => number
}

/** The results at one moment, as long as they stay the same. */
interface View {
  readonly results: readonly HealthCheckResult[]
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * Runs health checks in the background and knows what they found: looking at it runs nothing, however often it is done. Checks
 * that hang, throw or return nonsense are unwell; they hold up neither the other checks nor whoever looks.
 */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions
  readonly #clock: () => number
  readonly #notes: SaidOnce
  readonly #list: CheckList
  readonly #metrics: HealthMetrics
  readonly #changes: ChangeLog
  readonly #rounds: Rounds
  readonly #watched = new Map<string, WatchedCheck>()
  /** The checks that were there at the start and have not run yet; undefined before the sources were asked. */
  #awaited: Set<WatchedCheck> | undefined
  #view: View | undefined
  #isStopping = false
  #isClosed = false

  /** @throws TypeError when an option cannot be what it is. */
  constructor(options: HealthMonitorOptions) {
    this.#options = checkedOptions(options)
    const { logger, onChange, registry, beforeRound, intervalMs, timeoutMs, parallel = 8 } = options
    this.#clock = options.clock ?? Date.now
    const notes = new SaidOnce(logger)
    this.#notes = notes
    this.#list = new CheckList(options.sources ?? [], notes)
    this.#metrics = new HealthMetrics(registry, notes)
    this.#changes = new ChangeLog({ logger, onChange, notes })
    this.#rounds = new Rounds({
      intervalMs,
      parallel,
      before: beforeRound && new BeforeRound(beforeRound, timeoutMs, notes),
      checks: () => this.#asked(),
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
    const forget = this.#list.register(check)
    this.#reconcile()
    this.#rounds.hurry()
    return () => {
      forget()
      this.#reconcile()
    }
  }

  /** Takes away a check that was registered; says whether there was one. What a source gives goes when the source says so. */
  unregister(name: string, store?: string): boolean {
    const wasThere = this.#list.unregister(keyOf({ name, ...(store !== undefined && { store }) }))
    this.#reconcile()
    return wasThere
  }

  /** The first round is now. The process is not kept alive. */
  start(): void {
    if (!this.#isClosed) this.#rounds.start()
  }

  /** Runs every check now, whatever its interval; one that is running already is waited for. Never rejects. */
  async runHealthChecks(): Promise<readonly HealthCheckResult[]> {
    if (!this.#isClosed) await this.#rounds.all()
    return this.#results(this.#clock())
  }

  /** What is known now. Runs no check. */
  report(): HealthReport {
    const timeMs = this.#clock()
    const phase = this.#phase
    const checks = this.#results(timeMs)
    const isKnown = this.#awaited?.size === 0
    return { status: isKnown ? overall(checks) : 'unknown', timeMs, phase, checks }
  }

  /**
   * What is known of the checks that say whether a restart would help; healthy where there is none. What is not known, at the
   * start for example, speaks for no restart.
   */
  liveness(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#results(timeMs).filter((result) => this.#watched.get(keyOf(result))?.check.isForLiveness === true)
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
    for (const watched of this.#watched.values()) watched.remove()
  }

  get #phase(): HealthReport['phase'] {
    if (this.#isStopping) return 'stopping'
    return this.#awaited?.size === 0 ? 'running' : 'starting'
  }

  #asked(): Iterable<WatchedCheck> {
    this.#list.ask()
    this.#reconcile()
    this.#awaited ??= new Set([...this.#watched.values()].filter(({ hasRun }) => !hasRun))
    return this.#watched.values()
  }

  /** Makes what is watched be what is listed. */
  #reconcile(): void {
    if (this.#isClosed) return
    const { settings = {}, ...defaults } = this.#options
    const listed = this.#list.all()
    for (const [key, watched] of this.#watched) {
      if (listed.has(key)) continue
      watched.remove()
      this.#watched.delete(key)
      this.#awaited?.delete(watched)
    }
    for (const [key, check] of listed) {
      const own = Object.hasOwn(settings, check.name) ? (settings[check.name] ?? {}) : {}
      if (own.enabled === false) continue
      const plan = planOf(check, own, defaults)
      const known = this.#watched.get(key)
      if (known === undefined) this.#watched.set(key, this.#watch(check, plan))
      else known.replace(check, plan)
    }
    this.#view = undefined
  }

  #watch(check: HealthCheck, plan: WatchedCheck['plan']): WatchedCheck {
    return new WatchedCheck({
      check,
      plan,
      clock: this.#clock,
      metricsOf: (watched) => this.#metrics.of(check, () => watched.statusNow()),
      busy: (seconds) => this.#metrics.busy(seconds),
      judged: (watched) => {
        this.#awaited?.delete(watched)
        this.#view = undefined
      },
    })
  }

  #results(nowMs: number): readonly HealthCheckResult[] {
    const view = this.#view
    if (view !== undefined && nowMs >= view.fromMs && nowMs <= view.untilMs) return view.results
    const startMs = performance.now()
    const watched = [...this.#watched.values()]
    const results = explained(
      watched.map((one) => one.result(nowMs)),
      this.#options.explain,
      nowMs,
      this.#notes,
    )
    // A stale result says for how long, which is good for a second.
    const ends = watched.map(({ freshUntilMs }) => (freshUntilMs < nowMs ? nowMs + 1000 : freshUntilMs))
    this.#view = { results, fromMs: nowMs, untilMs: Math.min(...ends) }
    this.#metrics.busy((performance.now() - startMs) / 1000)
    return results
  }

  /** Says what became different since it was last said. Only here, where all are known, can it be said why. */
  #conclude(): void {
    const timeMs = this.#clock()
    for (const check of this.#results(timeMs)) {
      const watched = this.#watched.get(keyOf(check))
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
