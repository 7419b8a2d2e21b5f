import type { MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import type { Explain, Explanation, HealthCheck, HealthCheckResult } from '../check.ts'
import { HealthMetrics } from '../health-metrics.ts'
import type { WarnOnce } from '../warn-once.ts'
import { type CheckSettings, type ResolvedCheckSettings, resolveSettings } from './check-settings.ts'
import { type CheckSource, CheckSources, checkKey } from './check-sources.ts'
import { CheckState } from './check-state.ts'

/** What a check registry needs. */
export interface CheckRegistryOptions {
  /** Defaults for checks that set no interval or timeout. */
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly sources?: readonly CheckSource[]
  readonly settings?: Readonly<Record<string, CheckSettings>>
  readonly explain?: Explain
  readonly registry?: MetricsRegistry
  readonly clock: () => number
  readonly warnOnce: WarnOnce
}

/** Explained results, and the period in which they are valid. */
interface CachedResults {
  readonly results: readonly HealthCheckResult[]
  readonly fromMs: number
  readonly untilMs: number
}

/** All current checks with their state. */
export class CheckRegistry {
  readonly #options: CheckRegistryOptions
  readonly #sources: CheckSources
  readonly #metrics: HealthMetrics
  readonly #states = new Map<string, CheckState>()
  /** Checks of the first round that have not run yet; undefined before that round. */
  #pendingFirstRuns: Set<CheckState> | undefined
  #cache: CachedResults | undefined
  #isClosed = false

  constructor(options: CheckRegistryOptions) {
    this.#options = options
    this.#sources = new CheckSources(options.sources ?? [], options.warnOnce)
    this.#metrics = new HealthMetrics(options.registry, options.warnOnce)
  }

  /** Whether every check of the first round has run. */
  get isComplete(): boolean {
    return this.#pendingFirstRuns?.size === 0
  }

  get(key: string): CheckState | undefined {
    return this.#states.get(key)
  }

  /**
   * Registers a check. Returns a function that unregisters it.
   *
   * @throws TypeError if the check is not valid, or if its name and store are taken.
   */
  register(check: HealthCheck): () => void {
    const unregister = this.#sources.register(check)
    this.#updateStates()
    return () => {
      unregister()
      this.#updateStates()
    }
  }

  /** Removes a registered check. Returns whether there was one. */
  unregister(name: string, store: string | undefined): boolean {
    const wasRegistered = this.#sources.unregister(checkKey({ name, ...(store !== undefined && { store }) }))
    this.#updateStates()
    return wasRegistered
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    for (const state of this.#states.values()) state.shift(deltaMs)
    this.#cache = undefined
  }

  /** Reads the sources again and returns the checks for a new round. */
  refresh(): Iterable<CheckState> {
    this.#sources.refresh()
    this.#updateStates()
    this.#pendingFirstRuns ??= new Set([...this.#states.values()].filter(({ hasRun }) => !hasRun))
    return this.#states.values()
  }

  /** Returns the explained results. They are cached until one of them changes. */
  results(nowMs: number): readonly HealthCheckResult[] {
    const cache = this.#cache
    if (cache !== undefined && nowMs >= cache.fromMs && nowMs <= cache.untilMs) return cache.results
    this.#cache = this.#metrics.trackTime(() => this.#computeResults(nowMs))
    return this.#cache.results
  }

  #computeResults(nowMs: number): CachedResults {
    const { explain, warnOnce } = this.#options
    const states = [...this.#states.values()]
    const results = explainAll(
      states.map((state) => state.result(nowMs)),
      explain,
      nowMs,
      warnOnce,
    )
    // The message of a stale result contains its age in seconds, so it is valid for one second.
    const ends = states.map(({ freshUntilMs }) => (freshUntilMs < nowMs ? nowMs + 1000 : freshUntilMs))
    return { results, fromMs: nowMs, untilMs: Math.min(...ends) }
  }

  /** Removes all checks. The last results stay readable. */
  close(): void {
    this.#isClosed = true
    for (const state of this.#states.values()) state.remove()
  }

  /** Creates, replaces and removes states, so that there is one for each check that is enabled. */
  #updateStates(): void {
    if (this.#isClosed) return
    const { settings: allSettings = {}, ...defaults } = this.#options
    const checks = this.#sources.all()
    for (const [key, state] of this.#states) {
      if (checks.has(key)) continue
      state.remove()
      this.#states.delete(key)
      this.#pendingFirstRuns?.delete(state)
    }
    for (const [key, check] of checks) {
      const overrides = Object.hasOwn(allSettings, check.name) ? (allSettings[check.name] ?? {}) : {}
      if (overrides.enabled === false) continue
      const settings = resolveSettings(check, overrides, defaults)
      const state = this.#states.get(key)
      if (state === undefined) this.#states.set(key, this.#createState(check, settings))
      else state.replace(check, settings)
    }
    this.#cache = undefined
  }

  #createState(check: HealthCheck, settings: ResolvedCheckSettings): CheckState {
    return new CheckState({
      check,
      settings,
      clock: this.#options.clock,
      createMetrics: (state) => this.#metrics.create(check, () => state.currentStatus()),
      trackTime: (work) => this.#metrics.trackTime(work),
      onResult: (state) => {
        this.#pendingFirstRuns?.delete(state)
        this.#cache = undefined
      },
    })
  }
}

/** Adds an explanation to each result that is not healthy. If `explain` throws, the explanation is left out. */
function explainAll(
  results: readonly HealthCheckResult[],
  explain: Explain | undefined,
  nowMs: number,
  warnOnce: WarnOnce,
): readonly HealthCheckResult[] {
  const explainOne = (result: HealthCheckResult): Explanation | undefined => {
    if (result.status === 'healthy') return undefined
    try {
      return explain?.(result, results, nowMs)
    } catch (error) {
      const fields = { check: result.name, kind: errorKind(error) }
      warnOnce.warn(`explain ${result.name}`, fields, 'explaining a health check failed; its cause is left out')
      return undefined
    }
  }
  return Object.freeze(results.map((result) => Object.freeze({ ...explainOne(result), ...result })))
}
