import type { MeterProvider } from '@opentelemetry/api'
import { abstractLevel } from './adapters/abstract-level/abstract-level.ts'
import type { StoreAdapter } from './adapters/adapter.ts'
import { keyv } from './adapters/keyv/keyv.ts'
import { lmdb } from './adapters/lmdb/lmdb.ts'
import { map } from './adapters/map.ts'
import { rocksdbNative } from './adapters/rocksdb-native/rocksdb-native.ts'
import { sqlite } from './adapters/sqlite.ts'
import { validateAdapter, validateBinding, validateEngine } from './adapters/validate-adapter.ts'
import { validateLabel } from './metrics/labels.ts'
import type { Semconv } from './metrics/semconv.ts'
import { StoreContext } from './operations/store-context.ts'
import { deleteMark, getMark, isMeasured, setMark } from './operations/store-mark.ts'
import { sharedRegistry } from './otel/shared-registry.ts'
import { logDiagnostic } from './registry/diagnostics.ts'
import type { MetricsRegistry } from './registry/registry.ts'

/** Options of `instrument`. */
export interface InstrumentOptions {
  /**
   * The store's name: the label `store` on all its metrics (default `default`). Choose a name; never use a path. Stores with
   * the same name are added up.
   */
  readonly name?: string
  /** The MeterProvider that exports the metrics (default: the global one, even if it is registered later). */
  readonly meterProvider?: MeterProvider
  /** The names under which operations are exported (default `wombat`). All stores of a MeterProvider share this choice. */
  readonly semconv?: Semconv
  /** A registry that you export yourself. Excludes `meterProvider` and `semconv`: a registry has its own. */
  readonly registry?: MetricsRegistry
  /** Measures a kind of store that has no built-in adapter (default: the built-in adapter that matches the store). */
  readonly adapter?: StoreAdapter
}

/** The built-in adapters. Their order has no effect: at most one matches a store. */
export const storeAdapters: readonly StoreAdapter[] = [abstractLevel, lmdb, rocksdbNative, keyv, sqlite, map]

/**
 * Measures every operation of the store from now on. Returns the same store. A store that is measured already is left
 * unchanged.
 *
 * @throws TypeError if no adapter or more than one matches the store, or if an option is invalid.
 *
 * @example
 * ```ts
 * import { instrument } from '@wombat/instrumentation'
 *
 * const cache = instrument(new Map<string, string>(), { name: 'cache' })
 * cache.set('a', '1') // db_set_operations_total{store="cache"} is 1
 * ```
 */
export function instrument<Store extends object>(store: Store, options: InstrumentOptions = {}): Store {
  const { name = 'default', meterProvider, semconv } = options
  validateOptions(options)
  const adapter = findAdapter(store, options.adapter)
  if (isMeasured(store)) {
    logDiagnostic('debug', `store ${name} is measured already`)
    return store
  }
  const registry = options.registry ?? sharedRegistry(meterProvider, semconv)
  const description = { store: name, engine: validateEngine(adapter.name, adapter.engine(store)), adapter: adapter.name }
  const context = new StoreContext(registry, description, adapter.operations, adapter.errorCodes)
  try {
    const binding = validateBinding(adapter.name, adapter.instrument(store, context))
    context.bind(store, binding, adapter.optionalOperations ?? [])
    setMark(store, context)
  } catch (error) {
    context.end()
    throw error
  }
  return store
}

/** Stops measuring the store and restores its methods; its counters remain. Returns false if the store was not measured. */
export function uninstrument(store: object): boolean {
  const mark = getMark(store)
  if (mark === undefined) return false
  deleteMark(store)
  mark.end()
  return true
}

function validateOptions({ name = 'default', meterProvider, semconv, registry, adapter }: InstrumentOptions): void {
  const problem = validateLabel('store', name)
  if (problem !== undefined) throw new TypeError(`name: ${problem}`)
  if (registry !== undefined && (meterProvider !== undefined || semconv !== undefined)) {
    throw new TypeError('registry excludes meterProvider and semconv: the registry has its own')
  }
  if (registry !== undefined && typeof registry?.onSeries !== 'function') {
    throw new TypeError(`registry must be a MetricsRegistry, got ${describeValue(registry)}`)
  }
  if (meterProvider !== undefined && typeof meterProvider?.getMeter !== 'function') {
    throw new TypeError(`meterProvider must be a MeterProvider, got ${describeValue(meterProvider)}`)
  }
  if (adapter !== undefined) validateAdapter(adapter)
}

function describeValue(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  return `an object of class ${value.constructor?.name ?? 'unknown'}`
}

function findAdapter(store: unknown, customAdapter: StoreAdapter | undefined): StoreAdapter {
  const candidates = customAdapter === undefined ? storeAdapters : [customAdapter]
  const matching = typeof store === 'object' && store !== null ? candidates.filter((adapter) => adapter.matches(store)) : []
  const [adapter, ...others] = matching
  if (adapter !== undefined && others.length === 0) return adapter
  const what = `cannot instrument ${describeValue(store)}`
  if (adapter !== undefined) {
    const names = matching.map(({ name }) => name).join(' and ')
    throw new TypeError(`${what}: the adapters ${names} match it; pass the option adapter to choose one`)
  }
  if (customAdapter !== undefined) throw new TypeError(`${what}: adapter "${customAdapter.name}" does not match it`)
  const supported = storeAdapters.map(({ name }) => name).join(', ')
  throw new TypeError(
    `${what}: supported stores are ${supported}; for a store of your own pass an adapter, or use DatabaseMetrics`,
  )
}
