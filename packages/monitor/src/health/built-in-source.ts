import type { MeasuredStore, MetricsRegistry } from '@wombat/instrumentation'
import type { History } from '../history/history.ts'
import type { ProcessState } from '../process/process-state.ts'
import { type HealthBounds, resolveBounds, validateBounds } from './bounds.ts'
import type { HealthCheck } from './check.ts'
import { compactionFinding, reportsCompaction } from './checks/compaction-status.ts'
import { Connectivity, type ProbeMode } from './checks/connectivity.ts'
import { runDiskSpace, storeDirectories } from './checks/disk-space.ts'
import { countsOperations, errorFinding } from './checks/error-rates.ts'
import { runMemoryUsage } from './checks/memory-usage.ts'
import { Responsiveness } from './checks/responsiveness.ts'

export interface BuiltInSourceOptions {
  readonly registry: MetricsRegistry
  readonly history: History
  readonly process: ProcessState
  readonly bounds?: Partial<HealthBounds> | undefined
  /** How stores are tried out: by a write each time, by one where their users do not write, by reading only, or not. */
  readonly probe: ProbeMode
  /** What the process may use, where that is less than what its control group or the machine lets it (default: those). */
  readonly memoryLimitBytes?: number | undefined
}

type Options = Omit<BuiltInSourceOptions, 'bounds'> & { readonly bounds: HealthBounds }

/**
 * The health checks that come with this package, as a source: called each round, it gives those of the process and those of
 * every store that is measured and not closed now. Stores of one name are one store to whoever watches, and the worst of them
 * counts. What an engine does not tell is not checked.
 *
 * @throws RangeError when a bound cannot be used.
 */
export function createBuiltInSource(options: BuiltInSourceOptions): () => readonly HealthCheck[] {
  const problems = validateBounds(options.bounds)
  if (problems.length > 0) throw new RangeError(problems.join('; '))
  const complete: Options = { ...options, bounds: resolveBounds(options.bounds) }
  const ofProcess = processChecks(complete)
  const ofStores = new Map<string, StoreChecks>()
  return () => {
    const stores = Map.groupBy(
      options.registry.stores.list().filter((store) => store.state() !== 'closed'),
      ({ name }) => name,
    )
    for (const name of ofStores.keys()) if (!stores.has(name)) ofStores.delete(name)
    const checks = [...ofProcess]
    for (const [name, own] of stores) {
      let known = ofStores.get(name)
      if (known === undefined) {
        known = new StoreChecks(name, complete)
        ofStores.set(name, known)
      }
      checks.push(...known.of(own))
    }
    return checks
  }
}

function processChecks(options: Options): readonly HealthCheck[] {
  const responsiveness = new Responsiveness(options.process, options.bounds)
  return [
    { name: 'responsiveness', run: () => responsiveness.run() },
    { name: 'memory_usage', run: (context) => runMemoryUsage(options, context) },
  ]
}

/** The checks of all stores of one name; what they remember lasts as long as the stores do. */
class StoreChecks {
  readonly #options: Options
  readonly #connectivity: HealthCheck | undefined
  readonly #diskSpace: HealthCheck
  readonly #errorRates: HealthCheck
  readonly #store: string

  constructor(store: string, options: Options) {
    const { history, probe, bounds } = options
    this.#store = store
    this.#options = options
    if (probe !== 'off') {
      const connectivity = new Connectivity(store, { ...options, probe })
      this.#connectivity = { name: 'database_connectivity', store, run: (context) => connectivity.run(context) }
    }
    this.#diskSpace = {
      name: 'disk_space',
      store,
      statusOnError: 'degraded',
      run: (context) => runDiskSpace(store, options, context),
    }
    this.#errorRates = {
      name: 'error_rates',
      store,
      run: ({ nowMs, previousStatus: before }) => errorFinding(history, { store, bounds, before }, nowMs),
    }
  }

  /** Those that these stores, all of this name, can have. */
  of(stores: readonly MeasuredStore[]): HealthCheck[] {
    const { history, registry } = this.#options
    const checks: HealthCheck[] = []
    const isTried = stores.some((store) => ['opening', 'failed'].includes(store.state()) || store.probe() !== undefined)
    if (this.#connectivity !== undefined && isTried) checks.push(this.#connectivity)
    if (storeDirectories(stores).size > 0) checks.push(this.#diskSpace)
    // While nothing is measured, the last numbers say nothing of now.
    if (!registry.enabled) return checks
    if (reportsCompaction(history, this.#store)) checks.push(this.#compactionStatus(stores))
    if (countsOperations(history, this.#store)) checks.push(this.#errorRates)
    return checks
  }

  #compactionStatus(stores: readonly MeasuredStore[]): HealthCheck {
    const { history, bounds } = this.#options
    const judging = { store: this.#store, engine: stores[0]?.engine ?? '', storeCount: stores.length, bounds }
    return {
      name: 'compaction_status',
      store: this.#store,
      run: ({ nowMs, previousStatus: before }) => compactionFinding(history, { ...judging, before }, nowMs),
    }
  }
}
