import type { MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import type { Explain, Explanation, HealthCheck, HealthCheckResult } from '../check.ts'
import { HealthMetrics } from '../health-metrics.ts'
import type { WarnOnce } from '../warn-once.ts'
import { type CheckSettings, type ResolvedCheckSettings, resolveSettings } from './check-settings.ts'
import { type CheckSource, CheckSources, checkKey } from './check-sources.ts'
import { CheckState } from './check-state.ts'

export interface CheckRegistryOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly sources?: readonly CheckSource[]
  readonly settings?: Readonly<Record<string, CheckSettings>>
  readonly explain?: Explain
  readonly registry?: MetricsRegistry
  readonly clock: () => number
  readonly warnOnce: WarnOnce
}

/** The results at one moment, for as long as they stay the same. */
interface View {
  readonly results: readonly HealthCheckResult[]
  readonly fromMs: number
  readonly untilMs: number
}

/** All checks that there are now, and what is known of them. */
export class CheckRegistry {
  readonly #options: CheckRegistryOptions
  readonly #list: CheckSources
  readonly #metrics: HealthMetrics
  readonly #watched = new Map<string, CheckState>()
  /** The checks of the first round that have not run yet; undefined before it. */
  #awaited: Set<CheckState> | undefined
  #view: View | undefined
  #isClosed = false

  constructor(options: CheckRegistryOptions) {
    this.#options = options
    this.#list = new CheckSources(options.sources ?? [], options.warnOnce)
    this.#metrics = new HealthMetrics(options.registry, options.warnOnce)
  }

  /** Whether every check of the first round has run. */
  get isKnown(): boolean {
    return this.#awaited?.size === 0
  }

  get(key: string): CheckState | undefined {
    return this.#watched.get(key)
  }

  /** Returns the way back. @throws TypeError */
  register(check: HealthCheck): () => void {
    const forget = this.#list.register(check)
    this.#reconcile()
    return () => {
      forget()
      this.#reconcile()
    }
  }

  unregister(name: string, store: string | undefined): boolean {
    const wasThere = this.#list.unregister(checkKey({ name, ...(store !== undefined && { store }) }))
    this.#reconcile()
    return wasThere
  }

  /** The checks for a new round: the sources are asked. */
  asked(): Iterable<CheckState> {
    this.#list.ask()
    this.#reconcile()
    this.#awaited ??= new Set([...this.#watched.values()].filter(({ hasRun }) => !hasRun))
    return this.#watched.values()
  }

  /** What is known at this moment, explained once for as long as it stays the same. */
  results(nowMs: number): readonly HealthCheckResult[] {
    const view = this.#view
    if (view !== undefined && nowMs >= view.fromMs && nowMs <= view.untilMs) return view.results
    this.#view = this.#metrics.trackTime(() => this.#viewAt(nowMs))
    return this.#view.results
  }

  #viewAt(nowMs: number): View {
    const { explain, warnOnce } = this.#options
    const watched = [...this.#watched.values()]
    const plain = watched.map((one) => one.result(nowMs))
    // A stale result says for how long, which is good for a second.
    const ends = watched.map(({ freshUntilMs }) => (freshUntilMs < nowMs ? nowMs + 1000 : freshUntilMs))
    return { results: explained(plain, explain, nowMs, warnOnce), fromMs: nowMs, untilMs: Math.min(...ends) }
  }

  close(): void {
    this.#isClosed = true
    for (const watched of this.#watched.values()) watched.remove()
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
      const plan = resolveSettings(check, own, defaults)
      const known = this.#watched.get(key)
      if (known === undefined) this.#watched.set(key, this.#watch(check, plan))
      else known.replace(check, plan)
    }
    this.#view = undefined
  }

  #watch(check: HealthCheck, plan: ResolvedCheckSettings): CheckState {
    return new CheckState({
      check,
      plan,
      clock: this.#options.clock,
      metrics: (watched) => this.#metrics.forCheck(check, () => watched.statusNow()),
      trackTime: (work) => this.#metrics.trackTime(work),
      onResult: (watched) => {
        this.#awaited?.delete(watched)
        this.#view = undefined
      },
    })
  }
}

/** The results with, for each that is not healthy, why. An explanation that fails is left out. */
function explained(
  results: readonly HealthCheckResult[],
  explain: Explain | undefined,
  nowMs: number,
  notes: WarnOnce,
): readonly HealthCheckResult[] {
  const explanationOf = (result: HealthCheckResult): Explanation | undefined => {
    if (result.status === 'healthy') return undefined
    try {
      return explain?.(result, results, nowMs)
    } catch (error) {
      notes.warn(`explain ${result.name}`, { check: result.name, kind: errorKind(error) }, 'health could not be explained')
      return undefined
    }
  }
  return Object.freeze(results.map((result) => Object.freeze({ ...explanationOf(result), ...result })))
}
