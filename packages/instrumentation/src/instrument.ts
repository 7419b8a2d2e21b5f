import { diag, type MeterProvider } from '@opentelemetry/api'
import { abstractLevel } from './adapters/abstract-level/abstract-level.ts'
import type { StoreAdapter } from './adapters/adapter.ts'
import { keyv } from './adapters/keyv/keyv.ts'
import { lmdb } from './adapters/lmdb/lmdb.ts'
import { map } from './adapters/map.ts'
import { operationsOf } from './adapters/operations-of.ts'
import { rocksdbNative } from './adapters/rocksdb-native/rocksdb-native.ts'
import { sqlite } from './adapters/sqlite.ts'
import type { EngineReader } from './engines/engine-reader.ts'
import { validateLabel } from './metrics/labels.ts'
import type { Semconv } from './metrics/semconv.ts'
import { StoreContext } from './operations/store-context.ts'
import { sharedRegistry } from './otel/shared-registry.ts'
import type { MeasuredStore, StoreState } from './registry/measured-stores.ts'
import type { MetricsRegistry } from './registry/registry.ts'

export interface InstrumentOptions {
  /**
   * The store's name: the label `store` on all its metrics (default `default`). Stores under one name are added up.
   * A name you choose, never a path.
   */
  readonly name?: string
  /** Whose MeterProvider shows the metrics (default: the global one, also when it is registered later). */
  readonly meterProvider?: MeterProvider
  /** Under which names operations are exported (default `wombat`): one choice for all stores of a MeterProvider. */
  readonly semconv?: Semconv
  /** A registry that you show yourself. Excludes `meterProvider` and `semconv`: a registry has its own. */
  readonly registry?: MetricsRegistry
  /** How to measure a store of a kind of your own (default: found among ours by the store's shape). */
  readonly adapter?: StoreAdapter
}

/** The kinds of store that `instrument` knows, in the order in which it asks them. */
export const storeAdapters: readonly StoreAdapter[] = [abstractLevel, lmdb, rocksdbNative, keyv, sqlite, map]

/** On a measured store: how to stop. Registered, so that two copies of this package do not measure one store twice. */
const mark = Symbol.for('@wombat/instrumentation')

/**
 * Measures every operation of the store from now on and gives back the very same store. A store that is measured already
 * stays as it is.
 *
 * @throws TypeError when the store is of no kind we know, or an option cannot be used.
 */
export function instrument<Store extends object>(store: Store, options: InstrumentOptions = {}): Store {
  const { name = 'default', meterProvider, semconv } = options
  checkOptions(options)
  const adapter = findAdapter(store, options.adapter)
  if (Reflect.has(store, mark)) {
    diag.debug(`@wombat/instrumentation: store ${name} is measured already`)
    return store
  }
  const registry = options.registry ?? sharedRegistry(meterProvider, semconv)
  const engine = adapter.engine(store)
  const description = { store: name, engine, adapter: adapter.name }
  const operations = new StoreContext(registry, description, adapter.operations, adapter.errorCodes)
  const undo = attach(store, adapter, operations, { name, engine })
  try {
    Object.defineProperty(store, mark, { value: undo, configurable: true, enumerable: false })
  } catch (error) {
    undo()
    throw error
  }
  return store
}

/** At the top level: closures made together hold what any of them holds, and the registry must not hold the store. */
function always(): boolean {
  return true
}

/** All of it or nothing: where an adapter fails half-way, what it did is taken back. */
function attach<Store extends object>(
  store: Store,
  adapter: StoreAdapter,
  operations: StoreContext,
  { name, engine }: Pick<MeasuredStore, 'name' | 'engine'>,
): () => void {
  const { registry } = operations
  let detach = (): void => {}
  operations.askWhetherOpen(store, adapter.isOpen ?? always)
  try {
    detach = adapter.attach(store, operations)
    const measured = measuredStore(store, adapter, operations, { name, engine })
    const end = endOf(registry, operations, measured, adapter.stats?.(store, registry, name))
    dropped.register(store, end, operations)
    operationsOf.set(store, operations)
    return () => {
      operationsOf.delete(store)
      dropped.unregister(operations)
      end()
      detach()
    }
  } catch (error) {
    operations.end()
    detach()
    throw error
  }
}

/** A store that its owner drops without closing it takes its gauges and its engine's reader along. */
const dropped = new FinalizationRegistry<() => void>((end) => end())

/** What the registry holds of a store: in a function of its own for the same reason as `endOf`. */
function measuredStore<Store extends object>(
  store: Store,
  adapter: StoreAdapter,
  operations: StoreContext,
  { name, engine }: Pick<MeasuredStore, 'name' | 'engine'>,
): MeasuredStore {
  const held = new WeakRef(store)
  // At once, because a path may mean another place later; again later where it is not open yet.
  let folder = adapter.directory?.(store)
  const state = (): StoreState => {
    const alive = held.deref()
    if (alive === undefined) return 'closed'
    const now = adapter.stateOf?.(alive) ?? (operations.isOpen() ? 'open' : 'closed')
    return now === 'closed' && operations.openFailure !== undefined ? 'failed' : now
  }
  return {
    name,
    engine,
    adapter: adapter.name,
    state,
    openFailure: () => (state() === 'failed' ? operations.openFailure : undefined),
    directory() {
      const alive = held.deref()
      if (folder === undefined && alive !== undefined) folder = adapter.directory?.(alive)
      return folder
    },
    probe() {
      const alive = held.deref()
      return alive === undefined || state() !== 'open' ? undefined : adapter.probe?.(alive, operations)
    },
  }
}

/**
 * Asks the engine from now on. Returns how all that the registry holds of a store ends. In a function of its own: closures made
 * together hold what any of them holds, and neither the registry nor the way to end may hold the store.
 */
function endOf(
  registry: MetricsRegistry,
  operations: StoreContext,
  measured: MeasuredStore,
  engine: EngineReader | undefined,
): () => void {
  const forget = engine === undefined ? () => {} : registry.collectors.add(() => engine.read())
  const remove = registry.stores.add(measured)
  return () => {
    forget()
    remove()
    engine?.close?.()
    operations.end()
  }
}

/** Stops measuring the store and leaves no trace on it; what was measured stays. False where it was not measured. */
export function uninstrument(store: object): boolean {
  const undo: unknown = Reflect.get(store, mark)
  if (typeof undo !== 'function') return false
  Reflect.deleteProperty(store, mark)
  undo()
  return true
}

function checkOptions({ name = 'default', meterProvider, semconv, registry }: InstrumentOptions): void {
  const fault = validateLabel('store', name)
  if (fault !== undefined) throw new TypeError(`name: ${fault}`)
  if (registry !== undefined && (meterProvider !== undefined || semconv !== undefined)) {
    throw new TypeError('registry excludes meterProvider and semconv: the registry has its own')
  }
  if (registry !== undefined && typeof registry?.onSeries !== 'function') {
    throw new TypeError(`registry must be a MetricsRegistry, got ${describeValue(registry)}`)
  }
  if (meterProvider !== undefined && typeof meterProvider?.getMeter !== 'function') {
    throw new TypeError(`meterProvider must be a MeterProvider, got ${describeValue(meterProvider)}`)
  }
}

function describeValue(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  return `an object of class ${value.constructor?.name ?? 'unknown'}`
}

function findAdapter(store: unknown, own: StoreAdapter | undefined): StoreAdapter {
  if (typeof store === 'object' && store !== null) {
    const found = (own === undefined ? storeAdapters : [own]).find((adapter) => adapter.matches(store))
    if (found !== undefined) return found
  }
  throw new TypeError(
    `cannot instrument ${describeValue(store)}: known are ${storeAdapters.map(({ name }) => name).join(', ')}; for a store of your own pass an adapter, or use DatabaseMetrics`,
  )
}
