import type { MeterProvider } from '@opentelemetry/api'
import { abstractLevel } from './adapters/abstract-level/abstract-level.ts'
import type { StoreAdapter } from './adapters/adapter.ts'
import { hyperbee } from './adapters/hyperbee/hyperbee.ts'
import { keyv } from './adapters/keyv/keyv.ts'
import { levelup } from './adapters/levelup/levelup.ts'
import { lmdb } from './adapters/lmdb/lmdb.ts'
import { lruCache } from './adapters/lru-cache/lru-cache.ts'
import { map } from './adapters/map.ts'
import { nodeCache } from './adapters/node-cache.ts'
import { ioredis } from './adapters/redis/ioredis.ts'
import { nodeRedis } from './adapters/redis/node-redis.ts'
import { rocksdbNative } from './adapters/rocksdb-native/rocksdb-native.ts'
import { sqlite } from './adapters/sqlite/sqlite.ts'
import { unstorage } from './adapters/unstorage.ts'
import { validateAdapter, validateBinding, validateEngine } from './adapters/validate-adapter.ts'
import { errorKind } from './metrics/error-type.ts'
import { validateLabel } from './metrics/labels.ts'
import type { Semconv } from './metrics/semconv.ts'
import { StoreContext } from './operations/store-context.ts'
import { deleteMark, getMark, isMeasured, type StoreMark } from './operations/store-mark.ts'
import { sharedRegistry } from './otel/shared-registry.ts'
import { logDiagnostic } from './registry/diagnostics.ts'
import { type MetricsRegistry, validateRegistry } from './registry/registry.ts'
import { describeValue } from './validation/describe-value.ts'
import { validateOptions } from './validation/validate-options.ts'

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
  /**
   * Names of SQL statements, for example `{ 'orders by customer': 'SELECT * FROM orders WHERE customer = ?' }`: the label `statement`
   * is the name instead of the text without values. Values, white space and comments need not be the same. For SQL databases only.
   */
  readonly statements?: Readonly<Record<string, string>>
  /**
   * Whether operations are also counted by sublevel, with the name of the sublevel as a label (default false). For stores of
   * abstract-level and levelup. Do not use it if names of sublevels are made from data, for example from the ids of users: they
   * would become labels.
   */
  readonly bySublevel?: boolean
}

/** The built-in adapters. Their order has no effect: at most one matches a store. */
export const storeAdapters: readonly StoreAdapter[] = [
  abstractLevel,
  levelup,
  lmdb,
  rocksdbNative,
  keyv,
  sqlite,
  ioredis,
  nodeRedis,
  map,
  lruCache,
  nodeCache,
  unstorage,
  hyperbee,
]

/** The options that describe the store; the others choose where it is recorded. */
export const storeOptionNames = ['name', 'adapter', 'bySublevel', 'statements'] as const satisfies ReadonlyArray<
  keyof InstrumentOptions
>
const optionNames = [...storeOptionNames, 'meterProvider', 'semconv', 'registry']

/**
 * Measures every operation of the store from now on. Returns the same store. A store that is measured already is left
 * unchanged, with a warning of the process if the options differ; but options replace those with which `WombatInstrumentation` or
 * the preload found a store.
 *
 * @throws TypeError if no adapter or more than one matches the store, if the store is frozen, or if an option is invalid or
 * unknown.
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
  const adapter = validateCall(store, options)
  const target = findTarget(store, adapter)
  const mark = getMark(target)
  if (mark?.isAutomatic === true && Object.keys(options).length > 0) uninstrument(target)
  else if (isMeasured(target)) {
    reportMeasured(mark, options)
    return store
  }
  measure(store, target, adapter, options, false)
  return store
}

/**
 * Measures a store that was found, not instrumented by the application, whose own `instrument` with options replaces this one.
 *
 * @throws TypeError as `instrument`.
 */
export function instrumentFound(store: object, options: InstrumentOptions): void {
  const adapter = validateCall(store, options)
  const target = findTarget(store, adapter)
  if (!isMeasured(target)) measure(store, target, adapter, options, true)
}

/** Stops measuring the store and restores its methods; its counters remain. Returns false if the store was not measured. */
export function uninstrument(store: object): boolean {
  const mark = getMark(store)
  if (mark === undefined) return false
  deleteMark(store)
  mark.end()
  return true
}

/** Returns the adapter that measures the store. @throws TypeError if there is none, or if an option is wrong. */
function validateCall(store: object, options: InstrumentOptions): StoreAdapter {
  validateOptions(options, { call: 'instrument()', names: optionNames, example: "{ name: 'orders' }" })
  const { name = 'default', meterProvider, semconv, registry, adapter, bySublevel = false, statements } = options
  const problem = validateLabel('store', name)
  if (problem !== undefined) throw new TypeError(`name: ${problem}`)
  if (registry !== undefined && (meterProvider !== undefined || semconv !== undefined)) {
    throw new TypeError('registry excludes meterProvider and semconv: the registry has its own')
  }
  if (registry !== undefined) validateRegistry(registry)
  if (meterProvider !== undefined && typeof meterProvider?.getMeter !== 'function') {
    throw new TypeError(`meterProvider must be a MeterProvider, got ${describeValue(meterProvider)}`)
  }
  if (adapter !== undefined) validateAdapter(adapter)
  const found = findAdapter(store, adapter)
  if (typeof bySublevel !== 'boolean') throw new TypeError(`bySublevel must be true or false, got ${describeValue(bySublevel)}`)
  if (bySublevel && found.supportsSublevels !== true) {
    const others = storeAdapters.filter((one) => one.supportsSublevels).map((one) => one.name)
    throw new TypeError(
      `bySublevel: the adapter "${found.name}" does not record by sublevel: leave it out; it is for stores of the adapters ${others.join(' and ')}`,
    )
  }
  if (statements !== undefined) validateStatements(statements, found)
  return found
}

function validateStatements(statements: Readonly<Record<string, string>>, adapter: StoreAdapter): void {
  if (adapter !== sqlite) {
    throw new TypeError(`statements names SQL statements, but stores of adapter "${adapter.name}" have none: remove it`)
  }
  if (typeof statements !== 'object' || statements === null) {
    throw new TypeError(`statements must be an object with the SQL of each name, got ${describeValue(statements)}`)
  }
  for (const [name, sql] of Object.entries(statements)) {
    const problem = validateLabel('statement', name)
    if (problem !== undefined) throw new TypeError(`statements: ${problem}`)
    if (typeof sql !== 'string' || sql.trim() === '')
      throw new TypeError(`statements.${name} must be SQL, got ${describeValue(sql)}`)
  }
}

/** Returns the object that the adapter wraps. Several stores may be built on it, and it is measured once. */
function findTarget(store: object, adapter: StoreAdapter): object {
  return adapter.findTarget?.(store) ?? store
}

function measure(
  store: object,
  target: object,
  adapter: StoreAdapter,
  {
    name = 'default',
    meterProvider,
    semconv,
    registry = sharedRegistry(meterProvider, semconv),
    bySublevel = false,
    statements,
  }: InstrumentOptions,
  isAutomatic: boolean,
): void {
  // Both are marked.
  const fixed = [target, store].find((one) => !Object.isExtensible(one))
  if (fixed !== undefined) {
    throw new TypeError(
      `cannot instrument ${describeValue(fixed)}: it is frozen, sealed or not extensible; instrument it before Object.freeze()`,
    )
  }
  const engine = detectEngine(adapter, store)
  const description = {
    store: name,
    engine,
    adapter: adapter.name,
    isAutomatic,
    bySublevel,
    ...(statements && { statementNames: statements }),
  }
  const context = new StoreContext(registry, description, adapter.operations, adapter.errorCodes)
  try {
    const binding = validateBinding(adapter.name, adapter.instrument(store, context))
    context.bind(target, binding, adapter.optionalOperations ?? [])
    for (const marked of new Set([target, store])) context.mark(marked)
  } catch (error) {
    context.end()
    throw error
  }
}

/** An engine that cannot be detected is unknown: the store is measured all the same. @throws TypeError if its name is no label. */
function detectEngine(adapter: StoreAdapter, store: object): string {
  let engine: string
  try {
    engine = adapter.engine(store)
  } catch (error) {
    logDiagnostic('warn', `the engine of a store is unknown, adapter "${adapter.name}" failed to detect it`, errorKind(error))
    engine = adapter.name
  }
  return validateEngine(adapter.name, engine)
}

/** Says that the options of a store that is measured already have no effect. */
function reportMeasured(mark: StoreMark | undefined, { name, registry, meterProvider }: InstrumentOptions): void {
  const isSame = (name === undefined || name === mark?.name) && (registry === undefined || registry === mark?.registry)
  if (isSame && meterProvider === undefined) return
  const as = mark?.name === undefined ? '' : ` as ${JSON.stringify(mark.name)}`
  const given = name === undefined || name === mark?.name ? 'the other options' : `the name ${JSON.stringify(name)}`
  process.emitWarning(`instrument() ignores ${given}: the store is measured already${as}; call uninstrument(store) first`, {
    type: 'WombatWarning',
    code: 'WOMBAT_MEASURED_ALREADY',
  })
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
