import { type HealthBounds, resolveBounds, validateBounds } from './bounds.ts'
import { builtInChecks } from './built-in-checks.ts'
import type { HealthCheck } from './check.ts'
import type { CheckDependencies, StoreCheckSource } from './checks/built-in-check.ts'
import type { CheckSource } from './registry/check-sources.ts'

/** What the built-in checks need. */
export interface BuiltInSourceOptions extends CheckDependencies {
  readonly bounds?: Partial<HealthBounds> | undefined
}

/**
 * Creates the source of the built-in checks. It returns the checks of the process and, for each store name, the checks that
 * apply to the stores of that name that are not closed now. Stores of one name share their checks, and the worst one decides.
 *
 * @throws RangeError if a bound is not valid.
 */
export function createBuiltInSource({ bounds: overrides, ...dependencies }: BuiltInSourceOptions): CheckSource {
  const problems = validateBounds(overrides)
  if (problems.length > 0) throw new RangeError(problems.join('; '))
  const bounds = resolveBounds(overrides)
  const processChecks = builtInChecks
    .flatMap((check) => (check.scope === 'process' ? check.create(dependencies, bounds) : []))
    .map(reportEveryRun)
  const createStoreSources = (store: string): readonly StoreCheckSource[] =>
    builtInChecks.flatMap((check) => (check.scope === 'store' ? check.create(store, dependencies, bounds) : []))
  // A check keeps state between runs, so it is created once and kept while stores of its name exist.
  const storeSources = new Map<string, readonly StoreCheckSource[]>()
  return () => {
    const stores = Map.groupBy(
      dependencies.registry.stores.list().filter((store) => store.state() !== 'closed'),
      ({ name }) => name,
    )
    for (const name of storeSources.keys()) if (!stores.has(name)) storeSources.delete(name)
    const checks: HealthCheck[] = [...processChecks]
    for (const [name, sameName] of stores) {
      const sources = storeSources.get(name) ?? createStoreSources(name)
      storeSources.set(name, sources)
      checks.push(...sources.flatMap((source) => source(sameName) ?? []).map(reportEveryRun))
    }
    return checks
  }
}

const everyRun = Object.freeze({ count: 1, of: 1 })

/** Built-in checks leave a status at another bound than they enter it, and need no further runs to be sure. */
function reportEveryRun(check: HealthCheck): HealthCheck {
  return { failureThreshold: everyRun, recoveryThreshold: everyRun, ...check }
}
