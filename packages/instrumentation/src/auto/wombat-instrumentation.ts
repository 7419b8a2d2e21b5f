import { type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api'
import {
  InstrumentationBase,
  type InstrumentationConfig,
  type InstrumentationModuleDefinition,
} from '@opentelemetry/instrumentation'
import { instrumentFound } from '../instrument.ts'
import { errorKind } from '../metrics/error-type.ts'
import { validateLabel } from '../metrics/labels.ts'
import type { Semconv } from '../metrics/semconv.ts'
import { getMark, isMeasured } from '../operations/store-mark.ts'
import { scopeName, sharedRegistry } from '../otel/shared-registry.ts'
import { logDiagnostic } from '../registry/diagnostics.ts'
import { globalMeterProvider } from '../registry/global-api.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { validateOptions } from '../validation/validate-options.ts'
import { type BundledModule, onBundledModule } from './bundled-modules.ts'
import { ModuleDefinition } from './module-definition.ts'
import { type StoreModule, type StoreModuleName, storeModules } from './store-modules.ts'
import { version } from './version.ts'

/** Options of `WombatInstrumentation`. */
export interface WombatInstrumentationConfig extends InstrumentationConfig {
  /**
   * Returns the name of a store: the label `store` of all its metrics. Choose a name; do not use a path. If the
   * function is missing, throws, or returns `undefined` or an invalid label, the store is named after its kind:
   * `leveldb`, `memory`, `levelup`, `lmdb`, `keyv`, `rocksdb`, `sqlite`, `redis`, `valkey`, `node-cache`, `hyperbee` or a driver of
   * unstorage. The metrics of stores with the same name are added up.
   */
  readonly name?: (store: object, moduleName: StoreModuleName) => string | undefined
  /** The names under which operations are exported (default `wombat`). */
  readonly semconv?: Semconv
  /**
   * The registry to record into (default: the shared registry of the MeterProvider). You export it yourself; `semconv`
   * cannot be set with it. With a promise, stores are measured from its fulfillment on; if it is rejected, the
   * instrumentation is disabled.
   */
  readonly registry?: MetricsRegistry | PromiseLike<MetricsRegistry>
  /** Whether to create a span for each operation, with the tracer of this instrumentation (default false). */
  readonly spans?: boolean
}

/**
 * Measures every store of abstract-level (`level`, `classic-level`, `memory-level`, …), levelup, better-sqlite3, hyperbee, ioredis,
 * iovalkey, keyv, lmdb, node-cache, `node:sqlite`, `@redis/client`, rocksdb-native and unstorage, in every installed copy, without
 * changes to the application. Use it alone, or pass it to `registerInstrumentations`
 * or NodeSDK. A store that the application instruments right after creating it keeps that configuration.
 *
 * Create it before the store modules are loaded: modules that are already loaded are not found. Modules loaded by
 * `import` are found only with `hookImports` or another loader hook. After `disable()`, new stores are not measured and
 * the modules are unchanged; stores found before stay measured until `uninstrument`. A store keeps the MeterProvider
 * that was set when it was found.
 *
 * @throws TypeError if an option is invalid.
 *
 * @example
 * ```ts
 * import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'
 *
 * hookImports()
 * const instrumentation = new WombatInstrumentation({ name: () => 'orders' })
 *
 * const { MemoryLevel } = await import('memory-level')
 * const db = new MemoryLevel()
 * await db.put('a', '1') // measured
 * await db.close()
 * instrumentation.disable()
 * ```
 */
export class WombatInstrumentation extends InstrumentationBase<WombatInstrumentationConfig> {
  /** Set by `init()`, before own fields exist. */
  declare private definitions: readonly ModuleDefinition[]
  #meterProvider: MeterProvider | undefined
  /** The registry of a promise in the configuration, after its fulfillment. */
  #fulfilledRegistry: MetricsRegistry | undefined
  /** The modules for which a failure was logged. */
  readonly #warned = new Set<StoreModuleName>()
  /** How many versions of modules were loaded that cannot be measured. */
  #unsupported = 0
  /** The registries that create spans with our tracer. */
  readonly #tracedRegistries = new Set<MetricsRegistry>()

  constructor(config: WombatInstrumentationConfig = {}) {
    super(scopeName, version, validateConfig(config))
    onBundledModule((module) => this.#onBundledModule(module))
    if (!isPromise(config.registry)) return
    config.registry.then(
      (registry) => {
        this.#fulfilledRegistry = registry
      },
      () => this.disable(),
    )
  }

  /** Called by the constructor of the base class, before our own fields exist. */
  protected override init(): InstrumentationModuleDefinition[] {
    this.definitions = storeModules.map(
      (module) =>
        new ModuleDefinition(module, (store) => this.#onStore(store, module), {
          unsupported: (message) => this.#reportUnsupported(message),
          failed: (message, error) => this.#warn(message, error),
        }),
    )
    return [...this.definitions]
  }

  /** Does what the base class does with a module that Node loads. */
  #onBundledModule(module: BundledModule): void {
    const definition = this.definitions.find(({ name }) => name === module.name)
    if (definition === undefined) return
    definition.moduleVersion = module.version
    definition.moduleExports = module.exports
    if (this.isEnabled()) definition.patch(module.exports)
  }

  override setMeterProvider(meterProvider: MeterProvider): void {
    super.setMeterProvider(meterProvider)
    // registerInstrumentations passes the global provider by default. It may be replaced later: the shared registry
    // follows it.
    const isGlobal = meterProvider === globalMeterProvider() || meterProvider === metrics.getMeterProvider()
    this.#meterProvider = isGlobal ? undefined : meterProvider
  }

  override setTracerProvider(tracerProvider: TracerProvider): void {
    super.setTracerProvider(tracerProvider)
    for (const { observer } of this.#tracedRegistries) observer.tracer = this.tracer
  }

  /**
   * Measures a store. If its registry is still a promise, returns that promise, so that the store is passed again
   * afterwards.
   */
  #onStore(store: object, module: StoreModule): PromiseLike<MetricsRegistry> | undefined {
    if (!this.isEnabled() || isForeign(store)) return undefined
    const { registry } = this.getConfig()
    if (isPromise(registry) && this.#fulfilledRegistry === undefined) return registry
    this.#measure(store, module, isPromise(registry) ? this.#fulfilledRegistry : registry)
    return undefined
  }

  /** Never throws: the application is in the middle of a call to its store. */
  #measure(store: object, module: StoreModule, registry: MetricsRegistry | undefined): void {
    const { semconv, spans } = this.getConfig()
    try {
      const usedRegistry = registry ?? sharedRegistry(this.#meterProvider, semconv)
      instrumentFound(store, { name: this.#chooseName(store, module), registry: usedRegistry })
      if (spans !== true) return
      this.#tracedRegistries.add(usedRegistry)
      usedRegistry.observer.tracer = this.tracer
    } catch (error) {
      if (this.#warned.has(module.name)) return
      this.#warned.add(module.name)
      this.#warn(`cannot measure a store of ${module.name}; other stores of this module may not be measured either`, error)
    }
  }

  #chooseName(store: object, module: StoreModule): string {
    const fallback = module.defaultName(store)
    try {
      const name = this.getConfig().name?.(store, module.name)
      const problem = name === undefined ? undefined : validateLabel('store', name)
      if (problem === undefined) return name ?? fallback
      this.#warn(`invalid store name, using ${JSON.stringify(fallback)}: ${problem}`)
    } catch (error) {
      this.#warn(`the name function failed, using ${JSON.stringify(fallback)} as the store name`, error)
    }
    return fallback
  }

  /** Says that a version of a module cannot be measured, and counts it. Never throws. */
  #reportUnsupported(message: string): void {
    this.#unsupported++
    const count = this.#unsupported
    this.#withRegistry(message, (registry) => registry.setGauge('wombat_monitor_unmeasured_modules', count))
  }

  /** Never throws, and never logs the message of a foreign error: it may contain paths. */
  #warn(message: string, error?: unknown): void {
    this.#withRegistry(error === undefined ? message : `${message}: ${errorKind(error)}`)
  }

  /** Warns through the registry that the stores are recorded into, so that a monitoring of that registry logs it. */
  #withRegistry(message: string, record: (registry: MetricsRegistry) => void = () => {}): void {
    const { registry, semconv } = this.getConfig()
    const report = (target: MetricsRegistry): void => {
      target.warnSafely(message)
      record(target)
    }
    try {
      if (isPromise(registry)) registry.then(report, () => {})
      else report(registry ?? sharedRegistry(this.#meterProvider, semconv))
    } catch (failure) {
      logDiagnostic('warn', message, errorKind(failure))
    }
  }
}

function validateConfig(config: WombatInstrumentationConfig): WombatInstrumentationConfig {
  validateOptions(config, {
    call: 'new WombatInstrumentation()',
    names: ['enabled', 'name', 'semconv', 'registry', 'spans'],
    example: "{ name: () => 'orders' }",
  })
  const { name, semconv, registry } = config
  if (registry !== undefined && semconv !== undefined)
    throw new TypeError('registry and semconv cannot be combined: set semconv in the options of the registry')
  if (name !== undefined && typeof name !== 'function') throw new TypeError(`name must be a function, got ${typeof name}`)
  // The registry validates semconv; with the first store it would be too late for the caller to notice.
  if (semconv !== undefined) new MetricsRegistry({ semconv })
  return config
}

function isPromise(registry: WombatInstrumentationConfig['registry']): registry is PromiseLike<MetricsRegistry> {
  return registry !== undefined && 'then' in registry
}

/** Whether the store is excluded from measuring, or is measured by another version of this package. */
function isForeign(store: object): boolean {
  return isMeasured(store) && getMark(store)?.registry === undefined
}
