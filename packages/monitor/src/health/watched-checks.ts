import { errorKind, type MetricsRegistry } from '@wombat/instrumentation'
import type { Explain, Explanation, HealthCheck, HealthCheckResult } from './check.ts'
import { CheckList, type CheckSource, keyOf } from './check-list.ts'
import { type CheckPlan, type CheckSettings, planOf } from './check-plan.ts'
import { HealthMetrics } from './health-metrics.ts'
import type { SaidOnce } from './said-once.ts'
import { WatchedCheck } from './watched-check.ts'

export interface WatchedChecksOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly sources?: readonly CheckSource[]
  readonly settings?: Readonly<Record<string, CheckSettings>>
  readonly explain?: Explain
  readonly registry?: MetricsRegistry
  readonly clock: () => number
  readonly notes: SaidOnce
}

/** The results at one moment, for as long as they stay the same. */
interface View {
  readonly results: readonly HealthCheckResult[]
  readonly fromMs: number
  readonly untilMs: number
}

/** All checks that there are now, and what is known of them. */
export class WatchedChecks {
  readonly #options: WatchedChecksOptions
  readonly #list: CheckList
  readonly #metrics: HealthMetrics
  readonly #watched = new Map<string, WatchedCheck>()
  /** The checks of the first round that have not run yet; undefined before it. */
  #awaited: Set<WatchedCheck> | undefined
  #view: View | undefined
  #isClosed = false

  constructor(options: WatchedChecksOptions) {
    this.#options = options
    this.#list = new CheckList(options.sources ?? [], options.notes)
    this.#metrics = new HealthMetrics(options.registry, options.notes)
  }

  /** Whether every check of the first round has run. */
  get isKnown(): boolean {
    return this.#awaited?.size === 0
  }

  get(key: string): WatchedCheck | undefined {
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
    const wasThere = this.#list.unregister(keyOf({ name, ...(store !== undefined && { store }) }))
    this.#reconcile()
    return wasThere
  }

  /** The checks for a new round: the sources are asked. */
  asked(): Iterable<WatchedCheck> {
    this.#list.ask()
    this.#reconcile()
    this.#awaited ??= new Set([...this.#watched.values()].filter(({ hasRun }) => !hasRun))
    return this.#watched.values()
  }

  /** What is known at this moment, explained once for as long as it stays the same. */
  results(nowMs: number): readonly HealthCheckResult[] {
    const view = this.#view
    if (view !== undefined && nowMs >= view.fromMs && nowMs <= view.untilMs) return view.results
    this.#view = this.#metrics.busy(() => this.#viewAt(nowMs))
    return this.#view.results
  }

  #viewAt(nowMs: number): View {
    const { explain, notes } = this.#options
    const watched = [...this.#watched.values()]
    const plain = watched.map((one) => one.result(nowMs))
    // A stale result says for how long, which is good for a second.
    const ends = watched.map(({ freshUntilMs }) => (freshUntilMs < nowMs ? nowMs + 1000 : freshUntilMs))
    return { results: explained(plain, explain, nowMs, notes), fromMs: nowMs, untilMs: Math.min(...ends) }
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
      const plan = planOf(check, own, defaults)
      const known = this.#watched.get(key)
      if (known === undefined) this.#watched.set(key, this.#watch(check, plan))
      else known.replace(check, plan)
    }
    this.#view = undefined
  }

  #watch(check: HealthCheck, plan: CheckPlan): WatchedCheck {
    return new WatchedCheck({
      check,
      plan,
      clock: this.#options.clock,
      metricsOf: (watched) => this.#metrics.of(check, () => watched.statusNow()),
      busy: (work) => this.#metrics.busy(work),
      judged: (watched) => {
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
  notes: SaidOnce,
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
