import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import { ChangeLog } from './change-log.ts'
import type { Explain, HealthChange, HealthCheck, HealthCheckResult, HealthReport } from './check.ts'
import { CheckRegistry } from './registry/check-registry.ts'
import { type CheckSettings, validateMilliseconds, validateSettings } from './registry/check-settings.ts'
import { type CheckSource, checkKey } from './registry/check-sources.ts'
import { BeforeRun } from './scheduling/before-run.ts'
import { CheckScheduler } from './scheduling/check-scheduler.ts'
import { isUnmeasurable, worstStatus } from './status.ts'
import { WarnOnce } from './warn-once.ts'

/** What a health monitor runs, and where it reports. */
export interface HealthMonitorOptions {
  /** Whether checks run in the background after `start()`. Default: true. If false, only `runHealthChecks` runs them. */
  readonly enabled?: boolean
  /** Milliseconds between two runs of a check that sets no interval, and between two reads of the sources. */
  readonly intervalMs: number
  /** Milliseconds that a check may take that sets no timeout. */
  readonly timeoutMs: number
  /** How many checks may run at the same time. Default: 8. */
  readonly concurrency?: number
  /** Return the checks that exist now, for example one for each open store. Read before each round. */
  readonly sources?: readonly CheckSource[]
  /** Overrides by name of check. */
  readonly settings?: Readonly<Record<string, CheckSettings>>
  /** Explains results that are not healthy. */
  readonly explain?: Explain
  /** Where the metrics of the checks are recorded. */
  readonly registry?: MetricsRegistry
  readonly logger?: Logger
  /** Called with each change of the status of a check. */
  readonly onChange?: (change: HealthChange) => void
  /**
   * Runs before a round of all checks, at most once every `intervalMs`, for example to collect the metrics that they read. The
   * checks run whether it succeeds or not.
   */
  readonly beforeRun?: () => Promise<void>
  /** Returns Unix time in milliseconds. Default: `Date.now`. */
  readonly clock?: () => number
}

/**
 * Runs health checks in the background and keeps their results. Reading a report runs no check. A check that hangs, throws or
 * returns an invalid finding is unhealthy; it delays neither the other checks nor the reader.
 *
 * @example
 * ```ts
 * import { HealthMonitor } from '@wombat/monitor'
 *
 * const monitor = new HealthMonitor({
 *   intervalMs: 30_000,
 *   timeoutMs: 5_000,
 *   onChange: ({ check, from, to }) => console.log(`${check.name}: ${from} > ${to}`),
 * })
 * monitor.register({
 *   name: 'payment_gateway',
 *   statusOnError: 'degraded',
 *   run: async ({ signal }) => {
 *     signal.throwIfAborted()
 *     return { status: 'healthy', message: 'The gateway responds' }
 *   },
 * })
 * await monitor.runHealthChecks()
 * console.log(monitor.report().status) // healthy
 * monitor.close()
 * ```
 */
export class HealthMonitor {
  readonly #clock: () => number
  readonly #checks: CheckRegistry
  readonly #changes: ChangeLog
  readonly #scheduler: CheckScheduler
  readonly #warnOnce: WarnOnce
  readonly #isEnabled: boolean
  #isStopping = false
  #isClosed = false

  /** @throws TypeError if an option is not valid. */
  constructor(options: HealthMonitorOptions) {
    const {
      registry,
      logger,
      onChange,
      beforeRun,
      intervalMs,
      timeoutMs,
      concurrency = 8,
      settings = {},
      clock = Date.now,
    } = options
    validateOptions({ intervalMs, timeoutMs, concurrency, settings })
    const warnOnce = new WarnOnce(logger)
    this.#warnOnce = warnOnce
    this.#isEnabled = options.enabled ?? true
    this.#clock = clock
    this.#checks = new CheckRegistry({ ...options, clock, warnOnce })
    this.#changes = new ChangeLog({ logger, onChange, warnOnce, registry })
    this.#scheduler = new CheckScheduler({
      intervalMs,
      concurrency,
      before: beforeRun && new BeforeRun({ task: beforeRun, intervalMs, timeoutMs, warnOnce }),
      checks: () => this.#checks.refresh(),
      onRoundEnd: () => this.#reportChanges(),
      warnOnce,
    })
  }

  /**
   * Registers a check. If the monitor is started, the check runs now. Returns a function that unregisters it.
   *
   * @throws TypeError if the check is not valid, or if its name and store are taken.
   */
  register(check: HealthCheck): () => void {
    const unregister = this.#checks.register(check)
    this.#scheduler.runSoon()
    return unregister
  }

  /** Removes a registered check. Returns whether there was one. Checks of a source are removed only by their source. */
  unregister(name: string, store?: string): boolean {
    return this.#checks.unregister(name, store)
  }

  /** Reads the sources again now. New checks run at once. */
  refresh(): void {
    this.#scheduler.runSoon()
  }

  /** Starts the background runs, the first one now, unless `enabled` is false. The process is not kept alive. */
  start(): void {
    if (this.#isEnabled && !this.#isClosed) this.#scheduler.start()
  }

  /** Runs every check now, due or not, and returns the results. Waits for checks that are running. Never rejects. */
  async runHealthChecks(): Promise<readonly HealthCheckResult[]> {
    if (!this.#isClosed) await this.#scheduler.runAll()
    return this.#checks.results(this.#clock())
  }

  /** Returns the last results of all checks. Runs none. */
  report(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks.results(timeMs)
    return { status: this.#checks.isComplete ? worstStatus(checks) : 'unknown', timeMs, phase: this.#phase, checks }
  }

  /**
   * Returns the last results of the checks with `isForLiveness`. The status is `healthy` if there are none. A check that is
   * `unknown`, at the start for example, does not call for a restart and does not count.
   */
  liveness(): HealthReport {
    const timeMs = this.#clock()
    const checks = this.#checks
      .results(timeMs)
      .filter((result) => this.#checks.get(checkKey(result))?.check.isForLiveness === true)
    return { status: worstStatus(checks.filter(({ status }) => status !== 'unknown')), timeMs, phase: this.#phase, checks }
  }

  /** Sets the phase of all reports to `stopping`. Checks continue to run. */
  beginShutdown(): void {
    this.#isStopping = true
  }

  /** Moves all times by milliseconds: call it when the clock that the monitor reads was set. */
  shift(deltaMs: number): void {
    this.#checks.shift(deltaMs)
    this.#changes.shift(deltaMs)
  }

  /** The last 100 changes, oldest first. */
  get changes(): readonly HealthChange[] {
    return this.#changes.changes
  }

  /** Stops without waiting for checks: running ones are aborted by their signal. The last results stay readable. */
  close(): void {
    this.#isClosed = true
    this.#scheduler.close()
    this.#checks.close()
  }

  get #phase(): HealthReport['phase'] {
    if (this.#isStopping) return 'stopping'
    if (!this.#isEnabled) return 'off'
    return this.#checks.isComplete ? 'running' : 'starting'
  }

  /** Reports what changed since the last round. Only at its end, with all results, can a change be explained. */
  #reportChanges(): void {
    const timeMs = this.#clock()
    for (const check of this.#checks.results(timeMs)) {
      this.#reportUnmeasurable(check)
      const state = this.#checks.get(checkKey(check))
      const from = state?.reportedStatus
      const to = check.status
      if (state === undefined || to === (from ?? 'unknown')) continue
      const isChange = from !== undefined || to !== 'healthy'
      state.markReported(to, isChange)
      const change = Object.freeze({ check, from: from ?? 'unknown', to, timeMs: check.sinceMs })
      if (isChange) this.#changes.record(change)
      else this.#changes.logInitialHealthy(change)
    }
  }

  /** Logs once that a check cannot measure: its first result is no change of its status. */
  #reportUnmeasurable(check: HealthCheckResult): void {
    const topic = `unmeasurable ${checkKey(check)}`
    if (!isUnmeasurable(check)) {
      this.#warnOnce.reset(topic)
      return
    }
    const { name, store, message } = check
    const fields = { check: name, ...(store !== undefined && { store }), message }
    this.#warnOnce.warn(topic, fields, 'a health check cannot measure; readiness does not depend on it')
  }
}

/** @throws TypeError */
function validateOptions({
  concurrency,
  settings,
  ...times
}: Required<Pick<HealthMonitorOptions, 'intervalMs' | 'timeoutMs' | 'concurrency' | 'settings'>>): void {
  for (const [name, ms] of Object.entries(times)) {
    const problem = validateMilliseconds(ms)
    if (problem !== undefined) throw new TypeError(`${name} ${problem}`)
  }
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new TypeError(
      `concurrency must be a whole number of 1 or more, got ${String(concurrency)}: otherwise no check could run`,
    )
  }
  for (const [name, overrides] of Object.entries(settings)) {
    const problem = validateSettings(overrides)
    if (problem !== undefined) throw new TypeError(`settings of the health check ${name}: ${problem}`)
  }
}
